/**
 * Replies put together byte by byte, for those that are asked for all the time:
 * through the general writer, which takes values, an announce's answer took ten
 * times as long.
 *
 * @module
 */
const COLON = 0x3a;
const DIGIT_0 = 0x30;

/**
 * Replies stand one behind the other in a piece of memory that is let go of when
 * it is full: memory of its own for each costs more than what is written there.
 */
const MEMORY_LENGTH = 64 * 1024;

/** Longer byte strings are copied at once, shorter ones byte by byte. */
const SHORT_LENGTH = 24;

/** Writes one reply after the other. */
export class ReplyWriter {
  #memory = new Uint8Array(0);
  #start = 0;
  #length = 0;

  /** Begins a reply that will have at most `capacity` bytes. */
  begin(capacity: number): void {
    if (this.#memory.length - this.#length < capacity) {
      this.#memory = new Uint8Array(Math.max(MEMORY_LENGTH, capacity));
      this.#length = 0;
    }
    this.#start = this.#length;
  }

  /** The reply, in memory that nothing else is written to. */
  end(): Uint8Array<ArrayBuffer> {
    return this.#memory.subarray(this.#start, this.#length);
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    if (bytes.length > SHORT_LENGTH) {
      this.#memory.set(bytes, this.#length);
    } else {
      for (let index = 0; index < bytes.length; index++) {
        this.#memory[this.#length + index] = bytes[index]!;
      }
    }
    this.#length += bytes.length;
  }

  /** What is written by somebody else. @param write Returns how many bytes it wrote. */
  by(write: (into: Uint8Array, offset: number) => number): void {
    this.#length += write(this.#memory, this.#length);
  }

  /** A byte string with its length. */
  string(bytes: Uint8Array): void {
    this.number(bytes.length);
    this.#memory[this.#length++] = COLON;
    this.raw(bytes);
  }

  /** The digits of a whole number. */
  number(value: number): void {
    let divisor = 1;
    while (divisor * 10 <= value) divisor *= 10;
    for (; divisor >= 1; divisor /= 10) {
      this.#memory[this.#length++] = DIGIT_0 + Math.floor(value / divisor) % 10;
    }
  }
}
