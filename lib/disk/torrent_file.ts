/**
 * Reads torrent files from the disk, with a cap on their length.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { StorageError } from "../base/errors.ts";
import { MetainfoError } from "../metainfo/metainfo_error.ts";
import { parseTorrent } from "../metainfo/parse_torrent.ts";
import { type Platform, platformOf } from "../metainfo/safe_path.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import { sha1 } from "./sha1.ts";
import { sourceFailure } from "../files/storage_failure.ts";

/** Largest torrent file to read, in bytes: 1.6 million pieces. */
export const MAX_TORRENT_FILE_LENGTH = 32 * 1024 * 1024;

/**
 * Reads and parses a torrent file by the path rules of this machine.
 * @throws {StorageError} If the file cannot be read.
 * @throws {MetainfoError} If it is not a valid torrent file.
 */
export async function loadTorrentFile(path: string): Promise<Torrent> {
  return (await readTorrentFile(path)).torrent;
}

/** The same with the bytes of the file. */
export async function readTorrentFile(
  path: string,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; torrent: Torrent }> {
  try {
    // Before the open: Windows may refuse to open a folder.
    if ((await Deno.stat(path)).isDirectory) {
      throw new StorageError(
        `Cannot read ${path}: it is a folder; give the .torrent file`,
      );
    }
    using file = await Deno.open(path);
    const bytes = await readTorrentBytes(file, path);
    return { bytes, torrent: await parseTorrentFile(bytes) };
  } catch (error) {
    throw torrentFileFailure(path, error);
  }
}

/**
 * Parses the bytes of a torrent file by the path rules of a platform.
 * @throws {MetainfoError} If it is not a valid torrent file, or is too long.
 */
export async function parseTorrentFile(
  bytes: Uint8Array,
  platform: Platform = platformOf(Deno.build.os),
): Promise<Torrent> {
  if (bytes.length > MAX_TORRENT_FILE_LENGTH) throw tooLong();
  return await parseTorrent(bytes, { sha1, platform });
}

/**
 * Parses a raw info dictionary, as peers send it for a magnet link, by the path
 * rules of this machine. [BEP 9]
 * @param trackers Each is a tier of its own.
 * @throws {MetainfoError} If it is not a valid one.
 */
export async function parseMetadata(
  info: Uint8Array,
  trackers: readonly string[],
): Promise<Torrent> {
  const encoder = new TextEncoder();
  const bytes = [encoder.encode("d4:info"), info, encoder.encode("e")];
  try {
    const torrent = await parseTorrentFile(concat(bytes));
    if (torrent.info.length !== info.length) {
      throw new MetainfoError("info", "is not one dictionary");
    }
    return { ...torrent, announce: trackers.map((url) => [url]) };
  } catch (error) {
    throw torrentFileFailure("metadata", error);
  }
}

/** The error for a torrent file that cannot be read or is not valid. */
export function torrentFileFailure(path: string, cause: unknown): Error {
  if (!(cause instanceof MetainfoError)) return sourceFailure(path, cause);
  const { field, reason } = cause;
  return new MetainfoError(field, reason, { source: path, cause });
}

/**
 * Reads a torrent file that is open, from its current position.
 * @param path Its path, for the errors.
 * @throws {MetainfoError} If it is too long.
 * @throws {StorageError} If it grows meanwhile.
 */
export async function readTorrentBytes(
  file: Deno.FsFile,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const { size, isFile } = await file.stat();
  if (size > MAX_TORRENT_FILE_LENGTH) throw tooLong();
  // A pipe has no size. The last byte stays empty unless there is too much.
  const bytes = new Uint8Array((isFile ? size : MAX_TORRENT_FILE_LENGTH) + 1);
  let length = 0;
  while (length < bytes.length) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) return bytes.slice(0, length);
    length += count;
  }
  if (!isFile) throw tooLong();
  throw new StorageError(
    `Cannot read ${path}: it grows while it is read; wait until it is whole and run again`,
  );
}

function tooLong(): MetainfoError {
  return new MetainfoError(
    "torrent",
    `is longer than ${MAX_TORRENT_FILE_LENGTH} bytes`,
  );
}
