/**
 * The query of a tracker URL, byte for byte. A tracker's parameters are bytes and
 * not text: `URLSearchParams` would read them as UTF-8 and destroy info hashes.
 * It is read in one pass and nothing is kept of parameters that nobody asks for:
 * with a map of copies, reading took longer than all the rest of an announce.
 *
 * A `+` is a plus and no blank: BitTorrent clients escape a blank as `%20`, and
 * some leave the byte 0x2b of an info hash as it is. opentracker reads it so too.
 *
 * @module
 */
import { QueryError } from "../announce/announce.ts";
import { IDENTIFIER_LENGTH } from "../base/identifier.ts";

const PERCENT = 0x25;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const MAX_BYTE = 0xff;

/** The value of each hex digit by its code; -1 for other characters. */
const HEX_VALUES = Int8Array.from({ length: MAX_BYTE + 1 }, (_, code) => {
  const digit = parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? -1 : digit;
});

/** The identifier that was read last. */
const identifier = new Uint8Array(IDENTIFIER_LENGTH);

/**
 * Goes through the parameters of what stands after the `?`, a character for each
 * byte, and reads the values that are wanted.
 */
export class QueryReader {
  readonly #query: string;
  #name = "";
  /** Where the value is. */
  #from = 0;
  #to = -1;

  constructor(query: string) {
    this.#query = query;
  }

  /** What the parameter is called, as it was sent. */
  get name(): string {
    return this.#name;
  }

  /** Goes to the next parameter. @returns False if there is none. */
  next(): boolean {
    const query = this.#query;
    let start = this.#to + 1;
    while (query[start] === "&") start++;
    if (start >= query.length) return false;
    const end = query.indexOf("&", start);
    this.#to = end === -1 ? query.length : end;
    const equals = query.indexOf("=", start);
    const nameEnd = equals === -1 || equals > this.#to ? this.#to : equals;
    this.#name = query.slice(start, nameEnd);
    this.#from = Math.min(nameEnd + 1, this.#to);
    return true;
  }

  /**
   * The value as 20 bytes; a view, valid until any reader reads the next.
   * @throws {QueryError} If it is longer or shorter, or has a bad escape.
   */
  identifier(): Uint8Array {
    let length = 0;
    for (let at = this.#from; at < this.#to; length++) {
      // What is too much is counted, but finds no place.
      identifier[length] = this.#byteAt(at);
      at += this.#query.charCodeAt(at) === PERCENT ? 3 : 1;
    }
    if (length === IDENTIFIER_LENGTH) return identifier;
    throw new QueryError(
      this.#name,
      `is ${length} bytes long instead of ${IDENTIFIER_LENGTH}`,
    );
  }

  /**
   * The value, a character for each byte.
   * @throws {QueryError} If it has a bad escape.
   */
  text(): string {
    const raw = this.#query.slice(this.#from, this.#to);
    if (!raw.includes("%")) return raw;
    let text = "";
    for (let at = this.#from; at < this.#to;) {
      text += String.fromCharCode(this.#byteAt(at));
      at += this.#query.charCodeAt(at) === PERCENT ? 3 : 1;
    }
    return text;
  }

  /**
   * The value as a number; one that is too large to be exact is the largest that is.
   * @throws {QueryError} If it is no row of digits.
   */
  wholeNumber(): number {
    let value = 0;
    let at = this.#from;
    while (at < this.#to) {
      const code = this.#byteAt(at);
      if (code < DIGIT_0 || code > DIGIT_9) break;
      value = value * 10 + code - DIGIT_0;
      at += this.#query.charCodeAt(at) === PERCENT ? 3 : 1;
    }
    if (at === this.#from || at < this.#to) {
      throw new QueryError(this.#name, "is not a whole number");
    }
    return Math.min(value, Number.MAX_SAFE_INTEGER);
  }

  /** The byte that begins here, escaped or not. */
  #byteAt(at: number): number {
    const code = this.#query.charCodeAt(at);
    if (code !== PERCENT) {
      if (code <= MAX_BYTE) return code;
      throw new QueryError(this.#name, "has a character that is no byte");
    }
    const high = this.#hexDigit(at + 1);
    const low = this.#hexDigit(at + 2);
    if ((high | low) < 0) {
      throw new QueryError(this.#name, "has a % without two hex digits");
    }
    return high << 4 | low;
  }

  /** -1 if there is none in this value. */
  #hexDigit(at: number): number {
    if (at >= this.#to) return -1;
    const code = this.#query.charCodeAt(at);
    return code <= MAX_BYTE ? HEX_VALUES[code]! : -1;
  }
}
