/**
 * A machine to run programs on: an address, a folder, and the processes that
 * were started there. What stands before a program on its command line decides
 * where it really runs.
 *
 * @module
 */
import { join } from "@std/path";
import {
  type ProgramResult,
  RunningProgram,
} from "../programs/running_program.ts";
import { type ProgramName, taskArguments } from "../programs/task_arguments.ts";

/** Options of {@linkcode Host}. */
export interface HostOptions {
  readonly name: string;
  /** Where its programs are reached by IPv4. */
  readonly address: string;
  /** Its working folder, which exists. */
  readonly folder: string;
  /**
   * A program and its first arguments, which becomes the program that it is
   * given after them.
   * @default {[]}
   */
  readonly launcher?: readonly string[];
}

/** Options for {@linkcode Host.spawn}. */
export interface SpawnOptions {
  /** Variables beside those of the caller. @default {{}} */
  readonly env?: Record<string, string>;
}

/** A host. */
export class Host {
  readonly name: string;
  readonly address: string;
  /** The folder that its processes run in, empty at first. */
  readonly folder: string;
  readonly #launcher: readonly string[];
  readonly #programs: RunningProgram[] = [];

  constructor(options: HostOptions) {
    this.name = options.name;
    this.address = options.address;
    this.folder = options.folder;
    this.#launcher = options.launcher ?? [];
  }

  /** A path in the host's folder. */
  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** Starts a program here. It is killed with the host if it still runs. */
  spawn(
    program: string,
    args: readonly string[],
    options: SpawnOptions = {},
  ): RunningProgram {
    const [first, ...rest] = [...this.#launcher, program, ...args];
    const process = new Deno.Command(first!, {
      args: rest,
      cwd: this.folder,
      env: { NO_COLOR: "1", ...options.env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const running = new RunningProgram(`${program} on ${this.name}`, process);
    this.#programs.push(running);
    return running;
  }

  /** Starts one of the project's programs here, with its task's permissions. */
  spawnTask(
    name: ProgramName,
    args: readonly string[],
    options: SpawnOptions = {},
  ): RunningProgram {
    const command = [...taskArguments(name), ...args];
    return this.spawn(Deno.execPath(), command, options);
  }

  /** Runs a program here to its end. */
  async run(
    program: string,
    args: readonly string[],
    options: SpawnOptions = {},
  ): Promise<ProgramResult> {
    return await this.spawn(program, args, options).result;
  }

  /** Runs one of the project's programs here to its end. */
  async runTask(
    name: ProgramName,
    args: readonly string[],
    options: SpawnOptions = {},
  ): Promise<ProgramResult> {
    return await this.spawnTask(name, args, options).result;
  }

  /** For the network alone: kills what was started here. */
  async endProcesses(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop("SIGKILL")));
  }
}
