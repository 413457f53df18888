/**
 * A pool of buffers of one size. A new buffer costs a page fault every 4 KiB, a
 * used one nothing. Invariant: the free buffers never exceed a limit in bytes.
 *
 * @module
 */

export class BufferPool {
  readonly #length: number;
  readonly #keepCount: number;
  /** Whole buffers rather than views: a view costs as much as a small object. */
  readonly #free: Uint8Array<ArrayBuffer>[] = [];

  /** @param options The length of a buffer and of all free ones together, in bytes. */
  constructor(options: { length: number; keepBytes: number }) {
    this.#length = options.length;
    this.#keepCount = Math.floor(options.keepBytes / options.length);
  }

  /** A view of `length` bytes that begins where its buffer begins; it may hold old content. */
  take(length: number): Uint8Array<ArrayBuffer> {
    const whole = this.#free.pop() ?? new Uint8Array(this.#length);
    return length === whole.length ? whole : whole.subarray(0, length);
  }

  /** Takes a buffer back; nobody may use it any longer. */
  give(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#free.length >= this.#keepCount) return;
    const isWhole = bytes.length === this.#length;
    this.#free.push(isWhole ? bytes : new Uint8Array(bytes.buffer));
  }

  clear(): void {
    this.#free.length = 0;
  }
}
