/**
 * A torrent's content that takes no memory: the first byte of every block tells
 * which block it is, and a wrong copy tells another. A piece's "hash" is right
 * when the first bytes of its blocks are, so a block in the wrong place and a
 * block that was never written are found as SHA-1 would find them.
 *
 * @module
 */
import { BLOCK_SIZE, type Geometry } from "../../lib/metainfo/geometry.ts";
import type { BlockRange } from "../../lib/wire/message.ts";

/** A prime, so that neighbouring pieces do not begin alike. */
const MARK_COUNT = 251;
const WRONG_MARK = 255;

/** Marks 0 to 250 again and again: a view that starts at a mark begins with it. */
const MARKS = Uint8Array.from(
  { length: BLOCK_SIZE + MARK_COUNT },
  (_, offset) => offset % MARK_COUNT,
);
const WRONG_BLOCK = new Uint8Array(BLOCK_SIZE).fill(WRONG_MARK);

/** A block as an honest host sends it: a view of shared bytes. */
export function rightBlock(geometry: Geometry, range: BlockRange): Uint8Array {
  const mark = markOf(geometry, range.index, range.offsetInPiece);
  return MARKS.subarray(mark, mark + range.length);
}

/** A block as no host should send it: a view of shared bytes. */
export function wrongBlock(range: BlockRange): Uint8Array {
  return WRONG_BLOCK.subarray(0, range.length);
}

/** The verdict on a whole piece. */
export function isRight(
  geometry: Geometry,
  index: number,
  bytes: Uint8Array,
): boolean {
  if (bytes.length !== geometry.pieceLengthAt(index)) return false;
  for (let offset = 0; offset < bytes.length; offset += BLOCK_SIZE) {
    if (bytes[offset] !== markOf(geometry, index, offset)) return false;
  }
  return true;
}

function markOf(
  geometry: Geometry,
  index: number,
  offsetInPiece: number,
): number {
  return geometry.blockId(index, offsetInPiece / BLOCK_SIZE) % MARK_COUNT;
}
