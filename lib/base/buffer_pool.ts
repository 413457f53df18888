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
  readonly #free: ArrayBuffer[] = [];

  /** @param options Sizes in bytes: of each buffer, and of all that are kept. */
  constructor(options: { length: number; keepBytes: number }) {
    this.#length = options.length;
    this.#keepCount = Math.floor(options.keepBytes / options.length);
  }

  /** A buffer of `length` bytes, not cleared. */
  take(length: number): Uint8Array<ArrayBuffer> {
    const buffer = this.#free.pop() ?? new ArrayBuffer(this.#length);
    return new Uint8Array(buffer, 0, length);
  }

  /** Takes a buffer back; its last user must be done with it. */
  give(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#free.length < this.#keepCount) this.#free.push(bytes.buffer);
  }
}
