/**
 * Scans what a user shares: one file, or the files of a folder in a fixed order.
 * Two scans of an unchanged source are equal.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "@std/path";
import { StorageError } from "../base/errors.ts";
import { FileSpans } from "../metainfo/file_spans.ts";
import { matchesBelow, type PathGlob } from "../metainfo/path_glob.ts";
import {
  findPathFault,
  foldName,
  PathSet,
  type Platform,
  platformOf,
} from "../metainfo/safe_path.ts";
import {
  type FileStamp,
  FileSystem,
  isModified,
  isSameFile,
  stampOf,
} from "./file_system.ts";
import { isProgram, keepsModes } from "./file_modes.ts";
import { followLink } from "./links.ts";
import { isOwnFolderName } from "./own_folder.ts";
import { splitBytes, type Storage } from "./storage.ts";
import { sourceFailure } from "./storage_failure.ts";

/** A file to share. */
export interface SourceFile {
  /** Absolute. */
  readonly diskPath: string;
  /** Components below the shared folder; empty for a file shared by itself. */
  readonly path: readonly string[];
  /** In bytes. */
  readonly length: number;
  /** True if its owner may run it as a program. */
  readonly isExecutable: boolean;
  /** The file's state during the scan. */
  readonly stamp: FileStamp;
}

/** A file or folder to share. */
export interface Source {
  /** Last component of the path. */
  readonly name: string;
  readonly isFolder: boolean;
  /** Ordered by path components, each by UTF-16 units: the same on every machine. */
  readonly files: readonly SourceFile[];
  /** Of all files together, in bytes. */
  readonly length: number;
  readonly lost: LostProperties;
}

/** Properties of a file or folder that a torrent does not describe, counted. */
export interface LostProperties {
  /** Files that count as programs only because the file system has no modes. */
  readonly executables: number;
  /** Folders without an entry. */
  readonly emptyFolders: number;
  /** Symbolic links in the folder; their targets are shared in their place. */
  readonly links: number;
  /**
   * Files and folders that are left out, by the glob or the name that says so;
   * {@linkcode NOT_INCLUDED} for files that no glob includes.
   */
  readonly leftOut: ReadonlyMap<string, number>;
}

/** Files that none of the globs includes. */
export const NOT_INCLUDED = "not included";
/** Names of what systems leave in folders, which nobody wants to share. */
const SYSTEM_NAMES = ["lost+found", ".DS_Store", "Thumbs.db"];

/** Options of {@linkcode scanSource}. */
export interface ScanSourceOptions {
  /** A path in the folder that is not shared: the torrent file's own. */
  readonly exclude?: string;
  /**
   * Shares the files in a folder that one of these matches, or that lie in a folder
   * that it matches, and no others. @default {all but those that systems leave there}
   */
  readonly includeGlobs?: readonly PathGlob[];
  /** Leaves out files and folders that one of these matches. @default none */
  readonly excludeGlobs?: readonly PathGlob[];
  /** Ends the scan; its reason is thrown. */
  readonly signal?: AbortSignal;
  /** The names keep to its rules. @default {this machine's platform} */
  readonly platform?: Platform;
}

/**
 * Scans a file or folder. `path` may be a link; links in the folder are followed if
 * they lead to a place in it, as a peer follows them.
 * @throws {StorageError} If there is nothing to share, or something that cannot be.
 */
