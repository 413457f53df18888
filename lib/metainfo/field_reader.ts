/**
 * Typed reading of decoded dictionaries where every complaint names the field,
 * as in `info.files[3].length: is missing`.
 *
 * @module
 */
import {
  type Decoded,
  type DecodedDictionary,
  isDictionary,
} from "../bencode/decode.ts";
import { MetainfoError } from "./metainfo_error.ts";

// Text that is not UTF-8 (torrents older than BEP 3's demand for it) must not be
// refused for a comment's sake: what is broken shows as U+FFFD.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** One dictionary of a torrent file and where it stands. */
export class FieldReader {
  readonly #dictionary: DecodedDictionary;
  readonly #prefix: string;

  /** @param prefix Put before a key to name its field: `info.`. */
  constructor(dictionary: DecodedDictionary, prefix: string) {
    this.#dictionary = dictionary;
    this.#prefix = prefix;
  }

  /** The name of a key's field. */
  field(key: string): string {
    return `${this.#prefix}${key}`;
  }

  has(key: string): boolean {
    // A decoded dictionary inherits from Object: "constructor" is always `in` it.
    return Object.hasOwn(this.#dictionary, key);
  }

  /** A whole number of at least `min` that a number holds exactly. */
  integer(key: string, min: number): number {
    const value = this.#value(key);
    if (typeof value !== "number") throw this.#wrongType(key, "an integer");
    if (!Number.isSafeInteger(value)) {
      throw new MetainfoError(this.field(key), "is past 2^53");
    }
    if (value < min) {
      throw new MetainfoError(this.field(key), `is ${value}, below ${min}`);
    }
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
    throw this.#wrongType(key, "a string");
  }

  text(key: string): string {
    return decoder.decode(this.bytes(key));
  }

  optionalText(key: string): string | undefined {
    return this.has(key) ? this.text(key) : undefined;
  }

  list(key: string): Decoded[] {
    const value = this.#value(key);
    if (Array.isArray(value)) return value;
    throw this.#wrongType(key, "a list");
  }

  textList(key: string): string[] {
    return readTextList(this.list(key), this.field(key));
  }

  dictionary(key: string): FieldReader {
    return readDictionary(this.#value(key), this.field(key));
  }

  /** The dictionaries of a list, each named `key[index]`. */
  dictionaryList(key: string): FieldReader[] {
    return this.list(key).map((item, index) =>
      readDictionary(item, `${this.field(key)}[${index}]`)
    );
  }

  #value(key: string): Decoded {
    const value = this.has(key) ? this.#dictionary[key] : undefined;
    if (value !== undefined) return value;
    throw new MetainfoError(this.field(key), "is missing");
  }

  #wrongType(key: string, expected: string): MetainfoError {
    return new MetainfoError(this.field(key), `is not ${expected}`);
  }
}

/** Reads a list of texts. @throws {MetainfoError} If it is not that; names `field`. */
export function readTextList(value: Decoded, field: string): string[] {
  if (!Array.isArray(value)) throw new MetainfoError(field, "is not a list");
  return value.map((item, index) => {
    if (item instanceof Uint8Array) return decoder.decode(item);
    throw new MetainfoError(`${field}[${index}]`, "is not a string");
  });
}

function readDictionary(value: Decoded, field: string): FieldReader {
  if (isDictionary(value)) return new FieldReader(value, `${field}.`);
  throw new MetainfoError(field, "is not a dictionary");
}
