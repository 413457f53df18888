/**
 * Bytes received and not yet understood, in one linear buffer that a socket
 * reads into and a parser reads out of. Invariant: the unread bytes are always
 * contiguous, so a whole frame is one view. Knows nothing of frames.
 *
 * @module
 */

/** A first-in, first-out byte buffer without a copy per read. */
export class ByteQueue {
  #buffer: Uint8Array<ArrayBuffer>;
  #start = 0;
  #end = 0;

  /** @param capacity First size in bytes; it grows when a frame needs more. */
  constructor(capacity: number) {
    this.#buffer = new Uint8Array(capacity);
  }

  /** Number of unread bytes. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** How many bytes there is room for without growing. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /** The unread bytes: a view, valid until the next {@linkcode space} or {@linkcode push}. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /**
   * Room for at least `minimum` bytes behind the unread ones, to be filled and
   * then {@linkcode commit}ted. Moves what is unread to the front when the tail
   * is too short, which costs at most one frame's copy.
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

  /** Declares the first `count` bytes of the last {@linkcode space} as received. */
  commit(count: number): void {
    if (count > this.#buffer.length - this.#end) {
      throw new RangeError(
        `Cannot commit ${count} bytes: only ${
          this.#buffer.length - this.#end
        } are free`,
      );
    }
    this.#end += count;
  }

  /** Appends a copy of `bytes`. */
  push(bytes: Uint8Array): void {
    this.space(bytes.length).set(bytes);
    this.commit(bytes.length);
  }

  /** Drops the first `count` unread bytes. @throws {RangeError} If there are fewer. */
  consume(count: number): void {
    if (count > this.length) {
      throw new RangeError(
        `Cannot consume ${count} bytes: only ${this.length} are there`,
      );
    }
    this.#start += count;
  }
}
