/**
 * A receive buffer: a socket reads into it, a parser reads from it. Invariant: the
 * unread bytes are contiguous, so a whole frame is one view. It does not know
 * frames.
 *
 * @module
 */

/** A first-in, first-out byte buffer that does not copy on each read. */
export class ByteQueue {
  #buffer: Uint8Array<ArrayBuffer>;
  #start = 0;
  #end = 0;

  /** @param capacity Initial size in bytes; the buffer grows when a frame needs more. */
  constructor(capacity: number) {
    this.#buffer = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#end - this.#start;
  }

  get capacity(): number {
    return this.#buffer.length;
  }

  /** The unread bytes: a view, valid until the next {@linkcode space} or {@linkcode push}. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /**
   * Free space for at least `minimum` bytes behind the unread ones; fill it and
   * then {@linkcode commit}. If the tail is too short, the unread bytes move to the
   * front, which copies at most one frame.
   */
  space(minimum: number): Uint8Array<ArrayBuffer> {
    if (this.#start === this.#end) this.#start = this.#end = 0;
    if (this.#buffer.length - this.#end < minimum) {
      const needed = this.length + minimum;
      if (needed > this.#buffer.length) {
        const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
        grown.set(this.bytes);
        this.#buffer = grown;
      } else {
        this.#buffer.copyWithin(0, this.#start, this.#end);
      }
      this.#end -= this.#start;
      this.#start = 0;
    }
    return this.#buffer.subarray(this.#end);
  }

  /** Marks the first `count` bytes of the last {@linkcode space} as received. */
  commit(count: number): void {
    const free = this.#buffer.length - this.#end;
    if (count > free) {
      throw new RangeError(
        `Cannot commit ${count} bytes: only ${free} are free`,
      );
    }
    this.#end += count;
  }

  push(bytes: Uint8Array): void {
    this.space(bytes.length).set(bytes);
    this.commit(bytes.length);
  }

  /** Drops the first `count` unread bytes. @throws {RangeError} If there are fewer. */
  consume(count: number): void {
    if (count > this.length) {
      throw new RangeError(
        `Cannot consume ${count} bytes: only ${this.length} are unread`,
      );
    }
    this.#start += count;
  }
}
