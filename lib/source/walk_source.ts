/**
 * Walks the files and links of what a user shares, in a fixed order, without reading
 * the content. Only what a peer can share from the same place passes.
 *
 * @module
 */
import {
  basename,
  dirname,
  isAbsolute,
  join,
  relative,
  resolve,
  SEPARATOR,
} from "@std/path";
import { StorageError } from "../base/errors.ts";
import { isProgram } from "../files/file_modes.ts";
import { type FileStamp, FileSystem, stampOf } from "../files/file_system.ts";
import { followLink } from "../files/links.ts";
import { isOwnFolderName } from "../disk/own_folder.ts";
import { explained } from "../files/storage_failure.ts";
import { matchesBelow, type PathGlob } from "../metainfo/path_glob.ts";
import { foldName, type Platform, platformOf } from "../metainfo/safe_path.ts";

/** A file to share, or a link that stays a link. */
export interface SourceFile {
  /** Absolute. */
  readonly diskPath: string;
  /** Components below the shared folder; empty for a file shared by itself. */
  readonly path: readonly string[];
  /** In bytes. */
  readonly length: number;
  /** True if its owner may run it as a program. */
  readonly isExecutable: boolean;
  /** Of a link, whose length is 0: components below the shared folder of its target. */
  readonly linkTarget?: readonly string[];
  /** True for zeros that fill a piece, and are on no disk. [BEP 47] @default {false} */
  readonly isPadding?: boolean;
  /** The file's state during the scan. */
  readonly stamp: FileStamp;
}

/** Properties of a file or folder that a torrent does not describe, counted. */
export interface LostProperties {
  /** Files that count as programs only because the file system has no modes. */
  readonly executables: number;
  /** Folders with nothing in them but such folders. */
  readonly emptyFolders: number;
  /** Symbolic links in the folder whose targets are shared in their place. */
  readonly links: number;
  /**
   * Number of files and folders left out, by the glob or name that matches them;
   * {@linkcode NOT_INCLUDED} for files that no glob includes.
   */
  readonly leftOut: ReadonlyMap<string, number>;
}

/** Files that none of the globs includes. */
export const NOT_INCLUDED = "not included";
/** Names of files and folders that systems create and that nobody wants to share. */
const SYSTEM_NAMES = ["lost+found", ".DS_Store", "Thumbs.db"];

/** Options of {@linkcode scanSource}. */
export interface ScanSourceOptions {
  /** A path in the folder that is not shared: the torrent file's own. */
  readonly exclude?: string;
  /**
   * Shares only files that match one of these, or that lie in a matching folder.
   * @default {all files but those that systems create}
   */
  readonly includeGlobs?: readonly PathGlob[];
  /** Leaves out files and folders that match one of these. @default none */
  readonly excludeGlobs?: readonly PathGlob[];
  /** Ends the scan; its reason is thrown. */
  readonly signal?: AbortSignal;
  /** The platform whose rules apply to names. @default {this machine's platform} */
  readonly platform?: Platform;
}

/** Options of {@linkcode walkSource}. */
interface WalkSourceOptions extends ScanSourceOptions {
  /** All files of the source; decides about links once all files are found. */
  readonly files: readonly SourceFile[];
}

/** The refusal of something without content, which cannot be hashed or read. */
export const NO_CONTENT =
  "it is neither a file nor a folder; take it out of what is shared";

/** A file or folder during a scan. */
interface Place {
  readonly diskPath: string;
  /** Components below the shared folder. */
  readonly path: readonly string[];
  /** Real paths of the folders above. */
  readonly ancestors: readonly string[];
}

/** A relative link that leads to a place in the shared folder. */
interface Link extends Place {
  readonly linkTarget: readonly string[];
}

