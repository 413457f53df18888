/**
 * Hashes the pieces of content, to create a torrent or to verify one. Workers open
 * and read the files themselves, and this thread hands out runs of pieces. Before a
 * worker has started, and if there are no files, this thread reads and hashes.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Bitfield } from "../base/bitfield.ts";
import { type FileSpan, FileSpans } from "../metainfo/file_spans.ts";
import type { Geometry } from "../metainfo/geometry.ts";
import type { FileParts } from "./hash_worker.ts";
import { PieceHashes } from "./sha1.ts";
import type { ByteRange, ContentFiles, Storage } from "./storage.ts";
import type { WorkerHasher } from "./worker_hasher.ts";

/** Bytes in a run, or one piece if that is longer. */
const RUN_LENGTH = 4 * 1024 * 1024;
/** Runs in flight: two for each of four workers, so that none waits. */
const RUNS_IN_FLIGHT = 8;
/** Bytes that this thread reads at a time. */
const READ_LENGTH = 256 * 1024;
/** This thread's other work gets a turn after so much hashing, in milliseconds. */
const TURN_MS = 10;

/** Options of {@linkcode hashRuns}. */
export interface HashRunsOptions {
  readonly geometry: Geometry;
  /** Ascending and disjoint. A piece that is not inside of one is skipped. */
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
    const { offsetInTorrent, length } = run;
    const answer = files && await hasher?.request({
      source: locate(files, spans.at(offsetInTorrent, length)),
      length,
      pieceLength,
    });
    onHashed(run, answer?.hashes ?? await hashHere(run));
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
  // All lanes take from one generator. A lane that throws closes it, as leaving a
  // loop over a generator does, and so ends the others.
  const lanes = Array.from({ length: RUNS_IN_FLIGHT }, async () => {
    for (const run of runs) await hashRun(run);
  });
  // A failure is passed on after all lanes have ended: no read is left behind.
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
    const rangeEnd = range.offsetInTorrent + range.length;
    // The torrent's last piece, which may be short, is whole at its end.
    const end = rangeEnd === geometry.length
      ? geometry.pieceCount
      : Math.floor(rangeEnd / pieceLength);
    let first = Math.ceil(range.offsetInTorrent / pieceLength);
    while (first < end) {
      let next = first;
      while (
        next < end && next < first + maxPieceCount && !known?.has(next)
      ) next++;
      if (next > first) {
        const offsetInTorrent = first * pieceLength;
        const length = Math.min(next * pieceLength, geometry.length) -
          offsetInTorrent;
        yield { first, pieceCount: next - first, offsetInTorrent, length };
      }
      first = known?.has(next) ? next + 1 : next;
    }
  }
}

function locate(
  { guardedDir, files }: ContentFiles,
  spans: readonly FileSpan[],
): FileParts {
  const parts = spans.map((span) => {
    const { path, isPadding } = files[span.fileIndex]!;
    return { ...span, path: isPadding ? undefined : path };
  });
  return { guardedDir, parts };
}
