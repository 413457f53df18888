/**
 * Creates a torrent from a file or folder on the disk, and proves that the source
 * did not change meanwhile.
 *
 * @module
 */
import { readUrl } from "../base/clean_text.ts";
import { StorageError } from "../base/errors.ts";
import type { FileStamp } from "../files/file_system.ts";
import { hashRuns } from "../disk/hash_content.ts";
import {
  MAX_TORRENT_FILE_LENGTH,
  parseTorrentFile,
} from "../disk/torrent_file.ts";
import type { WorkerHasher } from "../disk/worker_hasher.ts";
import { buildTorrent, type NewTorrent } from "../metainfo/build_torrent.ts";
import {
  BLOCK_SIZE,
  choosePieceLength,
  Geometry,
  MAX_PIECE_LENGTH,
} from "../metainfo/geometry.ts";
import { MetainfoError } from "../metainfo/metainfo_error.ts";
import { findComponentFault, platformOf } from "../metainfo/safe_path.ts";
import {
  PIECE_HASH_LENGTH,
  type Torrent,
  type TorrentFile,
} from "../metainfo/torrent.ts";
import {
  alignSource,
  contentOf,
  findSourceChange,
  scanSource,
} from "./source.ts";
import type { LostProperties, ScanSourceOptions } from "./walk_source.ts";

/** Progress of {@linkcode createTorrent}. */
export interface CreateTorrentProgress {
  /** Bytes hashed so far. */
  readonly hashedLength: number;
  /** Bytes to hash in all. */
  readonly length: number;
}

/** Options of {@linkcode createTorrent}. */
export interface CreateTorrentOptions extends
  ScanSourceOptions,
  Partial<
    Pick<
      NewTorrent,
      "isPrivate" | "similar" | "collections" | "comment" | "creationDate"
    >
  > {
  /** Tracker URLs, best first, each a tier of its own. */
  readonly announce: readonly string[];
  /** In bytes, a power of two from 16 KiB to 256 MiB. @default {choosePieceLength(length)} */
  readonly pieceLength?: number;
  /**
   * True to have every file begin at a piece, false to have none.
   * @default {true for a folder whose padding stays below 1 % of its content}
   */
  readonly isAligned?: boolean | undefined;
  /** Name of the download. @default {last component of the path} */
  readonly name?: string;
  /** Called once, before reading, with all paths, each with the torrent's name first. */
  readonly onPaths?: (paths: readonly TorrentFile["path"][]) => void;
  /** Called and awaited before the first byte is read; what it throws ends the creation. */
  readonly onPlan?: (plan: CreateTorrentPlan) => void | Promise<void>;
  /** Hashes the files. @default {the calling thread} */
  readonly hasher?: WorkerHasher;
  /** Called for every run of pieces that was hashed. */
  readonly onProgress?: (progress: CreateTorrentProgress) => void;
}

/** Counts and sizes of a new torrent, known before its content is read. */
export interface CreateTorrentPlan {
  /** Bytes of content, pieces, and their length. */
  readonly geometry: Geometry;
  /** Bytes of content without padding. */
  readonly fileLength: number;
  /** Number of files, without links and padding. */
  readonly fileCount: number;
  /** Number of symbolic links that stay links. */
  readonly linkCount: number;
  /** Length of the torrent file, in bytes. */
  readonly torrentFileLength: number;
  /** Properties that the torrent does not describe. */
  readonly lost: LostProperties;
}

/** A new torrent file, not yet on the disk. */
export interface CreatedTorrent {
  /** The file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The torrent as peers will read it. */
  readonly torrent: Torrent;
  /** The state of each of its files when it was hashed. */
  readonly stamps: readonly FileStamp[];
}

/**
 * Reads all of a file or folder and makes a torrent of it, in memory.
 * @throws {RangeError} If `pieceLength` is not allowed, or a tracker's URL is invalid.
 * @throws {StorageError} If the source cannot be read, or changes meanwhile. Also if
 * peers would refuse the torrent file, which is checked before the content is read.
 */
