/**
 * The folder beside the content that holds the program's own files: resume
 * records, and locks that keep two processes from writing one torrent's files. No
 * torrent may use its name, and it is never shared.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import { encodeHex } from "@std/encoding/hex";
import { join } from "@std/path";
import { StorageError } from "../base/errors.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import { sha1 } from "./sha1.ts";
import { errorCode, storageFailure } from "./storage_failure.ts";

/** Its name below the download folder. */
export const OWN_FOLDER = ".lanswarm";

/** Longest time to take a free lock, in milliseconds. */
const LOCK_WAIT_MS = 500;

/**
 * True if some file system takes a name for the folder's: with another case, with
 * invisible characters, or as a short name of Windows.
 */
export function isOwnFolderName(name: string): boolean {
  const folded = name.normalize("NFKC").replace(/\p{Cf}/gu, "").toLowerCase();
  return folded === OWN_FOLDER || /^lanswa~\d+$/.test(folded);
}

/** @throws {StorageError} If a torrent's content would lie in the folder. */
export function requireOtherName(torrent: Torrent, dir: string): void {
  const clash = torrent.files.find(({ path }) => isOwnFolderName(path[0]!));
  if (clash === undefined) return;
  const path = join(dir, clash.path[0]!);
  throw new StorageError(
    `Cannot use ${path}: lanswarm keeps its own files under that name; the torrent cannot be shared`,
  );
}

/**
 * The folder's path below `dir`; it is made if missing, with those above it.
 * @throws {StorageError} If it cannot be made or something else has its name.
 */
export async function makeOwnFolder(dir: string): Promise<string> {
  const folder = join(dir, OWN_FOLDER);
  try {
    await Deno.mkdir(folder, { recursive: true });
    if ((await Deno.lstat(folder)).isDirectory) return folder;
  } catch (error) {
    throw storageFailure("create folder", folder, error);
  }
  throw new StorageError(
    `Cannot use ${folder}: it is a symbolic link; replace it with a folder`,
  );
}

/** True if an error says that the folder, or a file in it, cannot be written. */
export function isUnwritable(error: unknown): boolean {
  return error instanceof StorageError ||
    error instanceof Deno.errors.NotCapable || errorCode(error) !== undefined;
}

/**
 * Locks a torrent's files below `dir` until it is disposed of; the system unlocks
 * those of a process that ends in any way. `undefined` where nothing can be
 * written. On a file system without locks, nothing is locked.
 * @throws {StorageError} If another process shares the same files.
 */
export async function lockFolder(
  torrent: Torrent,
  dir: string,
): Promise<Disposable | undefined> {
  let file: Deno.FsFile;
  try {
    const path = join(await makeOwnFolder(dir), lockName(torrent));
    file = await Deno.open(path, { write: true, create: true });
  } catch (error) {
    if (isUnwritable(error)) return undefined;
    throw error;
  }
  // It fails where the file system has no locks.
  const locking = file.lock(true).catch(() => {});
  try {
    await deadline(locking, LOCK_WAIT_MS);
  } catch {
    // Deno 2.4 can only wait for a lock. The wait goes on until this process ends
    // or the other one unlocks the file.
    void locking.then(() => file.close());
    throw new StorageError(
      `Cannot share ${torrent.name} in ${dir}: another peer does so already; ` +
        "end that one first or choose another folder",
    );
  }
  return file;
}

/** By the torrent's name: two torrents of one name write the same files. */
function lockName({ name }: Torrent): string {
  const folded = name.normalize("NFC").toLowerCase();
  return `${encodeHex(sha1(new TextEncoder().encode(folded)))}.lock`;
}
