/**
 * Bencode to values. `scan.ts` decides what is bencode, `npm:bencode` makes the
 * values.
 *
 * @module
 */
import bencode, { type Decoded } from "bencode";
import { BENCODE_LIMITS, type BencodeLimits, scanBencode } from "./scan.ts";

export type { Decoded };

/** A decoded dictionary. Read it with `Object.hasOwn`: it has a prototype. */
export type DecodedDictionary = { [key: string]: Decoded };

/**
 * Reads one bencoded value; its strings are copies. Integers past 2^53 come back
 * rounded: whoever reads a field checks `Number.isSafeInteger`.
 * @throws {BencodeError} If the bytes are not one value in strict bencode, or hold more than the limits allow.
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
 * there is no such key. An info hash is taken of these, never of a re-encode.
 * @throws {BencodeError} If the bytes are not one value in strict bencode.
 */
export function findDictionarySpan(
  bytes: Uint8Array,
  key: string,
): Uint8Array | undefined {
  const span = scanBencode(bytes).get(key);
  return span && bytes.subarray(span.start, span.end);
}

/** Whether a decoded value is a dictionary. */
export function isDictionary(value: Decoded): value is DecodedDictionary {
  return typeof value === "object" && !Array.isArray(value) &&
    !(value instanceof Uint8Array);
}
