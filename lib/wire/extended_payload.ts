/**
 * Decodes the bencoded dictionaries of the extension protocol, with small limits,
 * as strangers send them. [BEP 10]
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import {
  BencodeError,
  type BencodeLimits,
  type DecodedDictionary,
  isDictionary,
  readBencodeStart,
} from "../bencode/decode.ts";

/** Longest payload, in bytes: handshakes take some hundreds, a first peer exchange a few thousand. */
export const MAX_PAYLOAD_LENGTH = 16 * 1024;

/** `m` has depth 1; the rest is for extensions of other clients. */
const LIMITS: BencodeLimits = { maxDepth: 8, maxItems: 1024 };

/**
 * Decodes a payload.
 * @throws {ProtocolError} If it is not a dictionary or exceeds a limit; `what` names it.
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
  const { dictionary, end } = decodePayloadStart(payload, what);
  if (end === payload.length) return dictionary;
  throw new ProtocolError(
    `Cannot read ${what}: bytes follow the value at byte ${end}`,
  );
}

/**
 * Decodes the dictionary that a payload begins with, and finds its end.
 * @throws {ProtocolError} If there is none, or it exceeds a limit; `what` names it.
 */
export function decodePayloadStart(
  payload: Uint8Array,
  what: string,
): { dictionary: DecodedDictionary; end: number } {
  try {
    const { value: dictionary, end } = readBencodeStart(payload, LIMITS);
    if (isDictionary(dictionary)) return { dictionary, end };
    throw new ProtocolError(`Cannot read ${what}: it is not a dictionary`);
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    throw new ProtocolError(
      `Cannot read ${what}: ${error.reason} at byte ${error.offset}`,
      { cause: error },
    );
  }
}

/** An integer from `least` to `most`; `undefined` if the value is missing, or another one. */
export function numberIn(
  dictionary: DecodedDictionary,
  key: string,
  { least = 0, most = Number.MAX_SAFE_INTEGER } = {},
): number | undefined {
  const value = dictionary[key];
  const isNumber = typeof value === "number" && Number.isSafeInteger(value);
  return isNumber && value >= least && value <= most ? value : undefined;
}

/** The bytes of a string, a view; `undefined` if it is missing or of another type. */
export function bytesIn(
  dictionary: DecodedDictionary,
  key: string,
): Uint8Array | undefined {
  const value = dictionary[key];
  return value instanceof Uint8Array ? value : undefined;
}
