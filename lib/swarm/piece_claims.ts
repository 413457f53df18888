/**
 * What peers say of pieces, held against the torrent's shape.
 *
 * @module
 */
import { Bitfield } from "../base/bitfield.ts";
import { ProtocolError } from "../base/errors.ts";
import type { Geometry } from "../metainfo/geometry.ts";
import type { BlockRange } from "../wire/message.ts";

/** Reads a bitfield. @throws {ProtocolError} If it has the wrong length or spare bits. */
export function parseBitfield(bytes: Uint8Array, pieceCount: number): Bitfield {
  try {
    return Bitfield.fromBytes(bytes, pieceCount);
  } catch (error) {
    throw new ProtocolError(
      `Cannot take bitfield: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** @throws {ProtocolError} If the peer that says it has nothing has said otherwise. [BEP 6] */
export function checkHaveNone(peer: { readonly pieces: Bitfield }): void {
  if (peer.pieces.count === 0) return;
  throw new ProtocolError(
    `Cannot take have none: the peer has ${peer.pieces.count} pieces`,
  );
}

/** @throws {ProtocolError} If the torrent has no such piece; `message` names what says so. */
export function checkPieceIndex(
  index: number,
  options: { peer: { readonly pieces: Bitfield }; message: string },
): void {
  const { peer, message } = options;
  if (index < peer.pieces.length) return;
  throw new ProtocolError(
    `Cannot take ${message}: piece ${index} of ${peer.pieces.length}`,
  );
}

/**
 * The id of the block that a message is about; `undefined` if it is none that we
 * could have asked for.
 * @throws {ProtocolError} If its length is another.
 */
export function blockIdOf(
  { index, offsetInPiece, length }: BlockRange,
  geometry: Geometry,
): number | undefined {
  if (index >= geometry.pieceCount) return undefined;
  const id = geometry.blockIdAt(index, offsetInPiece);
  if (id === undefined) return undefined;
  if (length !== geometry.blockRange(id).length) {
    throw new ProtocolError(
      `Cannot take block: piece ${index}, offset ${offsetInPiece} is ${length} bytes long`,
    );
  }
  return id;
}

/** The request for a block. */
export function requestOf(
  id: number,
  geometry: Geometry,
): { readonly type: "request" } & BlockRange {
  const { index, offsetInPiece, length } = geometry.blockRange(id);
  return { type: "request", index, offsetInPiece, length };
}
