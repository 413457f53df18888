/**
 * Hashes the pieces of content, to create a torrent or to find the pieces that are
 * stored whole. This thread and workers take runs of pieces in turn, and each opens
 * and reads the files itself; only hashes travel.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { equals } from "@std/bytes/equals";
import { Bitfield } from "../base/bitfield.ts";
import { FileSpans } from "../metainfo/file_spans.ts";
import type { Geometry } from "../metainfo/geometry.ts";
import { PIECE_HASH_LENGTH, type Torrent } from "../metainfo/torrent.ts";
import type { KnownPieces } from "./resume_record.ts";
import {
  FileHasher,
  type FileParts,
  PieceHashes,
  READ_LENGTH,
  TURN_LENGTH,
} from "./piece_hashes.ts";
import type { ByteRange, ContentFiles, Storage } from "./storage.ts";
import type { HashWorker, WorkerHasher } from "./worker_hasher.ts";

/** Bytes in a run, or one piece if that is longer. */
const RUN_LENGTH = 4 * 1024 * 1024;
/** Runs in flight for each worker, so that none waits while this thread hashes. */
const RUNS_IN_FLIGHT = 4;

/** Progress of a verification, in pieces. */
export interface VerifyProgress {
  /** Pieces checked, including pieces that no file can hold. */
  readonly checkedCount: number;
  /** Pieces that match their hash. */
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
  const { pieceCount, pieceLength } = torrent.geometry;
  const verified = known === undefined
    ? new Bitfield(pieceCount)
    : Bitfield.fromBytes(known.have.toBytes(), pieceCount);
  let checkedCount = 0;
  await findPieces(storage, torrent, {
    ranges: await storage.presentRanges(),
    known: known?.known,
    ...{ hasher, signal, found: verified },
    onRun: ({ first, length }) => {
      const end = first + Math.ceil(length / pieceLength);
      checkedCount = Math.max(checkedCount, end);
      onProgress?.({ checkedCount, verifiedCount: verified.count });
    },
  });
  onProgress?.({ checkedCount: pieceCount, verifiedCount: verified.count });
  return verified;
}

/** Options of {@linkcode findPieces}. */
export interface FindPiecesOptions
  extends Omit<HashRunsOptions, "geometry" | "onHashed"> {
  /** Receives the pieces that match their hash. */
  readonly found: Bitfield;
  /** Called for every run of pieces that was hashed. */
  readonly onRun: (run: PieceRun) => void;
}

/**
 * Finds the pieces in some ranges that match their hash.
 * @throws {StorageError} If the content cannot be read.
 */
export async function findPieces(
  content: HashedContent,
  torrent: Torrent,
  { found, onRun, ...options }: FindPiecesOptions,
): Promise<void> {
  await hashRuns(content, {
    ...options,
    geometry: torrent.geometry,
    onHashed: (run, hashes) => {
      for (let at = 0; at < hashes.length; at += PIECE_HASH_LENGTH) {
        const index = run.first + at / PIECE_HASH_LENGTH;
        const hash = hashes.subarray(at, at + PIECE_HASH_LENGTH);
        if (isPieceHash(torrent, index, hash)) found.add(index);
      }
      onRun(run);
    },
  });
  options.signal?.throwIfAborted();
}

/** True if `hash` is that of a piece of the torrent. */
export function isPieceHash(
  torrent: Torrent,
  index: number,
  hash: Uint8Array,
): boolean {
  const start = index * PIECE_HASH_LENGTH;
  const end = start + PIECE_HASH_LENGTH;
  return equals(hash, torrent.pieceHashes.subarray(start, end));
}

/** Content to hash: files, or a storage that reads it and explains errors better. */
export type HashedContent =
  | Pick<Storage, "files" | "read">
  | { readonly files: ContentFiles; readonly read?: undefined };

/** Options of {@linkcode hashRuns}. */
export interface HashRunsOptions {
  readonly geometry: Geometry;
  /** Ascending and disjoint. A piece that is not inside one range is skipped. */
  readonly ranges: readonly ByteRange[];
  /** Pieces to skip. @default none */
  readonly known?: Bitfield | undefined;
  readonly hasher?: WorkerHasher | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Receives the hashes of each run, 20 bytes a piece; runs may end in any order. */
  readonly onHashed: (run: PieceRun, hashes: Uint8Array) => void;
}

