/**
 * The one error of bytes that are not bencode.
 *
 * @module
 */

/** Bytes are not strict bencode. */
export class BencodeError extends Error {
  override readonly name = "BencodeError";
  /** Where in the bytes, from their beginning. */
  readonly offset: number;
  /** What is wrong there, without the offset. */
  readonly reason: string;

  constructor(offset: number, reason: string) {
    super(`Cannot read bencode: ${reason} at byte ${offset}`);
    this.offset = offset;
    this.reason = reason;
  }
}
