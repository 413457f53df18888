/**
 * A running process and its output. Invariant: both streams are read to their ends,
 * so that the process never blocks on them.
 *
 * @module
 */
import { LineLog } from "./line_log.ts";

/** The outcome of a program. */
export interface ProgramResult {
  /** Exit code; 128 plus the number of the signal that ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running program. */
export class RunningProgram implements AsyncDisposable {
  /** Resolves when the program has ended and its output was read. */
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

  /** Sends a signal if the program is still running. */
  signal(signal: Deno.Signal): void {
    if (this.#ended) return;
    try {
      this.#process.kill(signal);
    } catch (error) {
      // It has just ended: Deno knows before its status resolves.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Sends a signal if the program is still running, and waits for its end. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<ProgramResult> {
    this.signal(signal);
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

/** Options for {@linkcode runCommand}. */
export interface CommandOptions {
  /** The folder in which the program runs. @default {the caller's} */
  readonly cwd?: string;
}

/** Runs a program to its end and returns the outcome. */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<ProgramResult> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
    ...options,
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}
