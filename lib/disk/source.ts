/**
 * What is to be shared, as it lies on the disk: one file, or the files of a
 * folder in a fixed order. Two scans of an unchanged source are equal, which is
 * how a change is found.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "@std/path";
import { StorageError } from "../base/errors.ts";
import {
  findPathFault,
  foldName,
  PathSet,
  type Platform,
  platformOf,
} from "../metainfo/safe_path.ts";
import {
  type FileStamp,
  isSameFile,
  isUnmodified,
  stampOf,
} from "./file_stamp.ts";
import { isOwnFolderName } from "./own_folder.ts";
import { errorCode, PROTECTED_PLACE } from "./storage_failure.ts";

/** A file to share and how it was when it was seen. */
export interface SourceFile {
  /** Absolute. */
  readonly diskPath: string;
  /** Components below the shared folder; empty for a file shared by itself. */
  readonly path: readonly string[];
  /** In bytes. */
  readonly length: number;
  /** The file's state during the scan. */
  readonly stamp: FileStamp;
}

/** What is to be shared. */
export interface Source {
  /** Last component of the path that was given. */
  readonly name: string;
  readonly isFolder: boolean;
  /** Ordered by path components, each by UTF-16 units; the same on every machine. */
  readonly files: readonly SourceFile[];
  /** Of all files together, in bytes. */
  readonly length: number;
}

/** Options of {@linkcode scanSource}. */
export interface ScanSourceOptions {
  /** A path that is not shared although it lies in the folder: the torrent file's own. */
  readonly exclude?: string;
  /** Ends the scan; its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Whose rules the names must keep. @default {this machine's platform} */
  readonly platform?: Platform;
}

/**
 * Looks at a file or folder. Links are followed, as mktorrent and
 * transmission-create do: what is shared is what a reader of the path sees.
 * @throws {StorageError} If there is nothing to share, or something that cannot be.
 */
export async function scanSource(
  path: string,
  options: ScanSourceOptions = {},
): Promise<Source> {
  const diskPath = resolve(path);
  const information = await inspect(diskPath);
  const files: SourceFile[] = [];
  if (information.isDirectory) {
    const platform = options.platform ?? platformOf(Deno.build.os);
    const exclude = options.exclude === undefined
      ? undefined
      : foldName(await realOutputPath(options.exclude), platform);
    const paths = new PathSet(platform);
    const walk = { files, paths, exclude, platform, signal: options.signal };
    await walkFolder(walk, { diskPath, path: [], ancestors: [] });
  } else {
    files.push(toSourceFile(diskPath, [], information));
  }
  if (files.length === 0) {
    throw new StorageError(
      `Cannot share ${diskPath}: the folder holds no files; put some there first`,
    );
  }
  return {
    name: basename(diskPath),
    isFolder: information.isDirectory,
    files,
    length: files.reduce((sum, file) => sum + file.length, 0),
  };
}

/** The first difference between two scans, in words; `undefined` if there is none. */
export function findSourceChange(
  before: Source,
  after: Source,
): string | undefined {
  const rest = new Map(after.files.map((file) => [file.diskPath, file]));
  for (const file of before.files) {
    const now = rest.get(file.diskPath);
    if (now === undefined) return `${file.diskPath} is gone`;
    const { stamp } = file;
    if (!isUnmodified(stamp, now.stamp) || !isSameFile(stamp, now.stamp)) {
      return `${file.diskPath} was changed`;
    }
    rest.delete(file.diskPath);
  }
  for (const path of rest.keys()) return `${path} was added`;
  return undefined;
}

/** The error for a source that could not be looked at or read. */
export function sourceFailure(path: string, cause: unknown): StorageError {
  return new StorageError(`Cannot read ${path}: ${explain(path, cause)}`, {
    cause,
  });
}

interface Walk {
  readonly files: SourceFile[];
  readonly paths: PathSet;
  readonly platform: Platform;
  /** Folded: it need not be spelled as it stands in its folder. */
  readonly exclude: string | undefined;
  readonly signal: AbortSignal | undefined;
}

interface Folder {
  readonly diskPath: string;
  readonly path: readonly string[];
  /** Real paths of the folders that it lies in. */
  readonly ancestors: readonly string[];
}

async function walkFolder(walk: Walk, folder: Folder): Promise<void> {
  const realPath = await resolveLinks(folder.diskPath);
  if (folder.ancestors.includes(realPath)) {
    throw new StorageError(
      `Cannot share ${folder.diskPath}: the link leads back to a folder it lies in; remove the link`,
    );
  }
  for (const name of await sortedNames(folder.diskPath)) {
    walk.signal?.throwIfAborted();
    const diskPath = join(folder.diskPath, name);
    const foldedPath = foldName(join(realPath, name), walk.platform);
    if (foldedPath === walk.exclude || isOwnFolderName(name)) continue;
    const path = [...folder.path, name];
    const information = await inspect(diskPath);
    if (information.isDirectory) {
      const ancestors = [...folder.ancestors, realPath];
      await walkFolder(walk, { diskPath, path, ancestors });
      continue;
    }
    const fault = findPathFault(path, walk.platform);
    if (fault !== undefined) {
      throw new StorageError(`Cannot share ${diskPath}: ${fault}; rename it`);
    }
    const collision = walk.paths.add(path);
    if (collision !== undefined) {
      throw new StorageError(
        `Cannot share ${diskPath}: it ${collision}; rename one of them`,
      );
    }
    walk.files.push(toSourceFile(diskPath, path, information));
  }
}

async function sortedNames(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) names.push(entry.name);
  } catch (error) {
    throw sourceFailure(folder, error);
  }
  return names.sort();
}

async function resolveLinks(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    throw sourceFailure(path, error);
  }
}

async function inspect(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    throw sourceFailure(path, error);
  }
}

function toSourceFile(
  diskPath: string,
  path: readonly string[],
  information: Deno.FileInfo,
): SourceFile {
  if (!information.isFile) {
    throw new StorageError(
      `Cannot share ${diskPath}: it is neither a file nor a folder; take it out of what is shared`,
    );
  }
  return {
    diskPath,
    path,
    length: information.size,
    stamp: stampOf(information),
  };
}

/** Where a file that need not exist yet lies once links are followed. */
async function realOutputPath(path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    return join(await Deno.realPath(dirname(absolute)), basename(absolute));
  } catch {
    // Its folder cannot be looked at: no name met in the walk can be it.
    return absolute;
  }
}

function explain(path: string, cause: unknown): string {
  if (path.includes("\ufffd")) {
    return "its name is not UTF-8; rename it";
  }
  // Windows has another class for what can be no name, such as *.torrent.
  if (cause instanceof Deno.errors.NotFound || errorCode(cause) === "ENOENT") {
    return "it does not exist; check the path";
  }
  if (errorCode(cause) === "EBUSY") {
    return "another program keeps it for itself; close that program and run again";
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return "permission denied; run as a user who may read it";
  }
  if (cause instanceof Deno.errors.NotCapable) {
    return `${PROTECTED_PLACE}; copy it elsewhere first`;
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof Deno.errors.UnexpectedEof) {
    return `${reason}; wait until nothing changes it and run again`;
  }
  return `${reason}; check the disk`;
}
