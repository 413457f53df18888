/**
 * Validates strict bencode: one value with nothing after it, canonical integers and
 * lengths, unique keys, and limits for depth and number of items. It does not
 * recurse and creates no values, so hostile bytes cost one pass. The decoder of
 * `npm:bencode`, which is lax and recursive, decodes correctly what passes here.
 * Unsorted keys pass: old torrents have them.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import { quote } from "../base/errors.ts";

/** Bytes are not strict bencode. */
export class BencodeError extends Error {
  override readonly name = "BencodeError";
  /** Offset of the fault from the first byte. */
  readonly offset: number;
  /** The reason, without the offset. */
  readonly reason: string;

  constructor(offset: number, reason: string) {
    super(`Cannot read bencode: ${reason} at byte ${offset}`);
    this.offset = offset;
    this.reason = reason;
  }
}

/** Most digits of a string's length: enough for any buffer, few enough to be exact. */
const MAX_LENGTH_DIGITS = 15;

/**
 * Most digits of an integer. Integers larger than 2^53 pass, so that the error of
 * the field's reader can name the field.
 */
const MAX_INTEGER_DIGITS = 20;

/** Limits for one value. */
export interface BencodeLimits {
  /** Deepest nesting of lists and dictionaries. */
  readonly maxDepth: number;
  /** Most values, keys and ends together. */
  readonly maxItems: number;
}

/**
 * The default limits: enough for a torrent of 150,000 files. Without a limit for
 * items 32 MiB of empty strings took the decoder 28 s and 6 GB.
 */
export const BENCODE_LIMITS: BencodeLimits = {
  maxDepth: 64,
  maxItems: 2 ** 21,
};

/** The range of a value in the bytes. */
export interface ByteSpan {
  readonly start: number;
  /** One past the last byte. */
  readonly end: number;
}

/** Spans of the values of the outermost dictionary by {@linkcode keyName}; empty for other values. */
export type TopLevelSpans = ReadonlyMap<string, ByteSpan>;

/** An open list or dictionary. */
interface Frame {
  /** Keys so far; `undefined` in a list. */
  readonly keys: Set<string> | undefined;
  /** The key whose value comes next; `undefined` if a key or the end does. */
  key: string | undefined;
}

const INTEGER = 0x69; // i
const LIST = 0x6c; // l
const DICTIONARY = 0x64; // d
const END = 0x65; // e
const COLON = 0x3a; // :
const MINUS = 0x2d; // -
const ZERO = 0x30; // 0
const NINE = 0x39; // 9

const decoder = new TextDecoder();

/**
 * The name of a key in a decoded dictionary: its text, or its hex digits if it is
 * not UTF-8, as most info hashes of a scrape. `npm:bencode` uses the same names, so
 * keys with one name count as equal.
 */
export function keyName(bytes: Uint8Array): string {
  const text = decoder.decode(bytes);
  return text.includes("\ufffd") ? encodeHex(bytes) : text;
}

/**
 * Validates `bytes`.
 * @throws {BencodeError} If they are not one value in strict bencode.
 */
export function scanBencode(
  bytes: Uint8Array,
  limits: BencodeLimits = BENCODE_LIMITS,
): TopLevelSpans {
  const { maxDepth, maxItems } = limits;
  const spans = new Map<string, ByteSpan>();
  const frames: Frame[] = [];
  let position = 0;
  let topLevelStart = 0;
  let itemCount = 0;
  do {
    if (++itemCount > maxItems) {
      throw new BencodeError(position, `more than ${maxItems} items`);
    }
    const frame = frames.at(-1);
    const byte = byteAt(bytes, position);
    if (frame?.keys !== undefined && frame.key === undefined && byte !== END) {
      const { start, end } = stringSpan(bytes, position);
      frame.key = newKey(bytes.subarray(start, end), frame.keys, position);
      if (frames.length === 1) topLevelStart = end;
      position = end;
      continue;
    }
    if (byte === LIST || byte === DICTIONARY) {
      if (frames.length === maxDepth) {
        throw new BencodeError(position, `nesting deeper than ${maxDepth}`);
      }
      const keys = byte === DICTIONARY ? new Set<string>() : undefined;
      frames.push({ keys, key: undefined });
      position++;
      continue;
    }
    if (byte === END && frame !== undefined && frame.key === undefined) {
      frames.pop();
      position++;
    } else if (byte === INTEGER) {
      position = integerEnd(bytes, position);
    } else {
      position = stringSpan(bytes, position).end;
    }
    // A value ended: in a dictionary a key comes next.
    const outer = frames.at(-1);
    if (outer?.key === undefined) continue;
    if (frames.length === 1) {
      spans.set(outer.key, { start: topLevelStart, end: position });
    }
    outer.key = undefined;
  } while (frames.length > 0);
  if (position < bytes.length) {
    throw new BencodeError(position, "bytes follow the value");
  }
  return spans;
}

function newKey(bytes: Uint8Array, keys: Set<string>, offset: number): string {
  const key = keyName(bytes);
  if (keys.has(key)) {
    throw new BencodeError(offset, `key ${quote(key)} occurs twice`);
  }
  // An assignment would replace the prototype of the dictionary.
  if (key === "__proto__") {
    throw new BencodeError(offset, "key __proto__ is not allowed");
  }
  keys.add(key);
  return key;
}

/** The content of the string whose length begins at `offset`. */
function stringSpan(bytes: Uint8Array, offset: number): ByteSpan {
  const colon = numberEnd(bytes, offset, {
    maxDigits: MAX_LENGTH_DIGITS,
    expected: "value",
  });
  if (byteAt(bytes, colon) !== COLON) {
    throw new BencodeError(colon, "no colon after a string's length");
  }
  const length = Number(decoder.decode(bytes.subarray(offset, colon)));
  const start = colon + 1;
  if (length > bytes.length - start) {
    throw new BencodeError(
      offset,
      `a string of ${length} bytes, but only ${bytes.length - start} are left`,
    );
  }
  return { start, end: start + length };
}

/** One past the integer that begins at `offset`. */
function integerEnd(bytes: Uint8Array, offset: number): number {
  const isNegative = byteAt(bytes, offset + 1) === MINUS;
  const digits = offset + (isNegative ? 2 : 1);
  const end = numberEnd(bytes, digits, {
    maxDigits: MAX_INTEGER_DIGITS,
    expected: "digit",
  });
  if (isNegative && bytes[digits] === ZERO) {
    throw new BencodeError(offset, "integer -0");
  }
  if (byteAt(bytes, end) !== END) {
    throw new BencodeError(end, "an integer without an end");
  }
  return end + 1;
}

/** One past the decimal digits at `offset`, at least one. */
function numberEnd(
  bytes: Uint8Array,
  offset: number,
  options: { maxDigits: number; expected: string },
): number {
  let end = offset;
  while (isDigit(byteAt(bytes, end))) {
    end++;
    if (end - offset > options.maxDigits) {
      throw new BencodeError(
        offset,
        `a number of more than ${options.maxDigits} digits`,
      );
    }
  }
  if (end === offset) {
    throw new BencodeError(offset, `no ${options.expected}`);
  }
  if (bytes[offset] === ZERO && end > offset + 1) {
    throw new BencodeError(offset, "a number with a leading zero");
  }
  return end;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function byteAt(bytes: Uint8Array, offset: number): number {
  const byte = bytes[offset];
  if (byte === undefined) {
    throw new BencodeError(offset, "the value is truncated");
  }
  return byte;
}
