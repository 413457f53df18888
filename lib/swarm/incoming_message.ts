/**
 * The door of the engine: checks a peer's message once, against the torrent and the
 * extensions that the peer supports, and hands it to the part that it is for. The
 * parts get piece indexes and block ranges that exist.
 *
 * @module
 */
import { Bitfield } from "../base/bitfield.ts";
import { ProtocolError } from "../base/errors.ts";
import type { Geometry } from "../metainfo/geometry.ts";
import type { BlockRange, Message } from "../wire/message.ts";
import type { Downloads } from "./downloads.ts";
import type { Extensions } from "./extensions.ts";
import type { PeerState } from "./peer_slots.ts";
import type { SuperSeeding } from "./super_seeding.ts";
import type { Uploads } from "./uploads.ts";

/** Largest block that a peer may request, in bytes; other clients have the same limit. */
export const MAX_REQUEST_LENGTH = 128 * 1024;

/** The parts of the engine. */
export interface SwarmParts {
  readonly geometry: Geometry;
  readonly downloads: Downloads;
  readonly uploads: Uploads;
  readonly extensions: Extensions;
  readonly superSeeding: SuperSeeding;
}

/** @throws {ProtocolError} If the peer may not send the message, or not now. */
export function handleMessage(
  parts: SwarmParts,
  message: Message,
  { from, now }: { readonly from: PeerState; readonly now: number },
): void {
  const { geometry, downloads, uploads, extensions, superSeeding } = parts;
  const { sources } = downloads;
  const { source, upload, profile } = from;
  const { pieceCount } = geometry;
  switch (message.type) {
    case "choke":
      return sources.receiveChoke(source);
    case "unchoke":
      return sources.receiveUnchoke(source, now);
    case "interested":
      return uploads.receiveInterest(upload, true, now);
    case "notInterested":
      return uploads.receiveInterest(upload, false, now);
    case "have":
      checkIndex(message.index, pieceCount, "have");
      // A repeated have must not cost a scan of all pieces.
      if (!sources.receiveHave(source, message.index, now)) return;
      return superSeeding.peerHas(from, message.index, now);
    case "bitfield": {
      const pieces = parseBitfield(message.bytes, pieceCount);
      sources.receivePieces(source, pieces, now);
      return superSeeding.peerHasMany(from, now);
    }
    case "request": {
      const { index, offsetInPiece, length } = message;
      const range = { index, offsetInPiece, length };
      checkRequest(range, geometry);
      uploads.receiveRequest(upload, range, now);
      return superSeeding.peerRequested(from, index, now);
    }
    case "piece": {
      const { index, offsetInPiece, block: bytes } = message;
      const range = { index, offsetInPiece, length: bytes.length };
      const block = { id: blockIdOf(range, geometry), bytes };
      return downloads.receiveBlock(source, block, now);
    }
    case "cancel":
      return uploads.receiveCancel(upload, message, now);
    case "haveAll":
      requireFast(from, "have all");
      sources.receivePieces(source, Bitfield.full(pieceCount), now);
      return superSeeding.peerHasMany(from, now);
    case "haveNone":
      requireFast(from, "have none");
      if (source.pieces.count === 0) return;
      throw new ProtocolError(
        `Cannot accept have none: the peer announced ${source.pieces.count} pieces`,
      );
    case "reject": {
      requireFast(from, "reject request");
      const id = blockIdOf(message, geometry);
      if (id !== undefined) sources.receiveReject(source, id, now);
      return;
    }
    case "allowedFast":
      requireFast(from, "allowed fast");
      checkIndex(message.index, pieceCount, "allowed fast");
      return sources.receiveAllowedFast(source, message.index, now);
    case "suggest":
      requireFast(from, "suggest piece");
      // Not followed: the rarest piece is the better choice, and a piece in the
      // peer's cache saves a LAN nothing.
      return checkIndex(message.index, pieceCount, "suggest piece");
    case "extended":
      extensions.receive(profile, message, now);
      return sources.limitRequests(source, profile.requestQueueLength);
    case "keepAlive":
    case "unknown":
      return;
    default:
      message satisfies never;
  }
}

function requireFast({ peer }: PeerState, name: string): void {
  if (peer.extensions.fast) return;
  throw new ProtocolError(
    `Cannot accept ${name}: the peer did not offer the fast extension`,
  );
}

function checkIndex(index: number, pieceCount: number, name: string): void {
  if (index < pieceCount) return;
  throw new ProtocolError(
    `Cannot accept ${name}: the torrent has ${pieceCount} pieces, no piece ${index}`,
  );
}

function parseBitfield(bytes: Uint8Array, pieceCount: number): Bitfield {
  try {
    return Bitfield.fromBytes(bytes, pieceCount);
  } catch (cause) {
    const { message } = cause as Error;
    throw new ProtocolError(`Cannot accept bitfield: ${message}`, { cause });
  }
}

function checkRequest(range: BlockRange, geometry: Geometry): void {
  const { index, offsetInPiece, length } = range;
  if (length > MAX_REQUEST_LENGTH) {
    throw new ProtocolError(
      `Cannot accept request: ${length} bytes exceed the limit of ${MAX_REQUEST_LENGTH}`,
    );
  }
  if (geometry.contains(index, offsetInPiece, length)) return;
  throw new ProtocolError(
    `Cannot accept request: piece ${index}, offset ${offsetInPiece}, length ${length} is outside the torrent`,
  );
}

/**
 * The id of the block; `undefined` if we could not have requested it.
 * @throws {ProtocolError} If the block has another length.
 */
function blockIdOf(range: BlockRange, geometry: Geometry): number | undefined {
  const { index, offsetInPiece, length } = range;
  if (index >= geometry.pieceCount) return undefined;
  const id = geometry.blockIdAt(index, offsetInPiece);
  if (id === undefined || length === geometry.blockRange(id).length) return id;
  throw new ProtocolError(
    `Cannot accept block: piece ${index}, offset ${offsetInPiece} has ${length} bytes`,
  );
}