export async function scanSource(
  path: string,
  options: ScanSourceOptions = {},
): Promise<Source> {
  const { platform = platformOf(Deno.build.os) } = options;
  const paths = new PathSet(platform);
  const files: SourceFile[] = [];
  const lost = await walk(path, options, (file) => {
    const { diskPath, path } = file;
    const fault = path.length > 0 ? findPathFault(path, platform) : undefined;
    if (fault !== undefined) throw refusal(diskPath, `${fault}; rename it`);
    const collision = path.length > 0 ? paths.add(path) : undefined;
    if (collision !== undefined) {
      throw refusal(diskPath, `it ${collision}; rename one of them`);
    }
    files.push(file);
  });
  const diskPath = resolve(path);
  if (files.length === 0) {
    throw refusal(diskPath, lost.leftOut.size > 0 ? ALL_LEFT_OUT : NO_FILES);
  }
  const isFolder = files[0]!.path.length > 0;
  const haveNoModes = files.every((file) => file.isExecutable) &&
    !await keepsModes(isFolder ? diskPath : dirname(diskPath));
  return {
    name: basename(diskPath),
    isFolder,
    files: haveNoModes
      ? files.map((file) => ({ ...file, isExecutable: false }))
      : files,
    length: files.reduce((sum, file) => sum + file.length, 0),
    lost: { ...lost, executables: haveNoModes ? files.length : 0 },
  };
}

const NO_CONTENT =
  "it is neither a file nor a folder; take it out of what is shared";
const NO_FILES = "the folder holds no files; put some there first";
const ALL_LEFT_OUT = "all files of the folder are left out";

/**
 * Checks that a path names a file, or a folder that is not empty, without a scan.
 * @throws {StorageError} If it does not.
 */
export async function checkSource(path: string): Promise<void> {
  const diskPath = resolve(path);
  const info = await explained(diskPath, Deno.stat(diskPath));
  if (info.isFile) return;
  if (!info.isDirectory) throw refusal(diskPath, NO_CONTENT);
  if (!await explained(diskPath, hasEntry(diskPath))) {
    throw refusal(diskPath, NO_FILES);
  }
}

async function hasEntry(folder: string): Promise<boolean> {
  for await (const { name } of Deno.readDir(folder)) {
    if (!isOwnFolderName(name)) return true;
  }
  return false;
}

/**
 * Scans a source again. The first difference is returned in words; `undefined` if
 * there is none.
 */
export async function findSourceChange(
  { files }: Source,
  path: string,
  options: ScanSourceOptions,
): Promise<string | undefined> {
  let change: string | undefined;
  let count = 0;
  await walk(path, options, ({ diskPath, stamp }) => {
    const before = files[count++];
    if (change !== undefined) return;
    if (before?.diskPath !== diskPath) {
      const isOld = files.some((file) => file.diskPath === diskPath);
      change = isOld ? `${before!.diskPath} is gone` : `${diskPath} was added`;
    } else if (
      isModified(before.stamp, stamp) || !isSameFile(before.stamp, stamp)
    ) {
      change = `${diskPath} was changed`;
    }
  });
  const missing = files[count];
  return change ?? (missing && `${missing.diskPath} is gone`);
}

/** A file or folder during a scan. */
interface Place {
  readonly diskPath: string;
  /** Components below the shared folder. */
  readonly path: readonly string[];
  /** Real paths of the folders above. */
  readonly ancestors: readonly string[];
}

