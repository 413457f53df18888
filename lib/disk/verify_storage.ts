/**
 * Finds out which pieces of a torrent are stored whole, by their SHA-1. Memory
 * is at most {@linkcode MAX_BYTES_IN_FLIGHT}, or one piece where that is more.
 *
 * @module
 */
import { Bitfield } from "../base/bitfield.ts";
import type { Geometry } from "../metainfo/geometry.ts";
import { PIECE_HASH_LENGTH, type Torrent } from "../metainfo/torrent.ts";
import { sha1 } from "./sha1.ts";
import type { ByteRange, Storage } from "./storage.ts";

/**
 * Pieces read and hashed side by side. Measured for 1 GiB in /dev/shm on two
 * cores: one piece at a time 1.4 s, two or more 0.83 s; more than one a
 * core only helps to keep the cores busy while the next piece is read.
 */
const MAX_PIECES_IN_FLIGHT = 8;

const MAX_BYTES_IN_FLIGHT = 64 * 1024 * 1024;

/** How far a verification has come. */
export interface VerifyProgress {
  /** Pieces looked at, those that cannot be there included. */
  readonly checkedCount: number;
  /** Pieces found whole. */
  readonly verifiedCount: number;
}

/** Options for {@linkcode verifyStorage}. */
export interface VerifyStorageOptions {
  /** Ends the verification; its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Called for every piece hashed, and at the end. */
  readonly onProgress?: (progress: VerifyProgress) => void;
}

/**
 * The pieces whose content is stored and right. A missing or short file only
 * means missing pieces, which are not even read.
 * @throws {StorageError} If the disk cannot be read.
 */
export async function verifyStorage(
  storage: Storage,
  torrent: Torrent,
  options: VerifyStorageOptions = {},
): Promise<Bitfield> {
  const { signal, onProgress } = options;
  const { geometry } = torrent;
  const verified = new Bitfield(geometry.pieceCount);
  const present = presentPieces(geometry, await storage.presentRanges());
  let checkedCount = 0;

  /**
   * Takes pieces off `present`, which all workers share, until it is empty. One
   * that throws closes it, as leaving a loop over a generator does.
   */
  async function verifyPieces(): Promise<void> {
    const buffer = new Uint8Array(
      Math.min(geometry.pieceLength, geometry.length),
    );
    for (const index of present) {
      signal?.throwIfAborted();
      const piece = buffer.subarray(0, geometry.pieceLengthAt(index));
      await storage.read(geometry.pieceOffset(index), piece);
      if (isPieceHash(torrent, index, await sha1(piece))) verified.add(index);
      checkedCount = Math.max(checkedCount, index + 1);
      onProgress?.({ checkedCount, verifiedCount: verified.count });
    }
  }

  const piecesInFlight = Math.max(
    1,
    Math.min(
      MAX_PIECES_IN_FLIGHT,
      Math.floor(MAX_BYTES_IN_FLIGHT / geometry.pieceLength),
    ),
  );
  const workers = Array.from({ length: piecesInFlight }, verifyPieces);
  // All of them are over before a failure is passed on: no read is left behind.
  for (const outcome of await Promise.allSettled(workers)) {
    if (outcome.status === "rejected") throw outcome.reason;
  }
  signal?.throwIfAborted();
  onProgress?.({
    checkedCount: geometry.pieceCount,
    verifiedCount: verified.count,
  });
  return verified;
}

/** The pieces that lie in the ranges as a whole, ascending. */
function* presentPieces(
  geometry: Geometry,
  ranges: readonly ByteRange[],
): Generator<number, void> {
  for (const range of ranges) {
    const end = range.offsetInTorrent + range.length;
    // The torrent's last piece, which may be short, is whole at its end.
    const endPiece = end === geometry.length
      ? geometry.pieceCount
      : Math.floor(end / geometry.pieceLength);
    let index = Math.ceil(range.offsetInTorrent / geometry.pieceLength);
    for (; index < endPiece; index++) yield index;
  }
}

/** Whether `hash` is the one that the torrent names for the piece. */
export function isPieceHash(
  torrent: Torrent,
  index: number,
  hash: Uint8Array,
): boolean {
  const start = index * PIECE_HASH_LENGTH;
  return hash.length === PIECE_HASH_LENGTH &&
    hash.every((byte, at) => byte === torrent.pieceHashes[start + at]);
}
