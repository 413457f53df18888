/**
 * A machine that runs programs: an address, a folder, and the processes started
 * there. A launcher decides where the programs really run.
 */
import { join } from "@std/path";
import {
  type ProgramOptions,
  type ProgramResult,
  type RunningProgram,
  startProgram,
} from "../programs/running_program.ts";
import { type ProgramName, taskArguments } from "../programs/tasks.ts";

export class Host {
  readonly name: string;
  readonly address: string;
  /** The folder in which its processes run, initially empty. */
  readonly folder: string;
  readonly #launcher: readonly string[];
  readonly #programs: RunningProgram[] = [];

  constructor(options: {
    readonly name: string;
    readonly address: string;
    readonly folder: string;
    /** A command that executes the program that follows. @default {[]} */
    readonly launcher?: readonly string[];
  }) {
    this.name = options.name;
    this.address = options.address;
    this.folder = options.folder;
    this.#launcher = options.launcher ?? [];
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** Starts a program. It is killed at the end of the host. */
  spawn(
    program: string,
    args: readonly string[],
    options: ProgramOptions = {},
  ): RunningProgram {
    const running = startProgram(
      `${program} on ${this.name}`,
      [...this.#launcher, program, ...args],
      {
        cwd: this.folder,
        ...options,
        // A host has its own secret; the user who runs the tests keeps theirs.
        env: { STATE_DIRECTORY: `${this.folder}.state`, ...options.env },
      },
    );
    this.#programs.push(running);
    return running;
  }

  /** Starts one of the project's programs with the permissions of its task. */
  spawnTask(
    name: ProgramName,
    args: readonly string[],
    options: ProgramOptions = {},
  ): RunningProgram {
    const command = [...taskArguments(name), ...args];
    return this.spawn(Deno.execPath(), command, options);
  }

  async run(...program: Parameters<Host["spawn"]>): Promise<ProgramResult> {
    return await this.spawn(...program).ended();
  }

  async runTask(
    ...task: Parameters<Host["spawnTask"]>
  ): Promise<ProgramResult> {
    return await this.spawnTask(...task).ended();
  }

  /** Kills all processes. Only the network calls this. */
  async endProcesses(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop("SIGKILL")));
  }
}
