/**
 * Finds and reads the torrent files of a folder. Invariant: no path leads out of the
 * folder: links within it are resolved, others refused. It keeps no state.
 *
 * @module
 */
import { basename, dirname, join, SEPARATOR } from "@std/path";
import { StorageError } from "../base/errors.ts";
import {
  type FileStamp,
  type FileSystem,
  isSameFile,
  isUnmodified,
  stampOf,
} from "../disk/file_system.ts";
import { GuardedFolder } from "../disk/guarded_folder.ts";
import { sourceFailure } from "../disk/storage_failure.ts";
import {
  parseTorrentFile,
  readTorrentBytes,
  torrentFileFailure,
} from "../disk/torrent_file.ts";
import type { Torrent } from "../metainfo/torrent.ts";

/** A file at one moment. */
export interface FoundFile {
  /** The path without links below the folder. */
  readonly path: string;
  readonly stamp: FileStamp;
}

/** True if a file seems to be the same at two moments. */
export function isUnchanged(
  before: FoundFile | undefined,
  now: FoundFile,
): boolean {
  return before !== undefined && before.path === now.path &&
    isSameFile(before.stamp, now.stamp) &&
    isUnmodified(before.stamp, now.stamp);
}

/** Names of the torrent files in a folder, sorted; hidden files are left out. */
export async function torrentFileNames(dir: string): Promise<Set<string>> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(dir)) {
      if (/^[^.].*\.torrent$/is.test(name)) names.push(name);
    }
  } catch (error) {
    throw sourceFailure(dir, error);
  }
  return new Set(names.sort());
}

/**
 * Finds a file of the folder; `undefined` if it is gone.
 * @throws {StorageError} If it must not be opened.
 */
export async function findTorrentFile(
  dir: string,
  fileName: string,
  fileSystem: FileSystem,
): Promise<FoundFile | undefined> {
  let path = join(dir, fileName);
  if (!fileName.isWellFormed()) throw refusal(path, "its name is not Unicode");
  try {
    let info = await fileSystem.lstat(path);
    if (info.isSymlink) {
      path = await resolveLink(path, dir);
      info = await fileSystem.lstat(path);
    }
    if (info.isFile) return { path, stamp: stampOf(info) };
  } catch (error) {
    // A name that is not UTF-8 exists, but not under the name that Deno reports.
    const isGone = error instanceof Deno.errors.NotFound &&
      !fileName.includes("\ufffd");
    if (isGone) return undefined;
    throw sourceFailure(path, error);
  }
  throw refusal(path, "it is not a file; remove it");
}

/**
 * Reads and parses a torrent file. The path rules are those of Linux, the least
 * strict ones, as other machines will store the content.
 * @throws {StorageError} If it cannot be read, or is a link or not a regular file.
 * @throws {MetainfoError} If it is not a valid torrent file.
 */
export async function loadTorrent(
  path: string,
  fileSystem: FileSystem,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; torrent: Torrent }> {
  try {
    const folder = new GuardedFolder(dirname(path), fileSystem);
    const { file } = await folder.open([basename(path)], "read");
    using _file = file;
    const bytes = await readTorrentBytes(file, path);
    return { bytes, torrent: await parseTorrentFile(bytes, "linux") };
  } catch (error) {
    throw torrentFileFailure(path, error);
  }
}

async function resolveLink(path: string, dir: string): Promise<string> {
  try {
    const target = await Deno.realPath(path);
    const folder = await Deno.realPath(dir);
    const prefix = folder.endsWith(SEPARATOR) ? folder : folder + SEPARATOR;
    if (target.startsWith(prefix)) return target;
  } catch (error) {
    throw error instanceof Deno.errors.NotFound
      ? refusal(path, "it is a link that leads nowhere; remove it")
      : sourceFailure(path, error);
  }
  throw refusal(
    path,
    "it is a link that leads out of the folder; replace it by a copy",
  );
}

function refusal(path: string, reason: string): StorageError {
  return new StorageError(`Cannot read ${path}: ${reason}`);
}
