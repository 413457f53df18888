/**
 * Writes lines to streams whose readers may be slow, stand still or be gone, while
 * the work goes on: lines wait in bounded memory. When it is full, ordinary lines are
 * dropped and counted; results are lost, which the program must report.
 */
import { abortable } from "@std/async/abortable";
import { delay } from "@std/async/delay";
import { plural } from "./quantity.ts";

/** A stream that lines are written to, such as `Deno.stdout`. */
export interface LineStream {
  /** Writes at least one byte, which may take as long as the reader likes. */
  write(bytes: Uint8Array): Promise<number>;
  isTerminal(): boolean;
}

/** Most characters that wait. */
const MAX_WAITING = { line: 1 << 20, result: 16 << 20 } as const;
/** Linux writes this much to a pipe as a whole: the lines of two writers do not mix. */
const CHUNK_LENGTH = 4096;
/** Pause before a write that would have blocked is tried again. */
const RETRY_MS = 20;

interface WaitingLine {
  readonly stream: LineStream;
  readonly text: string;
  readonly isResult: boolean;
}

/** Text at the bottom of a terminal, below all lines. */
export interface Frame {
  /** The text that removes it; empty if nothing is drawn. */
  erase(): string;
  /** The text that draws it; empty if it is drawn already. */
  draw(): string;
}

export interface FlushOptions {
  readonly limitMs: number;
  /** Ends the wait for a reader of results. @default {they wait for `limitMs` too} */
  readonly signal?: AbortSignal;
}

/** Lines of one stream or, on a terminal, of two, in one order. */
export class LineWriter {
  readonly #stream: LineStream;
  readonly #frame: Frame | undefined;
  readonly #waiting: WaitingLine[] = [];
  #waitingLength = 0;
  #droppedCount = 0;
  readonly #overflow = new AbortController();
  #loss: string | undefined;
  #loop: Promise<void> | undefined;

  /** @param stream Takes the frame, and the counts of lines that were dropped. */
  constructor(stream: LineStream, frame?: Frame) {
    this.#stream = stream;
    this.#frame = frame;
  }

  /** The reason why results are lost; `undefined` if none are. */
  get loss(): string | undefined {
    return this.#loss;
  }

  /** Aborts when results are lost because too many wait. */
  get overflow(): AbortSignal {
    return this.#overflow.signal;
  }

  push(line: WaitingLine): void {
    const { text, isResult } = line;
    // A text that waits alone may be longer.
    const most = MAX_WAITING[isResult ? "result" : "line"];
    const isFull = this.#waitingLength > 0 &&
      this.#waitingLength + text.length > most;
    if (isResult && isFull) {
      this.#loss ??= "its reader takes them too slowly";
      this.#overflow.abort();
    } else if (!isResult && (isFull || this.#droppedCount > 0)) {
      this.#droppedCount++;
    } else {
      this.#waiting.push(line);
      this.#waitingLength += text.length;
    }
    this.wake();
  }

  /** Writes what waits, and what has changed of the frame. */
  wake(): void {
    this.#loop ??= this.#run();
  }

  /**
   * Waits until everything is written, at most for `limitMs`; while results wait,
   * longer, until the signal aborts.
   */
  async flush({ limitMs, signal }: FlushOptions): Promise<void> {
    // Time is counted in waits: while the program itself stands still, as on a busy
    // machine, no reader can read.
    let waitedMs = 0;
    while (this.#loop !== undefined) {
      const isOver = waitedMs >= limitMs;
      if (isOver && (signal?.aborted !== false || !this.#holdsResults)) break;
      // Wakes up to check the limits.
      await abortable(this.#loop, AbortSignal.timeout(RETRY_MS)).catch(
        () => waitedMs += RETRY_MS,
      );
    }
    if (this.#holdsResults) this.#loss ??= "its reader has stopped reading";
  }

  get #holdsResults(): boolean {
    return this.#waiting.some(({ isResult }) => isResult);
  }

  async #run(): Promise<void> {
    try {
      // All lines of one turn of the event loop are written together.
      await Promise.resolve();
      for (;;) {
        const lines = this.#nextChunk();
        if (lines.length > 0) {
          await this.#writeLines(lines);
        } else if (this.#droppedCount === 0 || !await this.#writeCount()) {
          const drawing = this.#frame?.draw() ?? "";
          if (drawing === "") return;
          // After a refusal the next wake tries again.
          if (await this.#write(this.#stream, drawing) !== undefined) return;
        }
      }
    } finally {
      this.#loop = undefined;
    }
  }

  /** The next lines of one stream, at least one if any wait. */
  #nextChunk(): readonly WaitingLine[] {
    let length = 0;
    const end = this.#waiting.findIndex(({ stream, text }, index) => {
      length += text.length + 1;
      const isOther = stream !== this.#waiting[0]!.stream;
      return index > 0 && (isOther || length > CHUNK_LENGTH);
    });
    return this.#waiting.slice(0, end < 0 ? undefined : end);
  }

  async #writeLines(lines: readonly WaitingLine[]): Promise<void> {
    await this.#write(this.#stream, this.#frame?.erase() ?? "");
    const text = lines.map(({ text }) => `${text}\n`).join("");
    const refusal = await this.#write(lines[0]!.stream, text);
    this.#waiting.splice(0, lines.length);
    for (const { text, isResult } of lines) {
      this.#waitingLength -= text.length;
      if (refusal === undefined) continue;
      if (isResult) this.#loss ??= refusal;
      else this.#droppedCount++;
    }
  }

  /** Writes how many lines were dropped; false if that is refused too. */
  async #writeCount(): Promise<boolean> {
    const count = this.#droppedCount;
    await this.#write(this.#stream, this.#frame?.erase() ?? "");
    const text = `(${plural(count, "line")} dropped)\n`;
    if (await this.#write(this.#stream, text) !== undefined) return false;
    this.#droppedCount -= count;
    return true;
  }

  /** Writes a text; the reason if the stream refuses it. */
  async #write(stream: LineStream, text: string): Promise<string | undefined> {
    let rest = new TextEncoder().encode(text);
    while (rest.length > 0) {
      try {
        const chunk = rest.subarray(0, CHUNK_LENGTH);
        rest = rest.subarray(await stream.write(chunk));
      } catch (error) {
        // Another program has made the terminal or pipe that we share non-blocking.
        if (error instanceof Deno.errors.WouldBlock) await delay(RETRY_MS);
        // The reader has read enough: `show … | head -1`.
        else if (error instanceof Deno.errors.BrokenPipe) return undefined;
        else if (!(error instanceof Deno.errors.Interrupted)) {
          return error instanceof Error ? error.message : String(error);
        }
      }
    }
    return undefined;
  }
}
