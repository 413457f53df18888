/**
 * A torrent's content that takes no memory: one byte stands for a whole block
 * and tells which block it is, and a wrong copy tells another. A piece's "hash"
 * is right when all its bytes are, so a block in the wrong place and a block that
 * was never written are found as SHA-1 would find them.
 *
 * @module
 */
import { Geometry } from "../../lib/metainfo/geometry.ts";
import type { BlockRange } from "../../lib/wire/message.ts";

/** A prime, so that neighbouring pieces do not begin alike. */
const MARK_COUNT = 251;
const WRONG_MARK = 255;

const BLOCKS: readonly Uint8Array[] = Array.from(
  { length: 256 },
  (_, mark) => Uint8Array.of(mark),
);

/** Pieces of so many blocks, each of one byte that stands for so many. */
export function virtualGeometry(
  pieceCount: number,
  options: { blocksPerPiece: number; blockBytes: number },
): Geometry {
  const { blocksPerPiece, blockBytes } = options;
  return new Geometry(pieceCount * blocksPerPiece, blocksPerPiece, {
    blockLength: 1,
    blockBytes,
  });
}

/** A block as an honest host sends it: shared bytes. */
export function rightBlock(geometry: Geometry, range: BlockRange): Uint8Array {
  return BLOCKS[markOf(geometry, range.index, range.offsetInPiece)]!;
}

/** A block as no host should send it: shared bytes. */
export function wrongBlock(): Uint8Array {
  return BLOCKS[WRONG_MARK]!;
}

/** The verdict on a whole piece. */
export function isRight(
  geometry: Geometry,
  index: number,
  bytes: Uint8Array,
): boolean {
  if (bytes.length !== geometry.pieceLengthAt(index)) return false;
  for (let block = 0; block < bytes.length; block++) {
    if (bytes[block] !== markOf(geometry, index, block)) return false;
  }
  return true;
}

function markOf(geometry: Geometry, index: number, block: number): number {
  return geometry.blockId(index, block) % MARK_COUNT;
}
