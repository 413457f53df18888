/**
 * Writes torrent files, whole or not at all, and checks before long work that this
 * will succeed.
 *
 * @module
 */
import { dirname, resolve } from "@std/path";
import { StorageError } from "../base/errors.ts";
import { ifAny } from "../files/file_system.ts";
import { errorCode, storageFailure } from "../files/storage_failure.ts";
import { writeTrial } from "../files/write_trial.ts";

/** Options of {@linkcode saveTorrentFile}. */
export interface SaveTorrentFileOptions {
  /** Replaces an existing file. @default {false} */
  readonly overwrite?: boolean;
}

/**
 * Writes a torrent file, through a temporary file beside it, so that `path` never
 * holds a part of one.
 * @throws {StorageError} If the file exists and may not be replaced, or cannot be
 * written.
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
    // makeTempFile() makes files that only their owner can read. File systems without
    // modes, such as FAT and SMB, refuse the call, and the file is whole all the same.
    if (Deno.build.os !== "windows") {
      await Deno.chmod(temporary, 0o644).catch(() => {});
    }
    // Last, so that a file that was made meanwhile is not replaced either.
    if (options.overwrite !== true) await checkAbsent(path);
    await Deno.rename(temporary, path);
    temporary = undefined;
  } catch (error) {
    throw writeFailure(path, error);
  } finally {
    // Harmless if it fails, as where a virus scanner on Windows reads the file.
    if (temporary !== undefined) await Deno.remove(temporary).catch(() => {});
  }
}

/**
 * Checks before long work that {@linkcode saveTorrentFile} will succeed: writes
 * `length` bytes to a temporary file beside `path` and removes it.
 * @throws {StorageError} If the folder, the name or the disk does not take the file.
 */
export async function checkWritable(
  path: string,
  length: number,
): Promise<void> {
  try {
    if ((await ifAny(Deno.lstat(path)))?.isDirectory) {
      throw storageFailure("write", path, "EISDIR");
    }
    await writeTrial(dirname(resolve(path)), length);
  } catch (error) {
    throw writeFailure(path, error);
  }
}

/**
 * Checks that a torrent file can be made at a path without replacing anything.
 * @throws {StorageError} If `path` exists, or its folder does not.
 */
export async function checkAbsent(path: string): Promise<void> {
  try {
    await Deno.stat(dirname(resolve(path)));
    const info = await ifAny(Deno.lstat(path));
    if (info === undefined) return;
    if (info.isDirectory) throw storageFailure("write", path, "EISDIR");
  } catch (error) {
    throw writeFailure(path, error);
  }
  throw new StorageError(
    `Cannot write ${path}: it exists already; choose another name or replace it with --force`,
  );
}

function writeFailure(path: string, cause: unknown): StorageError {
  if (errorCode(cause) === "ENAMETOOLONG") {
    return new StorageError(
      `Cannot write ${path}: the name is too long; give a shorter OUTPUT`,
      { cause },
    );
  }
  if (!(cause instanceof Deno.errors.NotFound)) {
    return storageFailure("write", path, cause);
  }
  return new StorageError(
    `Cannot write ${path}: its folder does not exist; make it first or choose another`,
    { cause },
  );
}
