/**
 * The entry of the engine: checks each message of a peer once, against the torrent and
 * the peer's extensions, and passes it to the part concerned. The parts get only piece
 * indexes and block ranges that exist, and `undefined` for blocks that do not. The
 * range of a cancel is not checked, as it is only compared with queued requests.
 *
 * @module
 */
import { Bitfield } from "../base/bitfield.ts";
import { ProtocolError } from "../base/errors.ts";
import { BLOCK_SIZE, type Geometry } from "../metainfo/geometry.ts";
import type { BlockRange, Message } from "../wire/message.ts";
import type { BlockRun, Downloads } from "./downloads.ts";
import type { Extensions } from "./extensions.ts";
import type { Peer, SwarmContext } from "./peer.ts";
import type { PeerState } from "./peer_slots.ts";
import type { SuperSeeding } from "./super_seeding.ts";
import { MAX_REQUEST_LENGTH, type Uploads } from "./uploads.ts";

/** Messages of the fast extension. [BEP 6] */
const FAST_MESSAGES: ReadonlySet<string> = new Set(
  ["haveAll", "haveNone", "reject", "allowedFast", "suggest"],
);

export interface SwarmParts {
  readonly context: SwarmContext;
  readonly downloads: Downloads;
  readonly uploads: Uploads;
  readonly extensions: Extensions;
  readonly superSeeding: SuperSeeding;
}

/** @throws {ProtocolError} If the peer may not send the message, or not now. */
export function handleMessage(
  parts: SwarmParts,
  message: Message,
  from: PeerState,
): void {
  const { context, downloads, uploads, extensions, superSeeding } = parts;
  const { geometry, sought } = context;
  const { peer, source, upload } = from;
  const { pieceCount } = geometry;
  if (!peer.extensions.fast && FAST_MESSAGES.has(message.type)) {
    refuse(`${message.type}: the peer did not offer the fast extension`);
  }
  switch (message.type) {
    case "choke":
      return downloads.receiveChoke(source);
    case "unchoke":
      return downloads.receiveUnchoke(source);
    case "interested":
      return uploads.receiveInterest(upload, true);
    case "notInterested":
      return uploads.receiveInterest(upload, false);
    case "have":
      checkIndex(message.index, pieceCount);
      // A repeated message must not cost a scan of all pieces.
      if (!downloads.receiveHave(source, message.index)) return;
      return superSeeding.peerHas(from, [message.index]);
    case "bitfield":
    case "haveAll": {
      // A repeated bitfield or have all must not cost a scan either.
      if (source.pieces.isFull) return;
      const pieces = message.type === "bitfield"
        ? parseBitfield(message.bytes, pieceCount)
        : Bitfield.full(pieceCount);
      const added = downloads.receiveBitfield(source, pieces);
      return superSeeding.peerHas(from, added);
    }
    case "request": {
      const { index, offsetInPiece, length } = message;
      const range = { index, offsetInPiece, length };
      checkRequest(range, geometry);
      if (!uploads.receiveRequest(upload, range)) return;
      return superSeeding.peerRequested(from, index);
    }
    case "piece": {
      const { index, offsetInPiece, block: bytes } = message;
      const range = { index, offsetInPiece, length: bytes.length };
      const blocks = blocksOf(range, geometry, peer);
      return downloads.receiveBlocks(source, blocks, bytes);
    }
    case "cancel":
      return uploads.receiveCancel(upload, message);
    case "haveNone":
      if (source.pieces.count === 0) return;
      return refuse(`haveNone: the peer has ${source.pieces.count} pieces`);
    case "reject":
      return downloads.receiveReject(
        source,
        blocksOf(message, geometry, peer),
      );
    case "allowedFast":
      checkIndex(message.index, pieceCount);
      return downloads.receiveAllowedFast(source, message.index);
    case "suggest":
      // Suggestions are ignored: the rarest piece is the better choice.
      return checkIndex(message.index, pieceCount);
    case "extended": {
      const { isComplete } = peer;
      extensions.receive(peer, message);
      // A super-seeder serves what it does not announce. [BEP 16]
      if (!isComplete && peer.isComplete && sought !== undefined) {
        downloads.receiveBitfield(source, sought);
      }
      return source.requests.window.limit(peer.requestQueueLength);
    }
    case "keepAlive":
    case "unknown":
      return;
    default:
      message satisfies never;
  }
}

function checkIndex(index: number, pieceCount: number): void {
  if (index < pieceCount) return;
  refuse(`message: the torrent has ${pieceCount} pieces, no piece ${index}`);
}

function parseBitfield(bytes: Uint8Array, pieceCount: number): Bitfield {
  try {
    return Bitfield.fromBytes(bytes, pieceCount);
  } catch (error) {
    throw new ProtocolError((error as Error).message);
  }
}

function checkRequest(range: BlockRange, geometry: Geometry): void {
  const { index, offsetInPiece, length } = range;
  if (length > MAX_REQUEST_LENGTH) {
    refuse(`request: ${length} bytes, at most ${MAX_REQUEST_LENGTH} allowed`);
  }
  if (geometry.contains(index, offsetInPiece, length)) return;
  refuse(
    `request: piece ${index}, offset ${offsetInPiece}, length ${length} is outside the torrent`,
  );
}

/** The blocks of a range; `undefined` if no block begins there. @throws {ProtocolError} If the range is not whole blocks, or is several from a peer that sends single blocks. */
function blocksOf(
  range: BlockRange,
  geometry: Geometry,
  { requestLength }: Peer,
): BlockRun | undefined {
  const { index, offsetInPiece, length } = range;
  if (index >= geometry.pieceCount) return undefined;
  const first = geometry.blockIdAt(index, offsetInPiece);
  if (first === undefined) return undefined;
  const { length: blockLength } = geometry.blockRange(first);
  if (length === blockLength) return { first, count: 1 };
  const isWhole = length % BLOCK_SIZE === 0 ||
    offsetInPiece + length === geometry.pieceLengthAt(index);
  // A peer that names no request length sends single blocks.
  const isRun = requestLength !== undefined && isWhole &&
    geometry.contains(index, offsetInPiece, length);
  if (isRun) return { first, count: Math.ceil(length / BLOCK_SIZE) };
  return refuse(
    `block: piece ${index}, offset ${offsetInPiece} has ${length} bytes`,
  );
}

function refuse(what: string): never {
  throw new ProtocolError(`Cannot accept ${what}`);
}
