/**
 * Torrent files on the disk: read with a cap, written whole or not at all.
 *
 * @module
 */
import { dirname, resolve } from "@std/path";
import { StorageError } from "../base/errors.ts";
import { MetainfoError } from "../metainfo/metainfo_error.ts";
import { parseTorrent } from "../metainfo/parse_torrent.ts";
import { type Platform, platformOf } from "../metainfo/safe_path.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import { sha1 } from "./sha1.ts";
import { sourceFailure } from "./source.ts";
import { storageFailure } from "./storage_failure.ts";

/** Largest torrent file read, in bytes: 1.6 million pieces. */
export const MAX_TORRENT_FILE_LENGTH = 32 * 1024 * 1024;

/**
 * Reads and parses a torrent file by the path rules of this machine.
 * @throws {StorageError} If the file cannot be read.
 * @throws {MetainfoError} If it is not a valid torrent file.
 */
export async function loadTorrentFile(path: string): Promise<Torrent> {
  try {
    return await parseTorrentFile(await readCapped(path));
  } catch (error) {
    if (!(error instanceof MetainfoError)) throw error;
    const { field, reason } = error;
    throw new MetainfoError(field, reason, { source: path, cause: error });
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

/** Options of {@linkcode saveTorrentFile}. */
export interface SaveTorrentFileOptions {
  /** Whether a file that is there already is replaced. @default {false} */
  readonly overwrite?: boolean;
}

/**
 * Writes a torrent file: to a temporary file beside it first, so that at `path`
 * there is never a part of one.
 * @throws {StorageError} If it exists and may not be replaced, or cannot be written.
 */
export async function saveTorrentFile(
  path: string,
  bytes: Uint8Array,
  options: SaveTorrentFileOptions = {},
): Promise<void> {
  let temporary: string | undefined;
  try {
    temporary = await Deno.makeTempFile({
      dir: dirname(resolve(path)),
      prefix: ".lanswarm-",
      suffix: ".part",
    });
    await Deno.writeFile(temporary, bytes);
    // makeTempFile's files are for their owner alone; a torrent file is to be
    // passed on.
    if (Deno.build.os !== "windows") await Deno.chmod(temporary, 0o644);
    // Looked at last, so that a file made meanwhile is not replaced either.
    if (options.overwrite !== true) await checkAbsent(path);
    await Deno.rename(temporary, path);
    temporary = undefined;
  } catch (error) {
    throw writeFailure(path, error);
  } finally {
    // What could not be written is what must be told; on Windows a virus scanner
    // may hold the temporary file for a moment.
    if (temporary !== undefined) await Deno.remove(temporary).catch(() => {});
  }
}

/**
 * Checks that a torrent file can be made at a path without replacing anything.
 * @throws {StorageError} If there is something at `path`, or no folder for it.
 */
export async function checkAbsent(path: string): Promise<void> {
  try {
    await Deno.stat(dirname(resolve(path)));
    if (!await exists(path)) return;
  } catch (error) {
    throw writeFailure(path, error);
  }
  throw new StorageError(
    `Cannot write ${path}: it exists already; choose another name or replace it with --force`,
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The error for a torrent file that could not be written. */
function writeFailure(path: string, cause: unknown): StorageError {
  if (!(cause instanceof Deno.errors.NotFound)) {
    return storageFailure("write", path, cause);
  }
  return new StorageError(
    `Cannot write ${path}: its folder does not exist; make it first or choose another`,
    { cause },
  );
}

async function readCapped(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    // Not left to the open file: Windows may refuse to open a folder.
    if ((await Deno.stat(path)).isDirectory) {
      throw new StorageError(
        `Cannot read ${path}: it is a folder; give the .torrent file`,
      );
    }
    using file = await Deno.open(path);
    return await readTorrentBytes(file, path);
  } catch (error) {
    if (error instanceof MetainfoError || error instanceof StorageError) {
      throw error;
    }
    throw sourceFailure(path, error);
  }
}

/**
 * Reads a torrent file that is open, from where it stands.
 * @param path What it is called, for the errors.
 * @throws {MetainfoError} If it is too long.
 * @throws {StorageError} If it grows meanwhile.
 */
export async function readTorrentBytes(
  file: Deno.FsFile,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const { size, isFile } = await file.stat();
  if (size > MAX_TORRENT_FILE_LENGTH) throw tooLong();
  // A pipe has no size to go by. The last byte is there to stay empty.
  const capacity = (isFile ? size : MAX_TORRENT_FILE_LENGTH) + 1;
  const bytes = new Uint8Array(capacity);
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
