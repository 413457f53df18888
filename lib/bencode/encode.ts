/**
 * Values to bencode: `npm:bencode` behind checks for what it would write wrong
 * without a word.
 *
 * @module
 */
import bencode from "bencode";

/**
 * A value that can be written. Text is written as UTF-8, entries that are
 * `undefined` are left out, and a `Map` is a dictionary whose keys are bytes.
 */
export type Encodable =
  | number
  | string
  | Uint8Array
  | readonly Encodable[]
  | ReadonlyMap<Uint8Array, Encodable>
  | { readonly [key: string]: Encodable | undefined };

const encoder = new TextEncoder();
const DICTIONARY_START = encoder.encode("d");
const LIST_START = encoder.encode("l");
const END = encoder.encode("e");

/**
 * Writes one value, a fresh array. Keys are in the order of their bytes, as
 * [BEP 3] wants them: the package orders by UTF-16 units, and keys that are
 * bytes by their decimal digits, so dictionaries are put together here.
 * @throws {TypeError} If a number is not a safe integer or a value is of no bencode type.
 */
export function encodeBencode(value: Encodable): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  encodeInto(parts, value);
  return concatenate(parts);
}

function encodeInto(parts: Uint8Array[], value: Encodable): void {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) {
      throw new TypeError(`Cannot write bencode: ${value} is no safe integer`);
    }
    parts.push(bencode.encode(value));
  } else if (typeof value === "string" || value instanceof Uint8Array) {
    parts.push(bencode.encode(value));
  } else if (isList(value)) {
    parts.push(LIST_START);
    for (const item of value) encodeInto(parts, item);
    parts.push(END);
  } else if (typeof value === "object" && value !== null) {
    parts.push(DICTIONARY_START);
    for (const [key, item] of sortedEntries(value)) {
      parts.push(bencode.encode(key));
      encodeInto(parts, item);
    }
    parts.push(END);
  } else {
    throw new TypeError(`Cannot write bencode: ${value} is of no bencode type`);
  }
}

function sortedEntries(
  dictionary:
    | ReadonlyMap<Uint8Array, Encodable>
    | { readonly [key: string]: Encodable | undefined },
): [Uint8Array, Encodable][] {
  const entries: [Uint8Array, Encodable][] = dictionary instanceof Map
    ? [...dictionary]
    : Object.entries(dictionary).flatMap(([key, item]) =>
      item === undefined ? [] : [[encoder.encode(key), item]]
    );
  return entries.sort(([a], [b]) => compareBytes(a, b));
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    if (a[index] !== b[index]) return a[index]! - b[index]!;
  }
  return a.length - b.length;
}

// Array.isArray does not narrow a readonly array.
function isList(value: Encodable): value is readonly Encodable[] {
  return Array.isArray(value);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
