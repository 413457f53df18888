/**
 * Decodes bencode: `scan.ts` validates the bytes, `npm:bencode` creates the values.
 *
 * @module
 */
import bencode, { type Decoded } from "bencode";
import { BENCODE_LIMITS, type BencodeLimits, scanBencode } from "./scan.ts";

export type { Decoded };

/** A decoded dictionary. Read it with `Object.hasOwn`: it has a prototype. */
export type DecodedDictionary = { [key: string]: Decoded };

/**
 * Decodes one value; its strings are copies. Integers larger than 2^53 are rounded:
 * the reader of a field checks `Number.isSafeInteger`.
 * @throws {BencodeError} If the bytes are not one value in strict bencode, or exceed the limits.
 */
export function decodeBencode(
  bytes: Uint8Array,
  limits: BencodeLimits = BENCODE_LIMITS,
): Decoded {
  scanBencode(bytes, limits);
  return bencode.decode(bytes);
}

/**
 * The raw bytes of one value of the outermost dictionary, a view; `undefined` if
 * the key is missing. The info hash is the hash of these, never of a re-encode.
 * @throws {BencodeError} If the bytes are not one value in strict bencode.
 */
export function findDictionarySpan(
  bytes: Uint8Array,
  key: string,
): Uint8Array | undefined {
  const span = scanBencode(bytes).get(key);
  return span && bytes.subarray(span.start, span.end);
}

/** True if a decoded value is a dictionary. */
export function isDictionary(value: Decoded): value is DecodedDictionary {
  return typeof value === "object" && !Array.isArray(value) &&
    !(value instanceof Uint8Array);
}
