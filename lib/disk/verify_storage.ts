/**
 * Finds out which pieces of a torrent are stored whole, by their SHA-1. Memory
 * is at most {@linkcode MAX_BYTES_IN_FLIGHT}, or one piece where that is more.
 *
 * @module
 */
import { Bitfield } from "../base/bitfield.ts";
import type { Geometry } from "../metainfo/geometry.ts";
import { PIECE_HASH_LENGTH, type Torrent } from "../metainfo/torrent.ts";
import { type PieceHasher, platformHasher } from "./piece_hasher.ts";
import type { KnownPieces } from "./resume_record.ts";
import type { ByteRange, Storage } from "./storage.ts";

/** Bytes read and hashed as one run of pieces, or one piece where that is more. */
const RUN_LENGTH = 1024 * 1024;
/** Runs read and hashed side by side: enough to keep four workers at it. */
const MAX_RUNS_IN_FLIGHT = 8;

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
  /** What a resume record says: those pieces are not read. @default none */
  readonly known?: KnownPieces;
  /** What hashes the pieces; the caller disposes of it. @default {platformHasher} */
  readonly hasher?: PieceHasher;
  /** Called for every run of pieces hashed, and at the end. */
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
  const { signal, onProgress, hasher = platformHasher, known } = options;
  const { geometry } = torrent;
  const verified = known === undefined
    ? new Bitfield(geometry.pieceCount)
    : Bitfield.fromBytes(known.have.toBytes(), geometry.pieceCount);
  const piecesPerRun = Math.max(
    1,
    Math.floor(RUN_LENGTH / geometry.pieceLength),
  );
  const present = presentRuns(
    geometry,
    await storage.presentRanges(),
    { maxCount: piecesPerRun, known: known?.known },
  );
  let checkedCount = 0;

  /**
   * Takes runs off `present`, which all readers share, until it is empty. One
   * that throws closes it, as leaving a loop over a generator does.
   */
  async function verifyRuns(): Promise<void> {
    let buffer = new ArrayBuffer(
      Math.min(piecesPerRun * geometry.pieceLength, geometry.length),
    );
    for (const { first, count } of present) {
      signal?.throwIfAborted();
      const offset = geometry.pieceOffset(first);
      const last = first + count - 1;
      const end = geometry.pieceOffset(last) + geometry.pieceLengthAt(last);
      const run = new Uint8Array(buffer, 0, end - offset);
      await storage.read(offset, run);
      const { bytes, hashes } = await hasher.hash(run, geometry.pieceLength);
      buffer = bytes.buffer;
      for (let at = 0; at < count; at++) {
        const hash = hashes.subarray(
          at * PIECE_HASH_LENGTH,
          (at + 1) * PIECE_HASH_LENGTH,
        );
        if (isPieceHash(torrent, first + at, hash)) verified.add(first + at);
      }
      checkedCount = Math.max(checkedCount, first + count);
      onProgress?.({ checkedCount, verifiedCount: verified.count });
    }
  }

  const runsInFlight = Math.max(
    1,
    Math.min(
      MAX_RUNS_IN_FLIGHT,
      Math.floor(MAX_BYTES_IN_FLIGHT / (piecesPerRun * geometry.pieceLength)),
    ),
  );
  const readers = Array.from({ length: runsInFlight }, verifyRuns);
  // All of them are over before a failure is passed on: no read is left behind.
  for (const outcome of await Promise.allSettled(readers)) {
    if (outcome.status === "rejected") throw outcome.reason;
  }
  signal?.throwIfAborted();
  onProgress?.({
    checkedCount: geometry.pieceCount,
    verifiedCount: verified.count,
  });
  return verified;
}

/**
 * The pieces that lie in the ranges as a whole and are not known, ascending, in
 * runs of at most `maxCount`.
 */
function* presentRuns(
  geometry: Geometry,
  ranges: readonly ByteRange[],
  { maxCount, known }: {
    readonly maxCount: number;
    readonly known: Bitfield | undefined;
  },
): Generator<{ first: number; count: number }, void> {
  for (const range of ranges) {
    const end = range.offsetInTorrent + range.length;
    // The torrent's last piece, which may be short, is whole at its end.
    const endPiece = end === geometry.length
      ? geometry.pieceCount
      : Math.floor(end / geometry.pieceLength);
    let first = Math.ceil(range.offsetInTorrent / geometry.pieceLength);
    while (first < endPiece) {
      const limit = Math.min(maxCount, endPiece - first);
      let count = 0;
      while (count < limit && !known?.has(first + count)) count++;
      if (count > 0) yield { first, count };
      // With the known piece that ended the run, if one did.
      first += count < limit ? count + 1 : count;
    }
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
