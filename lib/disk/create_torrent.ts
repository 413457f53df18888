/**
 * Creates a torrent from a file or folder on the disk, and proves that the source
 * did not change meanwhile.
 *
 * @module
 */
import { StorageError } from "../base/errors.ts";
import { buildTorrent, type NewTorrent } from "../metainfo/build_torrent.ts";
import { readUrl } from "../metainfo/clean_text.ts";
import { BLOCK_SIZE, Geometry, PIECE_LENGTH } from "../metainfo/geometry.ts";
import { MetainfoError } from "../metainfo/metainfo_error.ts";
import { MAX_PIECE_LENGTH } from "../metainfo/parse_torrent.ts";
import { findComponentFault, platformOf } from "../metainfo/safe_path.ts";
import {
  PIECE_HASH_LENGTH,
  type Torrent,
  type TorrentFile,
} from "../metainfo/torrent.ts";
import { hashRuns } from "./hash_content.ts";
import {
  contentOf,
  findSourceChange,
  scanSource,
  type ScanSourceOptions,
} from "./source.ts";
import { parseTorrentFile } from "./torrent_file.ts";
import type { WorkerHasher } from "./worker_hasher.ts";

/** Progress of {@linkcode createTorrent}. */
export interface CreateTorrentProgress {
  /** Bytes hashed so far. */
  readonly hashedLength: number;
  /** Bytes to hash in all. */
  readonly length: number;
}

/** Options of {@linkcode createTorrent}. */
export interface CreateTorrentOptions
  extends
    ScanSourceOptions,
    Partial<Pick<NewTorrent, "isPrivate" | "comment" | "creationDate">> {
  /** Tracker URLs, best first, each a tier of its own. */
  readonly announce: readonly string[];
  /** In bytes, a power of two from 16 KiB to 256 MiB. @default {PIECE_LENGTH} */
  readonly pieceLength?: number;
  /** Name of the download. @default {last component of the path} */
  readonly name?: string;
  /** Called once, before reading, with all paths, each with the torrent's name first. */
  readonly onPaths?: (paths: readonly TorrentFile["path"][]) => void;
  /** Hashes the files. @default {the calling thread} */
  readonly hasher?: WorkerHasher;
  /** Called for every run of pieces that was hashed. */
  readonly onProgress?: (progress: CreateTorrentProgress) => void;
}

/** A new torrent file, not yet on the disk. */
export interface CreatedTorrent {
  /** The file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The torrent as peers will read it. */
  readonly torrent: Torrent;
}

/**
 * Reads all of a file or folder and makes a torrent of it, in memory.
 * @throws {RangeError} If `pieceLength` is not one of those allowed, or a tracker's URL
 * is not one.
 * @throws {StorageError} If the source cannot be read, or changes while it is.
 */
export async function createTorrent(
  path: string,
  options: CreateTorrentOptions,
): Promise<CreatedTorrent> {
  const { onProgress, signal, hasher, pieceLength = PIECE_LENGTH } = options;
  const platform = options.platform ?? platformOf(Deno.build.os);
  checkPieceLength(pieceLength);
  const announce = options.announce.map(readUrl);
  const source = await scanSource(path, options);
  const { length, files, isFolder } = source;
  const { name = source.name } = options;
  const fault = findComponentFault(name, platform);
  if (fault !== undefined) {
    throw new StorageError(
      `Cannot create torrent: the name ${
        JSON.stringify(name)
      } ${fault}; give another with --name`,
    );
  }
  options.onPaths?.(files.map(({ path }) => [name, ...path]));
  const geometry = new Geometry(length, pieceLength);
  const pieceHashes = new Uint8Array(geometry.pieceCount * PIECE_HASH_LENGTH);
  let hashedLength = 0;
  await hashRuns(contentOf(source), {
    geometry,
    ranges: [{ offsetInTorrent: 0, length }],
    hasher,
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
    announce,
    content: isFolder ? { type: "folder", files } : { type: "file", length },
    pieceLength,
    pieceHashes,
  });
  try {
    return { bytes, torrent: await parseTorrentFile(bytes, platform) };
  } catch (cause) {
    if (!(cause instanceof MetainfoError)) throw cause;
    throw new StorageError(
      `Cannot create torrent: peers would refuse it, as the ${cause.field} ${cause.reason}; share fewer files or use longer pieces`,
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
    Number.isInteger(Math.log2(pieceLength)) &&
    pieceLength >= BLOCK_SIZE && pieceLength <= MAX_PIECE_LENGTH
  ) return;
  throw new RangeError(
    `Cannot use pieces of ${pieceLength} bytes: not a power of two from ${BLOCK_SIZE} to ${MAX_PIECE_LENGTH}`,
  );
}
