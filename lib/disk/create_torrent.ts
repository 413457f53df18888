/**
 * From a file or folder on the disk to the bytes of a torrent file, and proof
 * that the source stood still meanwhile.
 *
 * @module
 */
import { StorageError } from "../base/errors.ts";
import { buildTorrent, type NewTorrent } from "../metainfo/build_torrent.ts";
import { Geometry, PIECE_LENGTH } from "../metainfo/geometry.ts";
import { MAX_PIECE_LENGTH } from "../metainfo/parse_torrent.ts";
import {
  findComponentFault,
  type Platform,
  platformOf,
} from "../metainfo/safe_path.ts";
import { MetainfoError } from "../metainfo/metainfo_error.ts";
import {
  PIECE_HASH_LENGTH,
  type Torrent,
  type TorrentFile,
} from "../metainfo/torrent.ts";
import { FileSpans } from "../metainfo/file_spans.ts";
import { SyncWhenFast } from "./sync_when_fast.ts";
import type { WorkerHasher } from "./worker_hasher.ts";
import { hashRuns } from "./hash_runs.ts";
import type { ContentFiles } from "./storage.ts";
import {
  findSourceChange,
  scanSource,
  type ScanSourceOptions,
  type Source,
  sourceFailure,
} from "./source.ts";
import { parseTorrentFile } from "./torrent_file.ts";

/** Shortest piece of a new torrent, in bytes: one block. */
export const MIN_PIECE_LENGTH = 16384;

/** How far the work is. */
export interface CreateTorrentProgress {
  /** What is done, in bytes. */
  readonly hashedLength: number;
  /** All of it, in bytes. */
  readonly length: number;
}

/** Options of {@linkcode createTorrent}. */
export interface CreateTorrentOptions extends
  ScanSourceOptions,
  Partial<
    Pick<NewTorrent, "isPrivate" | "comment" | "creationDate">
  > {
  /** Tracker URLs, best first, each a tier of its own. */
  readonly announce: readonly string[];
  /** In bytes, a power of two from 16 KiB to 256 MiB. @default {PIECE_LENGTH} */
  readonly pieceLength?: number;
  /** What the download is called. @default {last component of the path} */
  readonly name?: string;
  /** Told the paths of what will be read, each with the torrent's name first, before it is. */
  readonly onPaths?: (paths: readonly TorrentFile["path"][]) => void;
  /**
   * Its workers read and hash the files; the caller disposes of it.
   * @default {the calling thread hashes}
   */
  readonly hasher?: WorkerHasher;
  /** Told now and then how far the work is. */
  readonly onProgress?: (progress: CreateTorrentProgress) => void;
}

/** A new torrent file, not yet on the disk. */
export interface CreatedTorrent {
  /** The file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What it says, as peers will read it. */
  readonly torrent: Torrent;
}

/**
 * Reads all of a file or folder and makes a torrent of it, in memory.
 * @throws {RangeError} If `pieceLength` is not one of those allowed.
 * @throws {StorageError} If the source cannot be read, or changes while it is.
 */
export async function createTorrent(
  path: string,
  options: CreateTorrentOptions,
): Promise<CreatedTorrent> {
  const { onProgress, signal, pieceLength = PIECE_LENGTH } = options;
  checkPieceLength(pieceLength);
  const source = await scanSource(path, options);
  const { length } = source;
  const name = checkName(
    options.name ?? source.name,
    options.platform ?? platformOf(Deno.build.os),
  );
  options.onPaths?.(source.files.map(({ path }) => [name, ...path]));
  const geometry = new Geometry(length, pieceLength);
  const pieceHashes = new Uint8Array(geometry.pieceCount * PIECE_HASH_LENGTH);
  let hashedLength = 0;
  await hashRuns(new SourceContent(source), {
    geometry,
    ranges: [{ offsetInTorrent: 0, length }],
    hasher: options.hasher,
    signal,
    onHashed: (run, hashes) => {
      pieceHashes.set(hashes, run.first * PIECE_HASH_LENGTH);
      hashedLength += run.length;
      onProgress?.({ hashedLength, length });
    },
  });
  const change = findSourceChange(source, await scanSource(path, options));
  if (change !== undefined) {
    throw new StorageError(
      `Cannot create torrent: ${change} while it was read; wait until nothing changes it and run again`,
    );
  }
  const bytes = buildTorrent({
    ...options,
    name,
    content: contentOf(source),
    pieceLength,
    pieceHashes,
  });
  return { bytes, torrent: await readBack(bytes, options.platform) };
}

/** The content of a source. Its links are followed. */
class SourceContent {
  readonly files: ContentFiles;
  readonly #source: Source;
  readonly #spans: FileSpans;
  readonly #fileSystem = new SyncWhenFast();

  constructor(source: Source) {
    this.#source = source;
    this.#spans = new FileSpans(source.files);
    this.files = {
      guardedDir: undefined,
      files: source.files.map(({ diskPath, length }) => (
        { path: [diskPath], length, isPadding: false }
      )),
    };
  }

  /** @throws {StorageError} If a file cannot be read or is shorter than it was. */
  async read(offsetInTorrent: number, into: Uint8Array): Promise<void> {
    let done = 0;
    for (const span of this.#spans.at(offsetInTorrent, into.length)) {
      const { diskPath } = this.#source.files[span.fileIndex]!;
      const part = into.subarray(done, done += span.length);
      try {
        using file = await this.#fileSystem.open(diskPath, { read: true });
        await this.#fileSystem.read(file, span.offsetInFile, part);
      } catch (error) {
        throw sourceFailure(diskPath, error);
      }
    }
  }
}

/** @throws {StorageError} If peers would not take the torrent file. */
async function readBack(
  bytes: Uint8Array,
  platform: Platform | undefined,
): Promise<Torrent> {
  try {
    return await parseTorrentFile(bytes, platform);
  } catch (cause) {
    if (!(cause instanceof MetainfoError)) throw cause;
    throw new StorageError(
      `Cannot create torrent: peers would not take it, as the ${cause.field} ${cause.reason}; share fewer files or use longer pieces`,
      { cause },
    );
  }
}

/**
 * Checks the piece length of a new torrent.
 * @throws {RangeError} If it is not a power of two from 16 KiB to 256 MiB.
 */
export function checkPieceLength(pieceLength: number): void {
  if (
    !Number.isInteger(Math.log2(pieceLength)) ||
    pieceLength < MIN_PIECE_LENGTH || pieceLength > MAX_PIECE_LENGTH
  ) {
    throw new RangeError(
      `Cannot use pieces of ${pieceLength} bytes: not a power of two from ${MIN_PIECE_LENGTH} to ${MAX_PIECE_LENGTH}`,
    );
  }
}

function contentOf(source: Source): NewTorrent["content"] {
  return source.isFolder
    ? { type: "folder", files: source.files }
    : { type: "file", length: source.length };
}

function checkName(name: string, platform: Platform): string {
  const fault = findComponentFault(name, platform);
  if (fault === undefined) return name;
  throw new StorageError(
    `Cannot create torrent: the name ${
      JSON.stringify(name)
    } ${fault}; give another with --name`,
  );
}