/** Calls `onFile` for every file to share, in order, and then for every link. */
export async function walkSource(
  path: string,
  options: WalkSourceOptions,
  onFile: (file: SourceFile) => void,
): Promise<Omit<LostProperties, "executables">> {
  const { exclude, signal, platform = platformOf(Deno.build.os) } = options;
  const fileSystem = new FileSystem();
  const excluded = exclude && foldName(await realOutputPath(exclude), platform);
  const leftOut = new Map<string, number>();
  const lost = { emptyFolders: 0, links: 0, leftOut };
  const links: Link[] = [];

  function leaveOut(reason: string): void {
    leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1);
  }

  /** True for a folder with nothing in it. */
  async function visit(place: Place): Promise<boolean> {
    signal?.throwIfAborted();
    const { diskPath, path } = place;
    const stat = fileSystem.call(
      () => Deno.statSync(diskPath),
      () => Deno.stat(diskPath),
    );
    const info = await explained(diskPath, stat);
    if (info.isDirectory) return await visitFolder(place);
    if (!info.isFile) throw refusal(diskPath, NO_CONTENT + orLeaveOut(path));
    if (path.length > 0 && !includes(path, options)) leaveOut(NOT_INCLUDED);
    else {
      const stamp = stampOf(info);
      const isExecutable = isProgram(info);
      onFile({ diskPath, path, length: info.size, isExecutable, stamp });
    }
    return false;
  }

  async function visitFolder(folder: Place): Promise<boolean> {
    const { diskPath } = folder;
    const realPath = await explained(diskPath, Deno.realPath(diskPath));
    requireNoCircle(folder, realPath);
    const ancestors = [...folder.ancestors, realPath];
    const entries = await explained(diskPath, fileSystem.readDir(diskPath));
    let isEmpty = true;
    for (const { name, isSymlink } of entries) {
      if (isOwnFolderName(name)) continue;
      const isExcluded = excluded &&
        foldName(join(realPath, name), platform) === excluded;
      const path = [...folder.path, name];
      const reason = findReasonToLeaveOut(path, options);
      if (reason !== undefined && !isExcluded) leaveOut(reason);
      if (reason !== undefined || isExcluded) {
        isEmpty = false;
        continue;
      }
      const entry = { diskPath: join(diskPath, name), path, ancestors };
      const isEmptyEntry = isSymlink
        ? await visitLink(entry)
        : await visit(entry);
      isEmpty &&= isEmptyEntry;
    }
    if (isEmpty) lost.emptyFolders++;
    return isEmpty;
  }

  /** Follows a link, unless it may stay a link, which is decided last. */
  async function visitLink(link: Place): Promise<boolean> {
    const { diskPath, path, ancestors } = link;
    const folder = ancestors[0]!;
    const refuse = (reason: string): StorageError =>
      refusal(diskPath, reason + orLeaveOut(path));
    const target = await explained(
      diskPath,
      followLink(diskPath, { folder, refuse, fileSystem }),
    );
    requireNoCircle(link, target);
    if (isAbsolute(await explained(diskPath, fileSystem.readLink(diskPath)))) {
      lost.links++;
      return await visit(link);
    }
    const linkTarget = relative(folder, target).split(SEPARATOR);
    links.push({ ...link, linkTarget });
    return false;
  }

  await visit({ diskPath: resolve(path), path: [], ancestors: [] });
  const shared = links.length > 0
    ? withFolders([...options.files, ...links])
    : new Set();
  // The list grows while the targets of links contain links.
  for (const link of links) {
    const { diskPath, path, linkTarget } = link;
    if (!includes(path, options)) {
      leaveOut(NOT_INCLUDED);
    } else if (shared.has(linkTarget.join("/"))) {
      const info = await explained(diskPath, fileSystem.lstat(diskPath));
      const stamp = stampOf(info);
      onFile({
        ...{ diskPath, path, length: 0, isExecutable: false },
        ...{ linkTarget, stamp },
      });
    } else {
      lost.links++;
      await visit(link);
    }
  }
  return lost;
}

/** @throws {StorageError} If a folder, or what a link leads to, is a folder above it. */
function requireNoCircle(
  { diskPath, path, ancestors }: Place,
  realPath: string,
): void {
  if (!ancestors.includes(realPath)) return;
  throw refusal(
    diskPath,
    `the link leads back to a folder it lies in; remove the link${
      orLeaveOut(path)
    }`,
  );
}

/**
 * The paths of files and of the folders that they lie in.
 * @param fold Their spelling in the set.
 */
export function withFolders(
  files: Iterable<Pick<SourceFile, "path">>,
  fold = (path: string): string => path,
): ReadonlySet<string> {
  const paths = new Set<string>();
  for (const { path } of files) {
    for (let depth = path.length; depth > 0; depth--) {
      const place = fold(path.slice(0, depth).join("/"));
      if (paths.has(place)) break;
      paths.add(place);
    }
  }
  return paths;
}

/** The alternative remedy: the flag that leaves out a path in the shared folder. */
function orLeaveOut(path: readonly string[]): string {
  if (path.length === 0) return "";
  const glob = path.join("/").replace(/[\\*?[\]{}]/g, "\\$&");
  return `, or leave it out with --exclude ${
    /^[\w./-]+$/.test(glob) ? glob : `'${glob.replaceAll("'", "'\\''")}'`
  }`;
}

/** The glob or name that leaves a file or folder out, if one does. */
function findReasonToLeaveOut(
  path: readonly string[],
  { includeGlobs = [], excludeGlobs = [] }: ScanSourceOptions,
): string | undefined {
  const glob = excludeGlobs.find((glob) => glob.matches(path));
  if (glob !== undefined) return glob.text;
  const left = systemName(path.at(-1)!);
  const isWanted = includeGlobs.some((glob) => glob.matches(path));
  return isWanted ? undefined : left;
}

/** The usual spelling of a name that systems create, which is not shared by default. */
export function systemName(name: string): string | undefined {
  const lower = name.toLowerCase();
  return SYSTEM_NAMES.find((one) => one.toLowerCase() === lower);
}

function includes(
  path: readonly string[],
  { includeGlobs = [] }: ScanSourceOptions,
): boolean {
  return includeGlobs.length === 0 ||
    includeGlobs.some((glob) => matchesBelow(glob, path));
}

/** The path of a file that may not exist yet, with the links above it followed. */
async function realOutputPath(path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    return join(await Deno.realPath(dirname(absolute)), basename(absolute));
  } catch {
    // The folder of the path cannot be read, so the scan never meets the file.
    return absolute;
  }
}

/** The error for something that cannot be shared. */
export function refusal(diskPath: string, reason: string): StorageError {
  return new StorageError(`Cannot share ${diskPath}: ${reason}`);
}