export async function createTorrent(
  path: string,
  options: CreateTorrentOptions,
): Promise<CreatedTorrent> {
  const { onProgress, signal, hasher } = options;
  const platform = options.platform ?? platformOf(Deno.build.os);
  if (options.pieceLength !== undefined) checkPieceLength(options.pieceLength);
  const announce = options.announce.map(readUrl);
  const source = await scanSource(path, options);
  // Workers start while the torrent is planned.
  hasher?.workersFor(source.length);
  const { isFolder, lost } = source;
  const { pieceLength = choosePieceLength(source.length) } = options;
  const aligned = alignSource(source, pieceLength, options.isAligned);
  const { files, length } = aligned;
  const { name = source.name } = options;
  const fault = findComponentFault(name, platform);
  if (fault !== undefined) {
    const quoted = JSON.stringify(name);
    throw new StorageError(
      `Cannot create torrent: the name ${quoted} ${fault}; give another with --name`,
    );
  }
  options.onPaths?.(source.files.map(({ path }) => [name, ...path]));
  const geometry = new Geometry(length, pieceLength);
  const pieceHashes = new Uint8Array(geometry.pieceCount * PIECE_HASH_LENGTH);
  const stamps = files.map(({ stamp }) => stamp);
  const assemble = async (): Promise<CreatedTorrent> => {
    const bytes = buildTorrent({
      ...options,
      ...{ name, announce, pieceLength, pieceHashes },
      content: isFolder
        ? { type: "folder", files }
        : { type: "file", ...files[0]! },
    });
    try {
      const torrent = await parseTorrentFile(bytes, platform);
      return { bytes, torrent, stamps };
    } catch (cause) {
      if (!(cause instanceof MetainfoError)) throw cause;
      throw refusedByPeers(geometry, files.length, bytes.length, cause);
    }
  };
  // With zeros as hashes, the torrent file has the same length and names as the result.
  const torrentFileLength = (await assemble()).bytes.length;
  const linkCount = files.filter(({ linkTarget }) => linkTarget).length;
  const fileCount = source.files.length - linkCount;
  await options.onPlan?.({
    ...{ geometry, fileLength: source.length, fileCount, linkCount },
    ...{ torrentFileLength, lost },
  });
  let hashedLength = 0;
  await hashRuns({ files: contentOf(aligned) }, {
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
  const change = await findSourceChange(source, path, options);
  if (change !== undefined) {
    throw new StorageError(
      `Cannot create torrent: ${change} while it was read; wait until nothing changes it and run again`,
    );
  }
  return await assemble();
}

/** The error for a torrent file that peers would refuse, with what makes it smaller. */
function refusedByPeers(
  { length, pieceCount }: Geometry,
  fileCount: number,
  fileLength: number,
  cause: MetainfoError,
): StorageError {
  const hashesLength = pieceCount * PIECE_HASH_LENGTH;
  const maxPieceCount = Math.floor(
    (MAX_TORRENT_FILE_LENGTH - fileLength + hashesLength) / PIECE_HASH_LENGTH,
  );
  let pieceLength = BLOCK_SIZE;
  while (length > pieceLength * maxPieceCount && maxPieceCount > 0) {
    pieceLength *= 2;
  }
  const canHelp = fileLength > MAX_TORRENT_FILE_LENGTH &&
    maxPieceCount > 0 && pieceLength <= MAX_PIECE_LENGTH;
  const remedy = canHelp
    ? `leave the piece length out, or use ${pieceLength} bytes or more`
    : "share fewer files at once, or pack them into an archive";
  return new StorageError(
    `Cannot create torrent: peers would refuse it, as the ${cause.field} ${cause.reason}; it has ${fileLength} bytes, files: ${fileCount}, pieces: ${pieceCount}; ${remedy}`,
    { cause },
  );
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