/** Consecutive pieces: their bytes, and the index of the first one. */
export interface PieceRun extends ByteRange {
  readonly first: number;
}

/**
 * Hashes the pieces that lie in the ranges.
 * @throws {StorageError} If the content cannot be read.
 */
export async function hashRuns(
  content: HashedContent,
  options: HashRunsOptions,
): Promise<void> {
  const { geometry: { pieceLength }, hasher, signal, onHashed } = options;
  const { files } = content;
  const spans = new FileSpans(files?.files ?? []);
  const runs = pieceRuns(options);
  const fileHasher = new FileHasher();

  function partsOf({ offsetInTorrent, length }: PieceRun): FileParts {
    const parts = spans.at(offsetInTorrent, length).map((span) => {
      const { path, isPadding } = files!.files[span.fileIndex]!;
      return { ...span, path: isPadding ? undefined : path };
    });
    return { guardedDir: files!.guardedDir, parts, length, pieceLength };
  }

  /** Hashes a run with `read`, or hashes it again after a failure, whose error is thrown here. */
  async function hashAgain(run: PieceRun): Promise<Uint8Array> {
    if (!content.read) return await new FileHasher().hash(partsOf(run));
    const { offsetInTorrent, length } = run;
    const hashes = new PieceHashes({ length, pieceLength });
    const buffer = new Uint8Array(Math.min(READ_LENGTH, length));
    for (let done = 0; done < length;) {
      const bytes = buffer.subarray(0, length - done);
      await content.read(offsetInTorrent + done, bytes);
      hashes.add(bytes);
      done += bytes.length;
      if (done % TURN_LENGTH < bytes.length) await delay(0);
    }
    return hashes.finish();
  }

  // All lanes take from one generator. A lane that throws leaves its loop, which closes
  // the generator and so ends the other lanes.
  async function hashOn(
    hash: (parts: FileParts) => Promise<Uint8Array | undefined>,
  ): Promise<void> {
    for (const run of runs) {
      signal?.throwIfAborted();
      const hashes = files && await hash(partsOf(run));
      onHashed(run, hashes ?? await hashAgain(run));
    }
  }

  const failures: unknown[] = [];
  const lanes: Promise<unknown>[] = [];
  const startLane = (...lane: Parameters<typeof hashOn>): void => {
    lanes.push(hashOn(...lane).catch((error) => failures.push(error)));
  };
  const helpers = new Set<HashWorker>();
  const hashHere = (parts: FileParts): Promise<Uint8Array | undefined> => {
    const workers = hasher?.workersFor(0) ?? [];
    for (const worker of workers.filter((worker) => !helpers.has(worker))) {
      helpers.add(worker);
      for (let count = 0; count < RUNS_IN_FLIGHT; count++) {
        startLane(async (parts) => (await worker.request(parts)).hashes);
      }
    }
    return fileHasher.hash(parts).catch(() => undefined);
  };
  let length = 0;
  for (const run of pieceRuns(options)) length += run.length;
  if (files !== undefined) hasher?.workersFor(length);
  startLane(hashHere);
  // A failure is passed on after all lanes have ended: no read is left behind.
  for (const lane of lanes) await lane;
  if (failures.length > 0) throw failures[0];
}

/** The pieces to hash, ascending. */
function* pieceRuns(
  { geometry, ranges, known }: HashRunsOptions,
): Generator<PieceRun, undefined> {
  const { pieceLength, pieceCount } = geometry;
  const maxPieceCount = Math.max(1, Math.floor(RUN_LENGTH / pieceLength));
  for (const range of ranges) {
    const rangeEnd = range.offsetInTorrent + range.length;
    // The torrent's last piece may be short, and is whole at the end of the torrent.
    const end = rangeEnd === geometry.length
      ? pieceCount
      : Math.floor(rangeEnd / pieceLength);
    let next = Math.ceil(range.offsetInTorrent / pieceLength);
    while (next < end) {
      const first = next++;
      if (known?.has(first)) continue;
      const maxEnd = Math.min(end, first + maxPieceCount);
      while (next < maxEnd && !known?.has(next)) next++;
      const offsetInTorrent = first * pieceLength;
      const runEnd = Math.min(next * pieceLength, geometry.length);
      yield { first, offsetInTorrent, length: runEnd - offsetInTorrent };
    }
  }
}
