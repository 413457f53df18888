/**
 * Encodes bencode: `npm:bencode`, with checks for values that it would silently
 * encode wrong.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import bencode from "bencode";

/**
 * A value to encode. Text becomes UTF-8, entries that are `undefined` are omitted,
 * and a `Map` is a dictionary with bytes as keys.
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
 * Encodes one value to a new array. Keys are sorted by their bytes [BEP 3]. The
 * package sorts by UTF-16 units, and bytes by their decimal digits, so dictionaries
 * are assembled here.
 * @throws {TypeError} If a number is not a safe integer or a value has no bencode type.
 */
export function encodeBencode(value: Encodable): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  encodeInto(parts, value);
  return concat(parts);
}

function encodeInto(parts: Uint8Array[], value: Encodable): void {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) {
      throw new TypeError(
        `Cannot write bencode: ${value} is not a safe integer`,
      );
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
    throw new TypeError(`Cannot write bencode: ${value} has no bencode type`);
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
