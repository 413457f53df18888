/**
 * Runs the project's programs as a user does: a process of its own, with the
 * permissions that the task in `deno.json` gives it, in a folder of the test's
 * choosing.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import {
  type ProgramName,
  taskArguments,
} from "../../scripts/task_arguments.ts";
import { LineLog } from "./line_log.ts";

export type { ProgramName } from "../../scripts/task_arguments.ts";

const REPOSITORY = fromFileUrl(new URL("../../", import.meta.url));

/** Options of {@linkcode runProgram} and {@linkcode spawnProgram}. */
export interface ProgramOptions {
  /** The folder that the program runs in. @default {the repository} */
  readonly cwd?: string;
  /** Variables beside those of the test. @default {{}} */
  readonly env?: Record<string, string>;
}

/** How a program ended. */
export interface ProgramResult {
  /** Exit code; 128 and the signal's number where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function runProgram(
  name: ProgramName,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  await using program = spawnProgram(name, args, options);
  return await program.result;
}

/** Starts a program; disposing of it kills it if it still runs. */
export function spawnProgram(
  name: ProgramName,
  args: readonly string[],
  options: ProgramOptions = {},
): RunningProgram {
  const command = new Deno.Command(Deno.execPath(), {
    args: [...taskArguments(name), ...args],
    cwd: options.cwd ?? REPOSITORY,
    env: { NO_COLOR: "1", ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  return new RunningProgram(name, command.spawn());
}

/** A program that was started. */
export class RunningProgram implements AsyncDisposable {
  /** Resolves when the program has ended and all it wrote was read. */
  readonly result: Promise<ProgramResult>;
  readonly stdout: LineLog;
  readonly stderr: LineLog;
  readonly #process: Deno.ChildProcess;
  #ended = false;

  constructor(name: string, process: Deno.ChildProcess) {
    this.#process = process;
    this.stdout = new LineLog(`stdout of ${name}`, process.stdout);
    this.stderr = new LineLog(`stderr of ${name}`, process.stderr);
    this.result = this.#collect();
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Sends a signal, if the program still runs, and waits for its end. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<ProgramResult> {
    if (!this.#ended) this.#process.kill(signal);
    return await this.result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }

  async #collect(): Promise<ProgramResult> {
    const { code } = await this.#process.status;
    this.#ended = true;
    await Promise.all([this.stdout.closed, this.stderr.closed]);
    return { code, stdout: this.stdout.text, stderr: this.stderr.text };
  }
}
