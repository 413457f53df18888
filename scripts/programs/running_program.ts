/**
 * A running process and its output. Invariant: both streams are read to their ends,
 * so that the process never blocks on them.
 */
import { deadline } from "@std/async/deadline";
import { TextLineStream } from "@std/streams/text-line-stream";

export interface ProgramResult {
  /** Exit code; 128 plus the number of the signal that ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Longest run of a program that a test waits for. */
const END_TIMEOUT_MS = 180_000;

export class RunningProgram implements AsyncDisposable {
  /** Resolves when the program has ended and its output was read; {@linkcode ended} has a time limit. */
  readonly result: Promise<ProgramResult>;
  readonly stdout: LineLog;
  readonly stderr: LineLog;
  readonly #name: string;
  readonly #process: Deno.ChildProcess;
  #ended = false;

  constructor(name: string, process: Deno.ChildProcess) {
    this.#name = name;
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
    return await this.ended();
  }

  /**
   * Waits for the program's end.
   * @throws {Error} If the time is over first, with the output; kills the program.
   */
  async ended(timeoutMs = END_TIMEOUT_MS): Promise<ProgramResult> {
    try {
      return await deadline(this.result, timeoutMs);
    } catch {
      this.signal("SIGKILL");
      const output = this.stdout.text + this.stderr.text;
      throw new Error(
        `${this.#name} has not ended within ${timeoutMs} ms; the output is:\n${output}`,
      );
    }
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

export interface ProgramOptions {
  /** The folder in which the program runs. @default {the caller's} */
  readonly cwd?: string;
  /** Variables in addition to those of the caller. @default {{}} */
  readonly env?: Record<string, string>;
}

/** Starts a program; disposing of it kills it. @param name Its name in errors. */
export function startProgram(
  name: string,
  [program, ...args]: readonly string[],
  { env, ...options }: ProgramOptions = {},
): RunningProgram {
  const command = new Deno.Command(program!, {
    args,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...options,
  });
  return new RunningProgram(name, command.spawn());
}

/** Runs a program to its end and returns the outcome. */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  return await startProgram(program, [program, ...args], options).ended();
}

/** Runs a program to its end, and returns its output. @throws {Error} If it fails. */
export async function runChecked(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await runCommand(program, args, options);
  if (code === 0) return stdout;
  const command = [program, ...args].join(" ");
  const output = stderr.trim() || stdout.trim();
  throw new Error(`Cannot run ${command}: exit code ${code}: ${output}`);
}

const LINE_TIMEOUT_MS = 60_000;

/**
 * The lines that a process writes, so that a test can wait for one of them.
 * Invariant: each line is matched once, in order.
 */
export class LineLog {
  readonly lines: string[] = [];
  readonly closed: Promise<void>;
  readonly #name: string;
  #nextLine = 0;
  #isClosed = false;
  #changed = Promise.withResolvers<void>();

  constructor(name: string, stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#name = name;
    this.closed = this.#pump(stream);
  }

  get text(): string {
    return this.lines.map((line) => `${line}\n`).join("");
  }

  /**
   * Waits for the next line that matches.
   * @throws {Error} If the stream ends or the time is over first, with the output.
   */
  async waitFor(
    pattern: RegExp,
    timeoutMs = LINE_TIMEOUT_MS,
  ): Promise<RegExpExecArray> {
    const endMs = performance.now() + timeoutMs;
    for (;;) {
      while (this.#nextLine < this.lines.length) {
        const match = pattern.exec(this.lines[this.#nextLine++]!);
        if (match !== null) return match;
      }
      const leftMs = endMs - performance.now();
      if (this.#isClosed || leftMs <= 0) {
        const reason = leftMs <= 0 ? `within ${timeoutMs} ms` : "at its end";
        throw new Error(
          `Cannot find ${pattern} in ${this.#name} ${reason}; the output is:\n${this.text}`,
        );
      }
      // The next round reports that the time is over.
      await deadline(this.#changed.promise, Math.ceil(leftMs)).catch(() => {});
    }
  }

  async #pump(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const lines = stream
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of lines) {
      this.lines.push(line);
      this.#announceChange();
    }
    this.#isClosed = true;
    this.#announceChange();
  }

  #announceChange(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
