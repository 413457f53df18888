/**
 * Hashes the pieces of content, to create a torrent or to verify one. Whoever
 * hashes also reads: workers open the files themselves, and this thread only hands
 * out runs of pieces. Before a worker has started, and for content that only this
 * thread can read, this thread reads and hashes as well.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Bitfield } from "../base/bitfield.ts";
import { FileSpans } from "../metainfo/file_spans.ts";
import type { Geometry } from "../metainfo/geometry.ts";
import type { FileRun } from "./hash_worker.ts";
import { PieceHashes } from "./sha1.ts";
import type { ByteRange, ContentFiles, Storage } from "./storage.ts";
import type { WorkerHasher } from "./worker_hasher.ts";

/** Bytes in a run, or one piece if that is longer. */
const RUN_LENGTH = 4 * 1024 * 1024;
/** Runs handed out at once: two for each of four workers, so that none waits. */
const MAX_RUNS_IN_FLIGHT = 8;
/** Bytes that this thread reads at a time. */
const READ_LENGTH = 256 * 1024;
/** Longest that this thread hashes before its other work gets a turn, in milliseconds. */
const TURN_MS = 10;

/** Options of {@linkcode hashRuns}. */
export interface HashRunsOptions {
  readonly geometry: Geometry;
  /** Ascending and disjoint. Pieces that lie outside, also in part, are skipped. */
  readonly ranges: readonly ByteRange[];
  /** Pieces to skip. @default none */
  readonly known?: Bitfield | undefined;
  /** @default {this thread} */
  readonly hasher?: WorkerHasher | undefined;
  /** Ends the work; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Receives the hashes of each run, 20 bytes a piece; runs may end in any order. */
  readonly onHashed: (run: PieceRun, hashes: Uint8Array) => void;
}

/** Consecutive pieces. */
export interface PieceRun {
  /** Index of the first piece. */
  readonly first: number;
  readonly pieceCount: number;
  readonly offsetInTorrent: number;
  /** In bytes. */
  readonly length: number;
}

/**
 * Hashes the pieces that lie in the ranges.
 * @throws {StorageError} If the content cannot be read.
 */
export async function hashRuns(
  content: Pick<Storage, "read" | "files">,
  options: HashRunsOptions,
): Promise<void> {
  const { geometry: { pieceLength }, hasher, signal, onHashed } = options;
  const { files } = content;
  const spans = new FileSpans(files?.files ?? []);
  const runs = pieceRuns(options);
  let turnEndMs = performance.now() + TURN_MS;

  async function hashRun(run: PieceRun): Promise<void> {
    signal?.throwIfAborted();
    const hashes = await hashOnWorker(run) ?? await hashHere(run);
    onHashed(run, hashes);
  }

  async function hashOnWorker(run: PieceRun): Promise<Uint8Array | undefined> {
    if (files === undefined || hasher === undefined) return undefined;
    return await hasher.hashRun(toFileRun(run, { files, spans, pieceLength }));
  }

  async function hashHere(run: PieceRun): Promise<Uint8Array> {
    const { offsetInTorrent, length } = run;
    const hashes = new PieceHashes({ length, pieceLength });
    const buffer = new Uint8Array(Math.min(READ_LENGTH, length));
    for (let done = 0; done < length;) {
      if (performance.now() >= turnEndMs) {
        await delay(0);
        turnEndMs = performance.now() + TURN_MS;
      }
      const bytes = buffer.subarray(0, length - done);
      await content.read(offsetInTorrent + done, bytes);
      hashes.add(bytes);
      done += bytes.length;
    }
    return hashes.finish();
  }

  while (files === undefined || !hasher?.isReady) {
    const { value: run } = runs.next();
    if (run === undefined) return;
    await hashRun(run);
  }
  // All lanes take from one generator. One that throws closes it, as leaving a
  // loop over a generator does, and so ends the others.
  const lanes = Array.from({ length: MAX_RUNS_IN_FLIGHT }, async () => {
    for (const run of runs) await hashRun(run);
  });
  // All of them end before a failure is passed on: no read is left behind.
  for (const outcome of await Promise.allSettled(lanes)) {
    if (outcome.status === "rejected") throw outcome.reason;
  }
}

/** The pieces to hash, ascending. */
function* pieceRuns(
  { geometry, ranges, known }: HashRunsOptions,
): Generator<PieceRun, undefined> {
  const { pieceLength } = geometry;
  const maxPieceCount = Math.max(1, Math.floor(RUN_LENGTH / pieceLength));
  for (const range of ranges) {
    const end = range.offsetInTorrent + range.length;
    // The torrent's last piece, which may be short, is whole at its end.
    const endPiece = end === geometry.length
      ? geometry.pieceCount
      : Math.floor(end / pieceLength);
    let first = Math.ceil(range.offsetInTorrent / pieceLength);
    while (first < endPiece) {
      const limit = Math.min(maxPieceCount, endPiece - first);
      let pieceCount = 0;
      while (pieceCount < limit && !known?.has(first + pieceCount)) {
        pieceCount++;
      }
      if (pieceCount > 0) {
        const offsetInTorrent = geometry.pieceOffset(first);
        const last = first + pieceCount - 1;
        const length = geometry.pieceOffset(last) +
          geometry.pieceLengthAt(last) - offsetInTorrent;
        yield { first, pieceCount, offsetInTorrent, length };
      }
      // A known piece that ended the run is skipped.
      first += pieceCount < limit ? pieceCount + 1 : pieceCount;
    }
  }
}

function toFileRun(
  { offsetInTorrent, length }: PieceRun,
  { files, spans, pieceLength }: {
    readonly files: ContentFiles;
    readonly spans: FileSpans;
    readonly pieceLength: number;
  },
): FileRun {
  const parts = spans.at(offsetInTorrent, length).map((span) => {
    const { path, isPadding } = files.files[span.fileIndex]!;
    const { offsetInFile, length } = span;
    return { path: isPadding ? undefined : path, offsetInFile, length };
  });
  return { guardedDir: files.guardedDir, parts, length, pieceLength };
}
