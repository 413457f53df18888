/**
 * The messages of the metadata extension [BEP 9]: a peer requests a torrent's raw
 * info dictionary in pieces of 16 KiB. A message is a dictionary; that of `data` is
 * followed by the bytes of the piece. Owns the limits of a message.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import { encodeBencode } from "../bencode/encode.ts";
import { decodePayloadStart, numberIn } from "../wire/extended_payload.ts";
import { MAX_METADATA_LENGTH } from "../wire/extended_handshake.ts";
import type { ExtendedMessage } from "../wire/message.ts";

/** Length of a piece of metadata, in bytes; the last may be shorter. [BEP 9] */
export const METADATA_PIECE_LENGTH = 16_384;

/** Longest dictionary of a message, in bytes: that of other clients has some 50. */
export const MAX_METADATA_HEADER = 256;

/** A message about one piece of the metadata. */
export type MetadataMessage =
  | { readonly type: "request" | "reject"; readonly piece: number }
  | {
    readonly type: "data";
    readonly piece: number;
    /** Length of the whole metadata, in bytes. */
    readonly totalLength: number;
    /** At most 16 KiB, a view. */
    readonly bytes: Uint8Array;
  };

/** The two parts of a message, in order. */
export type MetadataPayload = Pick<ExtendedMessage, "payload" | "tail">;

/** Each at its number on the wire. */
const TYPES = ["request", "data", "reject"] as const;

export function metadataPieceCount(length: number): number {
  return Math.ceil(length / METADATA_PIECE_LENGTH);
}

/** Encodes a message; `tail` is the view that was given. */
export function encodeMetadataMessage(
  message: MetadataMessage,
): MetadataPayload {
  const { type, piece } = message;
  const header = { msg_type: TYPES.indexOf(type), piece };
  if (message.type !== "data") return { payload: encodeBencode(header) };
  const { totalLength: total_size, bytes: tail } = message;
  return { payload: encodeBencode({ ...header, total_size }), tail };
}

/**
 * Decodes a message. An unknown type is `undefined`: BEP 9 demands to ignore it.
 * @throws {ProtocolError} If it is malformed or exceeds a limit.
 */
export function parseMetadataMessage(
  payload: Uint8Array,
): MetadataMessage | undefined {
  const start = payload.subarray(0, MAX_METADATA_HEADER);
  const { dictionary, end } = decodePayloadStart(start, "metadata message");
  const number = (key: string, most: number): number => {
    const value = numberIn(dictionary, key, { most });
    if (value !== undefined) return value;
    throw refusal(`${key} is not a number from 0 to ${most}`);
  };
  const type = TYPES[number("msg_type", Number.MAX_SAFE_INTEGER)];
  if (type === undefined) return undefined;
  const piece = number("piece", metadataPieceCount(MAX_METADATA_LENGTH) - 1);
  if (type !== "data") return { type, piece };
  const bytes = payload.subarray(end);
  if (bytes.length > METADATA_PIECE_LENGTH) {
    throw refusal(
      `${bytes.length} bytes exceed a piece of ${METADATA_PIECE_LENGTH}`,
    );
  }
  const totalLength = number("total_size", MAX_METADATA_LENGTH);
  return { type, piece, totalLength, bytes };
}

function refusal(reason: string): ProtocolError {
  return new ProtocolError(`Cannot read metadata message: ${reason}`);
}