/** Calls `onFile` for every file to share, in order. */
async function walk(
  path: string,
  options: ScanSourceOptions,
  onFile: (file: SourceFile) => void,
): Promise<Omit<LostProperties, "executables">> {
  const { exclude, signal, platform = platformOf(Deno.build.os) } = options;
  const fileSystem = new FileSystem();
  const excluded = exclude && foldName(await realOutputPath(exclude), platform);
  const leftOut = new Map<string, number>();
  const lost = { emptyFolders: 0, links: 0, leftOut };

  async function visit(place: Place): Promise<void> {
    signal?.throwIfAborted();
    const { diskPath, path } = place;
    const stat = fileSystem.call(
      () => Deno.statSync(diskPath),
      () => Deno.stat(diskPath),
    );
    const info = await explained(diskPath, stat);
    if (info.isDirectory) return await visitFolder(place);
    if (!info.isFile) {
      throw refusal(diskPath, NO_CONTENT);
    }
    const isIncluded = path.length === 0 || includes(path, options);
    if (!isIncluded) {
      leftOut.set(NOT_INCLUDED, (leftOut.get(NOT_INCLUDED) ?? 0) + 1);
      return;
    }
    const stamp = stampOf(info);
    const isExecutable = isProgram(info);
    onFile({ diskPath, path, length: info.size, isExecutable, stamp });
  }

  async function visitFolder(folder: Place): Promise<void> {
    const { diskPath, path } = folder;
    const realPath = await explained(diskPath, Deno.realPath(diskPath));
    if (folder.ancestors.includes(realPath)) {
      throw refusal(
        diskPath,
        "the link leads back to a folder it lies in; remove the link",
      );
    }
    const ancestors = [...folder.ancestors, realPath];
    // One by one, asynchronously, a million entries take half a minute.
    const reading = fileSystem.call(
      () => [...Deno.readDirSync(diskPath)],
      () => Array.fromAsync(Deno.readDir(diskPath)),
    );
    const entries = await explained(diskPath, reading);
    if (entries.length === 0) lost.emptyFolders++;
    entries.sort((a, b) => a.name < b.name ? -1 : 1);
    for (const { name, isSymlink } of entries) {
      const isExcluded = isOwnFolderName(name) ||
        (excluded && foldName(join(realPath, name), platform) === excluded);
      if (isExcluded) continue;
      const reason = findReasonToLeaveOut([...path, name], options);
      if (reason !== undefined) {
        leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1);
        continue;
      }
      const entry = join(diskPath, name);
      if (isSymlink) {
        lost.links++;
        const refuse = (reason: string): StorageError => refusal(entry, reason);
        await explained(entry, followLink(entry, ancestors[0]!, refuse));
      }
      await visit({ diskPath: entry, path: [...path, name], ancestors });
    }
  }

  await visit({ diskPath: resolve(path), path: [], ancestors: [] });
  return lost;
}

/** The glob or name that leaves a file or folder out, if one does. */
function findReasonToLeaveOut(
  path: readonly string[],
  { includeGlobs = [], excludeGlobs = [] }: ScanSourceOptions,
): string | undefined {
  const glob = excludeGlobs.find((glob) => glob.matches(path));
  if (glob !== undefined) return glob.text;
  const name = path.at(-1)!.toLowerCase();
  const left = SYSTEM_NAMES.find((one) => one.toLowerCase() === name);
  const isWanted = includeGlobs.some((glob) => glob.matches(path));
  return isWanted ? undefined : left;
}

function includes(
  path: readonly string[],
  { includeGlobs = [] }: ScanSourceOptions,
): boolean {
  return includeGlobs.length === 0 ||
    includeGlobs.some((glob) => matchesBelow(glob, path));
}

/** The content of a source, to be hashed; links are followed. */
export function contentOf({ files }: Source): Pick<Storage, "files" | "read"> {
  const spans = new FileSpans(files);
  const fileSystem = new FileSystem();
  return {
    files: {
      guardedDir: undefined,
      files: files.map(({ diskPath, length }) => (
        { path: [diskPath], length, isPadding: false }
      )),
    },
    async read(offsetInTorrent, into): Promise<void> {
      for (const span of splitBytes(spans, offsetInTorrent, into)) {
        const { fileIndex, offsetInFile, bytes } = span;
        const { diskPath } = files[fileIndex]!;
        const opening = fileSystem.open(diskPath, { read: true });
        using file = await explained(diskPath, opening);
        await explained(diskPath, fileSystem.read(file, offsetInFile, bytes));
      }
    },
  };
}

function refusal(diskPath: string, reason: string): StorageError {
  return new StorageError(`Cannot share ${diskPath}: ${reason}`);
}

async function explained<T>(path: string, call: Promise<T>): Promise<T> {
  return await call.catch((error) => {
    throw sourceFailure(path, error);
  });
}

/** The path of a file that may not exist yet, with the links above it followed. */
async function realOutputPath(path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    return join(await Deno.realPath(dirname(absolute)), basename(absolute));
  } catch {
    // Its folder cannot be read, so the scan never meets it.
    return absolute;
  }
}
