/**
 * Scans what a user shares: one file, or the files of a folder in a fixed order.
 * Two scans of an unchanged source are equal.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "@std/path";
import { StorageError } from "../base/errors.ts";
import { FileSpans } from "../metainfo/file_spans.ts";
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
import { isWithin } from "./guarded_folder.ts";
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
  /** Files that may be run as programs. */
  readonly executables: number;
  /** Folders without an entry. */
  readonly emptyFolders: number;
  /** Symbolic links in the folder; their targets are shared in their place. */
  readonly links: number;
}

/** Options of {@linkcode scanSource}. */
export interface ScanSourceOptions {
  /** A path in the folder that is not shared: the torrent file's own. */
  readonly exclude?: string;
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
  const { platform = platformOf(Deno.build.os), signal } = options;
  const exclude = options.exclude &&
    foldName(await realOutputPath(options.exclude), platform);
  const paths = new PathSet(platform);
  const files: SourceFile[] = [];
  const lost = { executables: 0, emptyFolders: 0, links: 0 };

  async function scan(place: Place): Promise<void> {
    signal?.throwIfAborted();
    const { diskPath, path } = place;
    const info = await explained(diskPath, Deno.stat(diskPath));
    if (info.isDirectory) return await scanFolder(place);
    if (!info.isFile) {
      throw refusal(
        diskPath,
        "it is neither a file nor a folder; take it out of what is shared",
      );
    }
    if (path.length > 0) checkPath(place);
    // Windows reports no mode.
    if (((info.mode ?? 0) & 0o111) !== 0) lost.executables++;
    files.push({ diskPath, path, length: info.size, stamp: stampOf(info) });
  }

  async function scanFolder(folder: Place): Promise<void> {
    const { diskPath, path, ancestors } = folder;
    const realPath = await explained(diskPath, Deno.realPath(diskPath));
    if (ancestors.includes(realPath)) {
      throw refusal(
        diskPath,
        "the link leads back to a folder it lies in; remove the link",
      );
    }
    const reading = Array.fromAsync(Deno.readDir(diskPath));
    const entries = await explained(diskPath, reading);
    if (entries.length === 0) lost.emptyFolders++;
    entries.sort((a, b) => a.name < b.name ? -1 : 1);
    for (const { name, isSymlink } of entries) {
      const isExcluded = isOwnFolderName(name) ||
        foldName(join(realPath, name), platform) === exclude;
      if (isExcluded) continue;
      if (isSymlink) {
        lost.links++;
        await checkLink(join(diskPath, name), ancestors[0] ?? realPath);
      }
      await scan({
        diskPath: join(diskPath, name),
        path: [...path, name],
        ancestors: [...ancestors, realPath],
      });
    }
  }

  async function checkLink(link: string, root: string): Promise<void> {
    const following = Deno.realPath(link).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw refusal(link, "it is a link that leads nowhere; remove it");
    });
    const target = await explained(link, following);
    if (isWithin(target, root)) return;
    const advice = "replace it by a copy or take it out of what is shared";
    throw refusal(
      link,
      `it is a link that leads out of the folder, to ${target}; ${advice}`,
    );
  }

  function checkPath({ diskPath, path }: Place): void {
    const fault = findPathFault(path, platform);
    if (fault !== undefined) throw refusal(diskPath, `${fault}; rename it`);
    const collision = paths.add(path);
    if (collision === undefined) return;
    throw refusal(diskPath, `it ${collision}; rename one of them`);
  }

  const diskPath = resolve(path);
  await scan({ diskPath, path: [], ancestors: [] });
  if (files.length === 0) {
    throw refusal(diskPath, "the folder holds no files; put some there first");
  }
  return {
    name: basename(diskPath),
    isFolder: files[0]!.path.length > 0,
    files,
    length: files.reduce((sum, file) => sum + file.length, 0),
    lost,
  };
}

/** A file or folder during a scan. */
interface Place {
  readonly diskPath: string;
  /** Components below the shared folder. */
  readonly path: readonly string[];
  /** Real paths of the folders above. */
  readonly ancestors: readonly string[];
}

/** The first difference between two scans, in words; `undefined` if there is none. */
export function findSourceChange(
  before: Source,
  after: Source,
): string | undefined {
  const added = new Map(after.files.map((file) => [file.diskPath, file.stamp]));
  for (const { diskPath, stamp } of before.files) {
    const now = added.get(diskPath);
    if (now === undefined) return `${diskPath} is gone`;
    if (isModified(stamp, now) || !isSameFile(stamp, now)) {
      return `${diskPath} was changed`;
    }
    added.delete(diskPath);
  }
  for (const diskPath of added.keys()) return `${diskPath} was added`;
  return undefined;
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
