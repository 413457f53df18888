/**
 * The lines that a process writes, so that a test can wait for one of them.
 * Invariant: each line is matched once, in order.
 *
 * @module
 */
import { TextLineStream } from "@std/streams/text-line-stream";

/** Longest wait for a line, in milliseconds. */
const LINE_TIMEOUT_MS = 20_000;

/** Reads a stream to its end, even if nobody waits for a line. */
export class LineLog {
  readonly lines: string[] = [];
  /** Resolves when the stream has ended. */
  readonly closed: Promise<void>;
  readonly #name: string;
  #nextLine = 0;
  #isClosed = false;
  #changed = Promise.withResolvers<void>();

  constructor(name: string, stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#name = name;
    this.closed = this.#pump(stream);
  }

  /** The whole output so far. */
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
    const timeout = Promise.withResolvers<void>();
    let isTimeOver = false;
    const timer = setTimeout(() => {
      isTimeOver = true;
      timeout.resolve();
    }, timeoutMs);
    try {
      while (true) {
        while (this.#nextLine < this.lines.length) {
          const match = pattern.exec(this.lines[this.#nextLine++]!);
          if (match !== null) return match;
        }
        if (this.#isClosed || isTimeOver) {
          const reason = isTimeOver ? `within ${timeoutMs} ms` : "at its end";
          throw new Error(
            `Cannot find ${pattern} in ${this.#name} ${reason}; the output is:\n${this.text}`,
          );
        }
        await Promise.race([this.#changed.promise, timeout.promise]);
      }
    } finally {
      clearTimeout(timer);
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
