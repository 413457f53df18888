/**
 * Finds the pieces of a torrent that are stored whole, by their SHA-1.
 *
 * @module
 */
import { Bitfield } from "../base/bitfield.ts";
import { PIECE_HASH_LENGTH, type Torrent } from "../metainfo/torrent.ts";
import { hashRuns } from "./hash_runs.ts";
import type { KnownPieces } from "./resume_record.ts";
import type { Storage } from "./storage.ts";
import type { WorkerHasher } from "./worker_hasher.ts";

/** Progress of a verification, in pieces. */
export interface VerifyProgress {
  /** Checked, including those that cannot be there. */
  readonly checkedCount: number;
  /** Found whole. */
  readonly verifiedCount: number;
}

/** Options for {@linkcode verifyStorage}. */
export interface VerifyStorageOptions {
  /** Ends the verification; its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Pieces that a resume record knows: they are not read. @default none */
  readonly known?: KnownPieces;
  /** Hashes the files of a `FileStorage`. @default {the calling thread} */
  readonly hasher?: WorkerHasher;
  /** Called for every run of pieces that was hashed, and at the end. */
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
  const { signal, onProgress, hasher, known } = options;
  const { pieceCount } = torrent.geometry;
  const verified = known === undefined
    ? new Bitfield(pieceCount)
    : Bitfield.fromBytes(known.have.toBytes(), pieceCount);
  let checkedCount = 0;
  await hashRuns(storage, {
    geometry: torrent.geometry,
    ranges: await storage.presentRanges(),
    known: known?.known,
    hasher,
    signal,
    onHashed: (run, hashes) => {
      for (let at = 0; at < run.pieceCount; at++) {
        const start = at * PIECE_HASH_LENGTH;
        const hash = hashes.subarray(start, start + PIECE_HASH_LENGTH);
        if (isPieceHash(torrent, run.first + at, hash)) {
          verified.add(run.first + at);
        }
      }
      checkedCount = Math.max(checkedCount, run.first + run.pieceCount);
      onProgress?.({ checkedCount, verifiedCount: verified.count });
    },
  });
  signal?.throwIfAborted();
  onProgress?.({ checkedCount: pieceCount, verifiedCount: verified.count });
  return verified;
}

/** True if `hash` is that of a piece of the torrent. */
export function isPieceHash(
  torrent: Torrent,
  index: number,
  hash: Uint8Array,
): boolean {
  const start = index * PIECE_HASH_LENGTH;
  return hash.length === PIECE_HASH_LENGTH &&
    hash.every((byte, at) => byte === torrent.pieceHashes[start + at]);
}
