/**
 * Encodes bencode, byte strings by `npm:bencode`. Refuses values that have no exact
 * form.
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
/** Text to encode at once, in UTF-16 units. */
const TEXT_LENGTH = 65_536;

/**
 * Encodes one value to a new array. Keys are sorted by their bytes [BEP 3]. The
 * package sorts by UTF-16 units, and bytes by their decimal digits, so dictionaries
 * are assembled here.
 * @throws {TypeError} If a number is not a safe integer or a value has no bencode type.
 */
export function encodeBencode(value: Encodable): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  // Text is encoded in long parts: an array for each of a million names takes 1 GB.
  let text = "";

  function flush(): void {
    parts.push(encoder.encode(text));
    text = "";
  }

  function add(value: Encodable): void {
    if (typeof value === "number") {
      if (!Number.isSafeInteger(value)) {
        throw new TypeError(
          `Cannot write bencode: ${value} is not a safe integer`,
        );
      }
      text += `i${value}e`;
    } else if (typeof value === "string") {
      text += `${byteLength(value)}:${value.toWellFormed()}`;
    } else if (value instanceof Uint8Array) {
      flush();
      parts.push(bencode.encode(value));
    } else if (isList(value)) {
      text += "l";
      for (const item of value) {
        add(item);
        if (text.length > TEXT_LENGTH) flush();
      }
      text += "e";
    } else if (typeof value === "object" && value !== null) {
      text += "d";
      for (const [key, item] of sortedEntries(value)) {
        if (item === undefined) continue;
        add(key);
        add(item);
      }
      text += "e";
    } else {
      throw new TypeError(`Cannot write bencode: ${value} has no bencode type`);
    }
  }

  add(value);
  flush();
  return concat(parts);
}

function sortedEntries(
  dictionary:
    | ReadonlyMap<Uint8Array, Encodable>
    | { readonly [key: string]: Encodable | undefined },
): [string | Uint8Array, Encodable | undefined][] {
  if (dictionary instanceof Map) {
    return [...dictionary].sort(([a], [b]) => compareBytes(a, b));
  }
  return Object.entries(dictionary).sort(([a], [b]) =>
    isAscii(a) && isAscii(b)
      ? a < b ? -1 : 1
      : compareBytes(encoder.encode(a), encoder.encode(b))
  );
}

function byteLength(text: string): number {
  return isAscii(text) ? text.length : encoder.encode(text).length;
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
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
