/**
 * Scans what a user shares: one file, or the files of a folder in a fixed order.
 * Two scans of an unchanged source are equal.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "@std/path";
import { isProgram } from "../files/file_modes.ts";
import { isModified, isSameFile } from "../files/file_system.ts";
import { isOwnFolderName } from "../disk/own_folder.ts";
import type { ContentFiles } from "../disk/storage.ts";
import { explained } from "../files/storage_failure.ts";
import { findPathFault, PathSet, platformOf } from "../metainfo/safe_path.ts";
import {
  type LostProperties,
  NO_CONTENT,
  refusal,
  type ScanSourceOptions,
  type SourceFile,
  walkSource,
} from "./walk_source.ts";

/** A file or folder to share. */
export interface Source {
  /** Last component of the path. */
  readonly name: string;
  readonly isFolder: boolean;
  /**
   * Ordered by path components, each by UTF-16 units: the same on every machine. Links
   * come last.
   */
  readonly files: readonly SourceFile[];
  /** Of all files together, in bytes. */
  readonly length: number;
  readonly lost: LostProperties;
}

/**
 * Scans a file or folder. `path` may be a link. A relative link in the folder stays a
 * link if its target is shared too. Any other link to a place in the folder is followed,
 * as a peer follows it.
 * @throws {StorageError} If there is nothing to share, or something cannot be shared.
 */
export async function scanSource(
  path: string,
  options: ScanSourceOptions = {},
): Promise<Source> {
  const { platform = platformOf(Deno.build.os) } = options;
  const paths = new PathSet(platform);
  const files: SourceFile[] = [];
  const lost = await walkSource(path, { ...options, files }, (file) => {
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
  const regular = files.filter(({ linkTarget }) => linkTarget === undefined);
  const haveNoModes = regular.every((file) => file.isExecutable) &&
    !await keepsModes(isFolder ? diskPath : dirname(diskPath));
  return {
    name: basename(diskPath),
    isFolder,
    files: haveNoModes
      ? files.map((file) => ({ ...file, isExecutable: false }))
      : files,
    length: files.reduce((sum, file) => sum + file.length, 0),
    lost: { ...lost, executables: haveNoModes ? regular.length : 0 },
  };
}

/**
 * True unless every new file in a folder is executable whatever its mode, as on FAT and
 * on the disks of Windows under WSL: there the bit means nothing. Also true for a folder
 * that cannot be written.
 */
export async function keepsModes(dir: string): Promise<boolean> {
  const trial = join(dir, `.lanswarm-${crypto.randomUUID()}`);
  try {
    await Deno.writeTextFile(trial, "", { createNew: true, mode: 0o600 });
  } catch {
    return true;
  }
  try {
    return !isProgram(await Deno.lstat(trial));
  } finally {
    // Harmless if it fails: an empty file stays, which a scan would report.
    await Deno.remove(trial).catch(() => {});
  }
}

/** Most padding that a source gets by default: a hundredth of its content. */
const MAX_PADDING_SHARE = 0.01;

/**
 * Has each file of a folder begin at a piece, by padding after the one before: then a
 * file that stays the same has the same pieces in the next version of the folder. [BEP 47]
 * @param isAligned `undefined` for a folder whose padding stays below 1 % of its content.
 */
export function alignSource(
  source: Source,
  pieceLength: number,
  isAligned?: boolean,
): Source {
  const { isFolder, files, length } = source;
  if (!isFolder || isAligned === false) return source;
  const last = files.findLastIndex((file) => file.length > 0);
  const aligned = files.flatMap((file, index) => {
    const rest = file.length % pieceLength;
    if (rest === 0 || index >= last) return [file];
    return [file, paddingOf(pieceLength - rest)];
  });
  const alignedLength = aligned.reduce((sum, file) => sum + file.length, 0);
  const isCheap = alignedLength - length < MAX_PADDING_SHARE * length;
  if (isAligned !== true && !isCheap) return source;
  return { ...source, files: aligned, length: alignedLength };
}

/** Padding under the name that BEP 47 recommends. */
function paddingOf(length: number): SourceFile {
  return {
    ...{ diskPath: "", path: [".pad", `${length}`], length },
    ...{ isExecutable: false, isPadding: true },
    stamp: { size: length, modifiedMs: undefined },
  };
}

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
  await walkSource(path, { ...options, files }, (file) => {
    const { diskPath, stamp, linkTarget } = file;
    const before = files[count++];
    if (change !== undefined) return;
    if (before?.diskPath !== diskPath) {
      const isOld = files.some((file) => file.diskPath === diskPath);
      change = isOld ? `${before!.diskPath} is gone` : `${diskPath} was added`;
    } else if (
      isModified(before.stamp, stamp) || !isSameFile(before.stamp, stamp) ||
      // A link that was replaced within a tick of the clock may have the same stamp.
      `${before.linkTarget}` !== `${linkTarget}`
    ) {
      change = `${diskPath} was changed`;
    }
  });
  const missing = files[count];
  return change ?? (missing && `${missing.diskPath} is gone`);
}

/** The content of a source to hash; links that do not stay links are followed. */
export function contentOf({ files }: Source): ContentFiles {
  return {
    guardedDir: undefined,
    files: files.map(({ diskPath, length, isPadding = false }) => (
      { path: [diskPath], length, isPadding }
    )),
  };
}
