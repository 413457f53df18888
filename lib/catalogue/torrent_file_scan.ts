/**
 * What a folder holds of torrent files, seen from outside: which there are and
 * whether they changed since they were last seen, without reading any. Files
 * below its folders and hidden ones are none of its business. A link is taken
 * for what it leads to if that lies in the folder, and followed nowhere else.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { join, SEPARATOR } from "@std/path";
import { StorageError } from "../base/errors.ts";
import type { SyncWhenFast } from "../disk/sync_when_fast.ts";
import { sourceFailure } from "../disk/source.ts";

/** Files looked at before the thread's other work has its turn: some 2 ms. */
const LOOKS_IN_A_TURN = 100;

/** How a file was when it was seen; two of one unchanged file are equal. */
export interface SeenFile {
  /** Where it lies, with no link on the way below the folder. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Milliseconds since 1970; 0 where the system has none. */
  readonly modifiedMs: number;
  /** Which file stands at the path; 0 where the system does not tell. */
  readonly inode: number;
}

/** What a look at a name found. */
export type TorrentFileLook =
  | { readonly type: "file"; readonly seen: SeenFile }
  /** There is something that is not to be opened. */
  | { readonly type: "refused"; readonly error: StorageError };

/**
 * Looks at every torrent file in `dir`, by name.
 * @throws {StorageError} If the folder cannot be read.
 */
export async function lookAtTorrentFiles(
  dir: string,
  fileSystem: SyncWhenFast,
): Promise<Map<string, TorrentFileLook>> {
  const looks = new Map<string, TorrentFileLook>();
  const names = await torrentFileNames(dir);
  for (const [index, name] of names.entries()) {
    // The looks may all be made at once, and there may be many of them.
    if (index % LOOKS_IN_A_TURN === 0) await delay(0);
    const look = await lookAt(dir, name, fileSystem);
    if (look !== undefined) looks.set(name, look);
  }
  return looks;
}

/** Looks at one; `undefined` if it is not there any more. */
async function lookAt(
  dir: string,
  name: string,
  fileSystem: SyncWhenFast,
): Promise<TorrentFileLook | undefined> {
  const path = join(dir, name);
  try {
    if (!name.isWellFormed()) return refuse(path, "its name is not Unicode");
    const info = await fileSystem.lstat(path);
    if (info.isSymlink) return await lookThrough(path, dir, fileSystem);
    return lookOf(path, info);
  } catch (error) {
    // What is not UTF-8 is there, but not to be had by the name that Deno gives.
    const isGone = error instanceof Deno.errors.NotFound &&
      !name.includes("\ufffd");
    return isGone
      ? undefined
      : { type: "refused", error: sourceFailure(path, error) };
  }
}

/** Looks at what the link `path` leads to. */
async function lookThrough(
  path: string,
  dir: string,
  fileSystem: SyncWhenFast,
): Promise<TorrentFileLook> {
  try {
    const target = await Deno.realPath(path);
    if (isBelow(target, await Deno.realPath(dir))) {
      return lookOf(target, await fileSystem.lstat(target));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return refuse(path, "it is a link that leads nowhere; take it away");
  }
  return refuse(
    path,
    "it is a link that leads out of the folder; put a copy in its place",
  );
}

function lookOf(path: string, info: Deno.FileInfo): TorrentFileLook {
  if (!info.isFile) return refuse(path, "it is not a file; take it away");
  return { type: "file", seen: toSeenFile(path, info) };
}

/**
 * How the file at `path` is now; a link is not followed.
 * @throws {StorageError} If it cannot be looked at.
 */
export async function seeFile(
  path: string,
  fileSystem: SyncWhenFast,
): Promise<SeenFile> {
  try {
    return toSeenFile(path, await fileSystem.lstat(path));
  } catch (error) {
    throw sourceFailure(path, error);
  }
}

function toSeenFile(path: string, info: Deno.FileInfo): SeenFile {
  return {
    path,
    size: info.size,
    modifiedMs: info.mtime?.getTime() ?? 0,
    inode: info.ino ?? 0,
  };
}

async function torrentFileNames(dir: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(dir)) {
      if (/^[^.].*\.torrent$/is.test(name)) names.push(name);
    }
  } catch (error) {
    throw sourceFailure(dir, error);
  }
  return names.sort();
}

/** Both without links. */
function isBelow(path: string, folder: string): boolean {
  return path.startsWith(
    folder.endsWith(SEPARATOR) ? folder : folder + SEPARATOR,
  );
}

/** Whether nothing shows that the file changed from one look to the other. */
export function isUnchanged(before: SeenFile, now: SeenFile): boolean {
  return before.path === now.path && before.size === now.size &&
    before.modifiedMs === now.modifiedMs && before.inode === now.inode;
}

function refuse(path: string, reason: string): TorrentFileLook {
  const error = new StorageError(`Cannot read ${path}: ${reason}`);
  return { type: "refused", error };
}
