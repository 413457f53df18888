/**
 * Decodes strict bencode: one value with nothing after it, canonical integers and
 * lengths, unique keys, and limits for depth and number of items. One pass, which does
 * not recurse. Keys are bytes of any kind, and unsorted ones pass: old torrents have
 * them.
 *
 * @module
 */
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
 * Most digits of an integer. Integers larger than 2^53 are rounded, so that the error of
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

/** The default limits. Each item takes some 200 bytes of memory. */
export const BENCODE_LIMITS: BencodeLimits = {
  maxDepth: 64,
  maxItems: 2 ** 21,
};

/** A decoded value; strings are bytes, views of what was decoded. */
export type Decoded = number | Uint8Array | Decoded[] | DecodedDictionary;

/**
 * A decoded dictionary, without a prototype. Each byte of a key is one character, so
 * that equal keys have equal bytes, whatever these mean as text.
 */
export type DecodedDictionary = { [key: string]: Decoded };

/** A value and the place where it was read. */
export interface DecodedBencode {
  readonly value: Decoded;
  /** Offset of the first byte after it. */
  readonly end: number;
  /** The raw bytes of the outermost dictionary's values, views; empty for other values. */
  readonly raw: ReadonlyMap<string, Uint8Array>;
}

/** An open list or dictionary. */
interface Frame {
  readonly value: Decoded[] | DecodedDictionary;
  /** The key whose value comes next; `undefined` if a key or the end does, and in a list. */
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

/**
 * Decodes `bytes`.
 * @throws {BencodeError} If they are not one value in strict bencode.
 */
export function readBencode(
  bytes: Uint8Array,
  limits: BencodeLimits = BENCODE_LIMITS,
): DecodedBencode {
  const decoded = readBencodeStart(bytes, limits);
  if (decoded.end === bytes.length) return decoded;
  throw new BencodeError(decoded.end, "bytes follow the value");
}

/**
 * Decodes the value that `bytes` begin with.
 * @throws {BencodeError} If they do not begin with a value in strict bencode.
 */
export function readBencodeStart(
  bytes: Uint8Array,
  limits: BencodeLimits,
): DecodedBencode {
  const { maxDepth, maxItems } = limits;
  const raw = new Map<string, Uint8Array>();
  const frames: Frame[] = [];
  let position = 0;
  let topLevelStart = 0;
  let itemCount = 0;
  let value: Decoded;
  do {
    if (++itemCount > maxItems) {
      throw new BencodeError(position, `more than ${maxItems} items`);
    }
    const frame = frames.at(-1);
    const byte = byteAt(bytes, position);
    const isInDictionary = frame !== undefined && !Array.isArray(frame.value);
    if (isInDictionary && frame.key === undefined && byte !== END) {
      const { start, end } = stringSpan(bytes, position);
      frame.key = keyText(bytes.subarray(start, end));
      if (Object.hasOwn(frame.value, frame.key)) {
        const key = quote(frame.key);
        throw new BencodeError(position, `key ${key} occurs twice`);
      }
      if (frames.length === 1) topLevelStart = end;
      position = end;
      continue;
    }
    if (byte === LIST || byte === DICTIONARY) {
      if (frames.length === maxDepth) {
        throw new BencodeError(position, `nesting deeper than ${maxDepth}`);
      }
      const value = byte === LIST ? [] : Object.create(null);
      frames.push({ value, key: undefined });
      position++;
      continue;
    }
    if (byte === END && frame !== undefined && frame.key === undefined) {
      value = frame.value;
      frames.pop();
      position++;
    } else if (byte === INTEGER) {
      ({ value, end: position } = readInteger(bytes, position));
    } else {
      const { start, end } = stringSpan(bytes, position);
      value = bytes.subarray(start, end);
      position = end;
    }
    // A value ended: in a dictionary a key comes next.
    const outer = frames.at(-1);
    if (outer === undefined) break;
    if (Array.isArray(outer.value)) {
      outer.value.push(value);
      continue;
    }
    if (frames.length === 1) {
      raw.set(outer.key!, bytes.subarray(topLevelStart, position));
    }
    outer.value[outer.key!] = value;
    outer.key = undefined;
  } while (true);
  return { value, raw, end: position };
}

/** Each byte as one character. In parts: each argument is on the stack. */
function keyText(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += 4096) {
    text += String.fromCharCode(...bytes.subarray(start, start + 4096));
  }
  return text;
}

/** The content of the string whose length begins at `offset`. */
function stringSpan(
  bytes: Uint8Array,
  offset: number,
): { readonly start: number; readonly end: number } {
  const limit = { maxDigits: MAX_LENGTH_DIGITS, expected: "value" };
  const { value: length, end } = readDigits(bytes, offset, limit);
  if (byteAt(bytes, end) !== COLON) {
    throw new BencodeError(end, "no colon after a string's length");
  }
  const start = end + 1;
  const left = bytes.length - start;
  if (length > left) {
    const reason = `a string of ${length} bytes, but only ${left} are left`;
    throw new BencodeError(offset, reason);
  }
  return { start, end: start + length };
}

/** A number, and the offset of the byte after it. */
interface ReadNumber {
  readonly value: number;
  readonly end: number;
}

function readInteger(bytes: Uint8Array, offset: number): ReadNumber {
  const isNegative = byteAt(bytes, offset + 1) === MINUS;
  const digits = offset + (isNegative ? 2 : 1);
  const limit = { maxDigits: MAX_INTEGER_DIGITS, expected: "digit" };
  const { value, end } = readDigits(bytes, digits, limit);
  if (isNegative && bytes[digits] === ZERO) {
    throw new BencodeError(offset, "integer -0");
  }
  if (byteAt(bytes, end) !== END) {
    throw new BencodeError(end, "an integer without an end");
  }
  return { value: isNegative ? -value : value, end: end + 1 };
}

/** Reads the decimal digits at `offset`, at least one. */
function readDigits(
  bytes: Uint8Array,
  offset: number,
  { maxDigits, expected }: { maxDigits: number; expected: string },
): ReadNumber {
  let value = 0;
  let end = offset;
  for (; isDigit(byteAt(bytes, end)); end++) {
    if (end - offset === maxDigits) {
      const reason = `a number of more than ${maxDigits} digits`;
      throw new BencodeError(offset, reason);
    }
    value = value * 10 + (bytes[end]! - ZERO);
  }
  if (end === offset) throw new BencodeError(offset, `no ${expected}`);
  if (bytes[offset] === ZERO && end > offset + 1) {
    throw new BencodeError(offset, "a number with a leading zero");
  }
  return { value, end };
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function byteAt(bytes: Uint8Array, offset: number): number {
  const byte = bytes[offset];
  if (byte !== undefined) return byte;
  throw new BencodeError(offset, "the value is truncated");
}

/**
 * The value alone, as {@linkcode readBencode} decodes it.
 * @throws {BencodeError} If the bytes are not one value in strict bencode, or exceed the limits.
 */
export function decodeBencode(
  bytes: Uint8Array,
  limits: BencodeLimits = BENCODE_LIMITS,
): Decoded {
  return readBencode(bytes, limits).value;
}

/** True if a decoded value is a dictionary. */
export function isDictionary(value: Decoded): value is DecodedDictionary {
  return typeof value === "object" && !Array.isArray(value) &&
    !(value instanceof Uint8Array);
}
