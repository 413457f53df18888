/**
 * A set of piece indexes in its wire form: the high bit of the first byte is
 * piece 0 [BEP 3]. Invariant: spare bits at the end are zero and `count` is the
 * number of set bits.
 *
 * @module
 */
import type { PeerId } from "./identifier.ts";

/** A fixed number of bits that knows how many are set. */
export class Bitfield {
  /** Number of bits. */
  readonly length: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #count = 0;

  /** All bits clear. */
  constructor(length: number) {
    this.length = length;
    this.#bytes = new Uint8Array((length + 7) >>> 3);
  }

  /**
   * Reads a bitfield of `length` bits; the bytes are copied.
   * @throws {RangeError} If the byte count does not fit or a spare bit is set.
   */
  static fromBytes(bytes: Uint8Array, length: number): Bitfield {
    const bitfield = new Bitfield(length);
    if (bytes.length !== bitfield.#bytes.length) {
      throw new RangeError(
        `Cannot read bitfield: ${length} bits take ${bitfield.#bytes.length} bytes, got ${bytes.length}`,
      );
    }
    const spareBits = bytes.length * 8 - length;
    if (
      spareBits > 0 && (bytes[bytes.length - 1]! & ((1 << spareBits) - 1)) !== 0
    ) {
      throw new RangeError("Cannot read bitfield: a spare bit is set");
    }
    bitfield.#bytes.set(bytes);
    for (const byte of bytes) bitfield.#count += bitCount(byte);
    return bitfield;
  }

  /** All bits set. */
  static full(length: number): Bitfield {
    const bitfield = new Bitfield(length);
    bitfield.#bytes.fill(0xff);
    const spareBits = bitfield.#bytes.length * 8 - length;
    if (spareBits > 0) {
      bitfield.#bytes[bitfield.#bytes.length - 1]! &= 0xff << spareBits;
    }
    bitfield.#count = length;
    return bitfield;
  }

  /** Number of set bits. */
  get count(): number {
    return this.#count;
  }

  /** True if every bit is set. */
  get isFull(): boolean {
    return this.#count === this.length;
  }

  /** True if a bit is set; false outside the range. */
  has(index: number): boolean {
    return index < this.length &&
      (this.#bytes[index >>> 3]! & (0x80 >>> (index & 7))) !== 0;
  }

  /** Sets a bit; returns false if it was set already. @throws {RangeError} If out of range. */
  add(index: number): boolean {
    this.#checkIndex(index);
    const byte = this.#bytes[index >>> 3]!;
    const bit = 0x80 >>> (index & 7);
    if ((byte & bit) !== 0) return false;
    this.#bytes[index >>> 3] = byte | bit;
    this.#count++;
    return true;
  }

  /** Clears a bit; returns false if it was clear already. @throws {RangeError} If out of range. */
  delete(index: number): boolean {
    this.#checkIndex(index);
    if (!this.has(index)) return false;
    this.#bytes[index >>> 3]! &= ~(0x80 >>> (index & 7));
    this.#count--;
    return true;
  }

  /** The indexes of the set bits, ascending. */
  *indexes(): Generator<number> {
    for (let index = 0; index < this.length; index++) {
      if (this.has(index)) yield index;
    }
  }

  /** The wire form, a copy. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice();
  }

  #checkIndex(index: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) {
      throw new RangeError(
        `Cannot use bit ${index}: the bitfield has ${this.length}`,
      );
    }
  }
}

/** The pieces that one connected peer says it has. */
export interface PeerPieces {
  /** As it was sent in its handshake. */
  readonly peerId: PeerId;
  /** IP address of its end of the connection. */
  readonly hostname: string;
  /** The pieces; live, not to be changed. */
  readonly pieces: Bitfield;
}

function bitCount(byte: number): number {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  return count;
}
