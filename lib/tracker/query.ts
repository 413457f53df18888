/**
 * The query of a tracker URL, byte for byte. A tracker's parameters are bytes and
 * not text: `URLSearchParams` would read them as UTF-8 and destroy info hashes.
 *
 * A `+` is a plus and no blank: BitTorrent clients escape a blank as `%20`, and
 * some leave the byte 0x2b of an info hash as it is. opentracker reads it so too.
 *
 * @module
 */

/** A query does not say what it must; what is wrong is the asker's. */
export class QueryError extends Error {
  override readonly name = "QueryError";
  /** Name of the parameter. */
  readonly field: string;

  constructor(field: string, reason: string) {
    super(`${field} ${reason}`);
    this.field = field;
  }
}

/** The values of each parameter in their order; each a fresh copy. */
export type Query = ReadonlyMap<string, readonly Uint8Array[]>;

/**
 * Splits and unescapes what stands after the `?`.
 * @throws {QueryError} If a `%` is not followed by two hex digits.
 */
export function parseQuery(query: string): Query {
  const parameters = new Map<string, Uint8Array[]>();
  for (const part of query.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = equals === -1 ? part : part.slice(0, equals);
    const value = equals === -1 ? "" : part.slice(equals + 1);
    const values = parameters.get(name);
    if (values === undefined) parameters.set(name, [unescape(value, name)]);
    else values.push(unescape(value, name));
  }
  return parameters;
}

const encoder = new TextEncoder();
const PERCENT = 0x25;

function unescape(text: string, name: string): Uint8Array {
  const bytes = encoder.encode(text);
  let length = 0;
  for (let offset = 0; offset < bytes.length; offset++) {
    let byte = bytes[offset]!;
    if (byte === PERCENT) {
      const high = hexDigit(bytes[offset + 1]);
      const low = hexDigit(bytes[offset + 2]);
      if (high === undefined || low === undefined) {
        throw new QueryError(name, "has a % without two hex digits");
      }
      byte = high << 4 | low;
      offset += 2;
    }
    bytes[length++] = byte;
  }
  return bytes.subarray(0, length);
}

function hexDigit(byte: number | undefined): number | undefined {
  if (byte === undefined) return undefined;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30; // 0-9
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : undefined; // a-f
}
