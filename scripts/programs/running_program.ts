/**
 * A process that was started, with what it writes. Invariant: both streams are
 * read to their ends whether or not anyone looks, so that it never blocks on
 * them.
 *
 * @module
 */
import { LineLog } from "./line_log.ts";

/** How a program ended. */
export interface ProgramResult {
  /** Exit code; 128 and the signal's number where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
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

  /** Sends a signal, if the program still runs. */
  signal(signal: Deno.Signal): void {
    if (this.#ended) return;
    try {
      this.#process.kill(signal);
    } catch (error) {
      // It ended in this moment: Deno knows before its status resolves.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Sends a signal, if the program still runs, and waits for its end. */
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
