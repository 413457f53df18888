/**
 * Piece-sized buffers that are used again: a fresh one costs a page fault every
 * 4 KiB, a used one nothing. Keeps at most a budget's worth.
 *
 * @module
 */

/** Hands out buffers of one size and takes them back. */
export class BufferPool {
  readonly #length: number;
  readonly #keepCount: number;
  /** Whole ones: a view costs as much as a small object. */
  readonly #free: Uint8Array<ArrayBuffer>[] = [];

  /** @param options Sizes in bytes: of each buffer, and of all that are kept. */
  constructor(options: { length: number; keepBytes: number }) {
    this.#length = options.length;
    this.#keepCount = Math.floor(options.keepBytes / options.length);
  }

  /** A buffer of `length` bytes, not cleared. */
  take(length: number): Uint8Array<ArrayBuffer> {
    const whole = this.#free.pop() ?? new Uint8Array(this.#length);
    return length === whole.length ? whole : whole.subarray(0, length);
  }

  /** Takes a buffer back; its last user must be done with it. */
  give(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#free.length >= this.#keepCount) return;
    const isWhole = bytes.length === this.#length;
    this.#free.push(isWhole ? bytes : new Uint8Array(bytes.buffer));
  }
}
