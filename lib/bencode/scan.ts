/**
 * The grammar of bencode, strictly: one value, nothing after it, every integer
 * and length in its only spelling, no key twice, neither deeper nor more
 * numerous than a limit. Walks
 * without recursion and makes no values, so hostile bytes cost one pass. What it
 * lets through the decoder of `npm:bencode`, which is lax and recursive, reads
 * right. Keys out of order are let through: old torrents have them.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import { quote } from "../base/errors.ts";
import { BencodeError } from "./bencode_error.ts";

/** Lists and dictionaries inside one another. */
export const MAX_DEPTH = 64;

/**
 * Values, keys and ends in all: enough for a torrent of 150,000 files. Without it
 * the 16 million empty strings of 32 MiB took the decoder 28 s and 6 GB.
 */
export const MAX_ITEMS = 2 ** 21;

/** Digits of a string's length: enough for any buffer, few enough to be exact. */
const MAX_LENGTH_DIGITS = 15;

/**
 * Digits of an integer. Those past 2^53 are let through to the reader of the
 * field, whose error can name it; those past any field's sense are not.
 */
const MAX_INTEGER_DIGITS = 20;

/** How much a value may hold. */
export interface BencodeLimits {
  /** Lists and dictionaries inside one another. */
  readonly maxDepth: number;
  /** Values, keys and ends in all. */
  readonly maxItems: number;
}

/** What any value may hold; {@linkcode MAX_DEPTH} and {@linkcode MAX_ITEMS}. */
export const BENCODE_LIMITS: BencodeLimits = {
  maxDepth: MAX_DEPTH,
  maxItems: MAX_ITEMS,
};

/** A value's place in the bytes. */
export interface ByteSpan {
  readonly start: number;
  /** One past the last byte. */
  readonly end: number;
}

/** Spans of the values of the outermost dictionary by {@linkcode keyName}; empty if the value is none. */
export type TopLevelSpans = ReadonlyMap<string, ByteSpan>;

/** A list or dictionary that the walk is inside of. */
interface Frame {
  /** Keys met so far; `undefined` in a list. */
  readonly keys: Set<string> | undefined;
  /** The key whose value comes next; `undefined` if a key or the end comes next. */
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
 * The name that a decoded dictionary has for a key of these bytes: its text, or
 * where it is not UTF-8 (most info hashes of a scrape) its hex digits. It is the
 * naming of `npm:bencode`; keys that it would file under one name count as one.
 */
export function keyName(bytes: Uint8Array): string {
  const text = decoder.decode(bytes);
  return text.includes("\ufffd") ? encodeHex(bytes) : text;
}

/**
 * Walks over `bytes`.
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
    // A value ended here: the next thing in the dictionary around it is a key.
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
    throw new BencodeError(offset, `key ${quote(key)} stands twice`);
  }
  // Assigned to an object it would replace the object's prototype.
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
      `a string of ${length} bytes where ${bytes.length - start} are left`,
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
    throw new BencodeError(end, "no end of an integer");
  }
  return end + 1;
}

/** One past the decimal digits at `offset`, of which there is one at least. */
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
    throw new BencodeError(offset, "the bytes end inside a value");
  }
  return byte;
}
