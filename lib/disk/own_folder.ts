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
import { foldFully } from "../metainfo/safe_path.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import { sha1 } from "./sha1.ts";
import { FileSystem } from "./file_system.ts";
import { GuardedFolder } from "./guarded_folder.ts";
import { errorCode } from "./storage_failure.ts";

/** Its name below the download folder. */
export const OWN_FOLDER = ".lanswarm";

/** Longest time to take a free lock, in milliseconds. */
const LOCK_WAIT_MS = 500;

/** True if some file system takes a name for the folder's, or for its short name of Windows. */
export function isOwnFolderName(name: string): boolean {
  const folded = foldFully(name);
  return folded === foldFully(OWN_FOLDER) || /^LANSWA~\d+$/.test(folded);
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

/** The folder that holds the folder, whose files are opened below it. */
export function openOwnFolder(dir: string): GuardedFolder {
  return new GuardedFolder(dir, { fileSystem: new FileSystem() });
}

/**
 * Reads a file of the folder; `undefined` if it is missing, not readable or longer
 * than `maxLength` bytes.
 * @throws {StorageError} If something else stands in its place.
 */
export async function readOwnFile(
  dir: string,
  { name, maxLength }: { readonly name: string; readonly maxLength: number },
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    using opened = await openOwnFolder(dir).open([OWN_FOLDER, name], "read");
    if (opened.size > maxLength) return undefined;
    const bytes = new Uint8Array(opened.size);
    await new FileSystem().read(opened.file, 0, bytes);
    return bytes;
  } catch (error) {
    if (error instanceof StorageError && error.cause === undefined) throw error;
    return undefined;
  }
}

/** Replaces a file of the folder: under its name there is never a part of one. */
export async function replaceOwnFile(
  dir: string,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const folder = openOwnFolder(dir);
  const path = [OWN_FOLDER, `${name}.${crypto.randomUUID()}.part`];
  using part = await folder.open(path, "create");
  try {
    await new FileSystem().write(part.file, 0, bytes);
    await part.publish(name);
  } catch (error) {
    // Harmless if it fails: a part of a record stays.
    await Deno.remove(folder.pathOf(path)).catch(() => {});
    throw error;
  }
}

/**
 * True if an error says that the folder, or a file in it, cannot be written, as the
 * system refuses; what stands in the place of our own files is an error.
 */
export function isUnwritable(error: unknown): boolean {
  return error instanceof StorageError
    ? error.cause !== undefined
    : error instanceof Deno.errors.NotCapable || errorCode(error) !== undefined;
}

/** Options of {@linkcode lockFolder}. */
export interface LockOptions {
  /** False: nothing is locked. @default {true} */
  readonly lock?: boolean;
  /**
   * Called where the file system does not answer, as NFS without a lock service, so
   * that nothing is locked. @default {nothing}
   */
  readonly onNoLock?: (reason: string) => void;
}

/**
 * Locks a torrent's files below `dir` until it is disposed of; the system unlocks
 * those of a process that ends in any way. `undefined` where nothing can be
 * written. On a file system without locks, nothing is locked.
 * @throws {StorageError} If another process shares the same files, or if something
 * else stands in the place of the lock.
 */
export async function lockFolder(
  torrent: Torrent,
  dir: string,
  { lock = true, onNoLock }: LockOptions = {},
): Promise<Disposable | undefined> {
  if (!lock) return undefined;
  const folder = openOwnFolder(dir);
  try {
    const name = lockName(torrent);
    const opened = await folder.open([OWN_FOLDER, name], "write");
    const { file } = opened;
    const answer = await requestLock(file);
    if (answer) {
      // For the message below. Without it, that names no process.
      await file.truncate(0).catch(() => {});
      await file.write(new TextEncoder().encode(`${Deno.pid}`)).catch(() => {});
      return opened;
    }
    if (answer === false) file.close();
    else if (!await doesAnswer(folder)) {
      onNoLock?.(
        `the file system of ${dir} does not answer requests for locks; nothing ` +
          "keeps another peer from writing the same files",
      );
      return undefined;
    }
    const bytes = await readOwnFile(dir, { name, maxLength: 20 })
      // As on Windows, where nobody can read a file that is locked.
      .catch(() => undefined);
    const pid = new TextDecoder().decode(bytes);
    throw new StorageError(
      `Cannot share ${torrent.name} in ${dir}: another peer does so already` +
        `${/^\d+$/.test(pid) ? ` (process ${pid})` : ""}; ` +
        "end that one first or choose another folder",
    );
  } catch (error) {
    if (isUnwritable(error)) return undefined;
    throw error;
  }
}

/** True if the file system locks a file that nobody else knows. */
async function doesAnswer(folder: GuardedFolder): Promise<boolean> {
  const path = [OWN_FOLDER, `${crypto.randomUUID()}.lock`];
  const { file } = await folder.open(path, "create");
  await Deno.remove(folder.pathOf(path))
    // Harmless: an empty file stays, as on Windows while it is open.
    .catch(() => {});
  const answer = await requestLock(file);
  if (answer !== undefined) file.close();
  return answer !== undefined;
}

/**
 * True if a file is locked, or cannot be; false if another process holds the lock;
 * `undefined` if there was no answer. A request that is not answered goes on in
 * another thread until this process ends, and the file is closed then.
 */
async function requestLock(file: Deno.FsFile): Promise<boolean | undefined> {
  // Deno 2.4 can only wait for a lock; later versions wait in this thread for the
  // answer of `lock`, and in another one for that of `tryLock`.
  const { tryLock } = file as {
    tryLock?: (exclusive: boolean) => Promise<boolean>;
  };
  const locking = (tryLock?.call(file, true) ??
    file.lock(true).then(() => true))
    // It fails where the file system has no locks.
    .catch(() => true);
  try {
    return await deadline(locking, LOCK_WAIT_MS);
  } catch {
    void locking.then(() => file.close());
    return undefined;
  }
}

/** By the torrent's name: two torrents of one name write the same files. */
function lockName({ name }: Torrent): string {
  const folded = new TextEncoder().encode(foldFully(name));
  return `${encodeHex(sha1(folded))}.lock`;
}
