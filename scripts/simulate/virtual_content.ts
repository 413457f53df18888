/**
 * Content that takes no memory: one byte stands for a whole block
 * and marks it, and a corrupt copy has another mark. A piece passes its "hash check"
 * if all its bytes are correct, so a block in the wrong place and a block that
 * was never written are found as SHA-1 would find them.
 */
import { BLOCK_SIZE, Geometry } from "../../lib/metainfo/geometry.ts";
import {
  REQUEST_LIMITS,
  type RequestLimits,
} from "../../lib/swarm/outstanding_requests.ts";
import type { BlockRange } from "../../lib/wire/message.ts";

/** A prime, so that neighbouring pieces begin differently. */
const MARK_COUNT = 251;

const BLOCKS: readonly Uint8Array[] = Array.from(
  { length: MARK_COUNT },
  (_, mark) => Uint8Array.of(mark),
);

export const CORRUPT_BLOCK: Uint8Array = Uint8Array.of(MARK_COUNT);

/** A geometry with blocks of one byte. */
export class VirtualGeometry extends Geometry {
  constructor(pieceCount: number, blocksPerPiece: number) {
    super(pieceCount * blocksPerPiece, blocksPerPiece);
  }

  override blockCountAt(index: number): number {
    return this.pieceLengthAt(index);
  }

  override blockLengthAt(): number {
    return 1;
  }

  override blockId(index: number, block: number): number {
    return index * this.pieceLength + block;
  }

  override blockOfId(id: number): { index: number; block: number } {
    const index = Math.floor(id / this.pieceLength);
    return { index, block: id - index * this.pieceLength };
  }

  override blockRange(id: number): BlockRange {
    const { index, block } = this.blockOfId(id);
    return { index, offsetInPiece: block, length: 1 };
  }

  override blockIdAt(index: number, offsetInPiece: number): number | undefined {
    return offsetInPiece < this.pieceLengthAt(index)
      ? this.blockId(index, offsetInPiece)
      : undefined;
  }
}

/**
 * The engine's limits for blocks that stand for `blockBytes` each: the same bytes
 * in flight as with ordinary blocks. If not one fits, two, so that one is on its way
 * while another is served.
 */
export function virtualRequestLimits(blockBytes: number): RequestLimits {
  const { leastCount, mostCount, slackCount } = REQUEST_LIMITS;
  const scale = BLOCK_SIZE / blockBytes;
  return {
    leastCount: Math.floor(leastCount * scale) || 2,
    mostCount: Math.max(2, Math.floor(mostCount * scale)),
    slackCount: Math.max(1, Math.ceil(slackCount * scale)),
  };
}

export function correctBlock(
  geometry: Geometry,
  range: BlockRange,
): Uint8Array {
  return BLOCKS[markOf(geometry, range.index, range.offsetInPiece)]!;
}

/** True if a complete piece passes its hash check. */
export function isCorrect(
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
