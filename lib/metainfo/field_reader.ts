/**
 * Reads typed fields from decoded dictionaries. Every error names the field, as in
 * `info.files[3].length: is missing`.
 *
 * @module
 */
import {
  type Decoded,
  type DecodedDictionary,
  isDictionary,
} from "../bencode/decode.ts";
import { MetainfoError } from "./metainfo_error.ts";

// Torrents older than BEP 3's demand for UTF-8 must not fail because of a comment:
// malformed bytes become U+FFFD.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Decodes text; malformed bytes become U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** A dictionary of a torrent file and its place in the file. */
export class FieldReader {
  readonly #dictionary: DecodedDictionary;
  readonly #prefix: string;

  /** @param prefix Precedes a key in the name of its field: `info.`. */
  constructor(dictionary: DecodedDictionary, prefix: string) {
    this.#dictionary = dictionary;
    this.#prefix = prefix;
  }

  /** The full name of a field: `info.length`. */
  field(key: string): string {
    return `${this.#prefix}${key}`;
  }

  /** The error for a field. */
  fault(key: string, reason: string): MetainfoError {
    return new MetainfoError(this.field(key), reason);
  }

  has(key: string): boolean {
    return this.#dictionary[key] !== undefined;
  }

  /** A safe integer of at least `min`. */
  integer(key: string, min: number): number {
    const value = this.#value(key);
    if (typeof value !== "number") throw this.fault(key, "is not an integer");
    if (!Number.isSafeInteger(value)) {
      throw this.fault(key, "is larger than 2^53");
    }
    if (value < min) throw this.fault(key, `is ${value}, below ${min}`);
    return value;
  }

  optionalInteger(key: string): number | undefined {
    return this.has(key)
      ? this.integer(key, Number.MIN_SAFE_INTEGER)
      : undefined;
  }

  /** A string's bytes. */
  bytes(key: string): Uint8Array {
    const value = this.#value(key);
    if (value instanceof Uint8Array) return value;
    throw this.fault(key, "is not a string");
  }

  text(key: string): string {
    return decodeText(this.bytes(key));
  }

  optionalText(key: string): string | undefined {
    return this.has(key) ? this.text(key) : undefined;
  }

  list(key: string): Decoded[] {
    const value = this.#value(key);
    if (Array.isArray(value)) return value;
    throw this.fault(key, "is not a list");
  }

  /** At most `max` strings of a list; nothing of a value that is none. */
  hints(key: string, max: number): Uint8Array[] {
    const value = this.#dictionary[key];
    return Array.isArray(value)
      ? value.slice(0, max).filter((item) => item instanceof Uint8Array)
      : [];
  }

  textList(key: string): string[] {
    return readTextList(this.list(key), this.field(key));
  }

  dictionary(key: string): FieldReader {
    return readDictionary(this.#value(key), this.field(key));
  }

  /** The dictionaries of a list, each named `key[index]`; made one by one. */
  *dictionaryList(key: string): Generator<FieldReader> {
    for (const [index, item] of this.list(key).entries()) {
      yield readDictionary(item, `${this.field(key)}[${index}]`);
    }
  }

  #value(key: string): Decoded {
    const value = this.#dictionary[key];
    if (value !== undefined) return value;
    throw this.fault(key, "is missing");
  }
}

/** Reads a list of texts. @throws {MetainfoError} On any other value; it names `field`. */
export function readTextList(value: Decoded, field: string): string[] {
  if (!Array.isArray(value)) throw new MetainfoError(field, "is not a list");
  return value.map((item, index) => {
    if (item instanceof Uint8Array) return decodeText(item);
    throw new MetainfoError(`${field}[${index}]`, "is not a string");
  });
}

function readDictionary(value: Decoded, field: string): FieldReader {
  if (isDictionary(value)) return new FieldReader(value, `${field}.`);
  throw new MetainfoError(field, "is not a dictionary");
}
