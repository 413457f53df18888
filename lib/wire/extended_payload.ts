/**
 * The bencoded dictionary that the messages of the extension protocol carry, and
 * its bounds: a stranger wrote it, and all that we look for is small. [BEP 10]
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import { BencodeError } from "../bencode/bencode_error.ts";
import {
  decodeBencode,
  type Decoded,
  type DecodedDictionary,
  isDictionary,
} from "../bencode/decode.ts";
import type { BencodeLimits } from "../bencode/scan.ts";

/** Longest payload that is read, in bytes: others' handshakes take some hundreds, a first peer exchange a few thousand. */
export const MAX_PAYLOAD_LENGTH = 16 * 1024;

/** `m` lies one deep; the rest is for what others may add. */
const LIMITS: BencodeLimits = { maxDepth: 8, maxItems: 1024 };

/**
 * Reads a payload.
 * @throws {ProtocolError} If it is no dictionary or exceeds a bound; `what` names it.
 */
export function decodePayload(
  payload: Uint8Array,
  what: string,
): DecodedDictionary {
  if (payload.length > MAX_PAYLOAD_LENGTH) {
    throw new ProtocolError(
      `Cannot read ${what}: ${payload.length} bytes exceed the limit of ${MAX_PAYLOAD_LENGTH}`,
    );
  }
  const value = decode(payload, what);
  if (!isDictionary(value)) {
    throw new ProtocolError(`Cannot read ${what}: it is no dictionary`);
  }
  return value;
}

function decode(payload: Uint8Array, what: string): Decoded {
  try {
    return decodeBencode(payload, LIMITS);
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    throw new ProtocolError(
      `Cannot read ${what}: ${error.reason} at byte ${error.offset}`,
      { cause: error },
    );
  }
}

/** The value of a key; `undefined` if there is none. */
export function ownValue(
  dictionary: DecodedDictionary,
  key: string,
): Decoded | undefined {
  return Object.hasOwn(dictionary, key) ? dictionary[key] : undefined;
}

/** A whole number; `undefined` if there is none. */
export function ownNumber(
  dictionary: DecodedDictionary,
  key: string,
): number | undefined {
  const value = ownValue(dictionary, key);
  return typeof value === "number" && Number.isSafeInteger(value)
    ? value
    : undefined;
}

/** A string, as bytes: a copy; `undefined` if there is none. */
export function ownBytes(
  dictionary: DecodedDictionary,
  key: string,
): Uint8Array | undefined {
  const value = ownValue(dictionary, key);
  return value instanceof Uint8Array ? value : undefined;
}
