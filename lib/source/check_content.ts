/**
 * Checks a folder against a torrent: which files are right, wrong, missing, and extra.
 * Reads only, and leaves nothing behind.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "@std/path";
import { Bitfield } from "../base/bitfield.ts";
import { StorageError } from "../base/errors.ts";
import { rangesOf } from "../disk/storage.ts";
import { ifAny } from "../files/file_system.ts";
import { GuardedPaths, type KnownFolders } from "../files/guarded_paths.ts";
import { findPieces } from "../disk/hash_content.ts";
import { leadsThere, type TorrentLink } from "../disk/link_maker.ts";
import {
  explained,
  sourceFailure,
  storageFailure,
} from "../files/storage_failure.ts";
import type { WorkerHasher } from "../disk/worker_hasher.ts";
import {
  isRegularFile,
  type Torrent,
  type TorrentFile,
} from "../metainfo/torrent.ts";
import { findExtraFiles } from "./extra_files.ts";
import { type FileState, fileStates, type FoundFile } from "./file_states.ts";

const NO_FILE = "no file, or a link that leads out, is in its place";

/** A file or link of a torrent, and its state on the disk. */
export interface CheckedFile {
  /** As the torrent has it. */
  readonly file: TorrentFile;
  /** The state on the disk; for a link, the state of its target. */
  readonly state: FileState;
}

/** The outcome of {@linkcode checkContent}. */
export interface CheckedContent {
  /** The folder that holds the torrent's file or folder. */
  readonly dir: string;
  /** All files and links of the torrent, in its order, without padding. */
  readonly files: readonly CheckedFile[];
  /** Paths below `dir` of files in the torrent's folder that are not part of the torrent. */
  readonly extra: readonly (readonly string[])[];
}

/** Options of {@linkcode checkContent}. */
export interface CheckContentOptions {
  /** Ends the check; its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Hashes the files. @default {the calling thread} */
  readonly hasher?: WorkerHasher;
  /** Called for every run of pieces that was hashed. */
  readonly onProgress?: (
    progress: { readonly hashedLength: number; readonly length: number },
  ) => void;
}

/**
 * Checks the content of a torrent.
 * @param folder The folder that holds the content, or the torrent's own folder by name.
 * @throws {StorageError} If there is no such folder, or something cannot be read.
 */
export async function checkContent(
  torrent: Torrent,
  folder: string,
  options: CheckContentOptions = {},
): Promise<CheckedContent> {
  const dir = await findHome(torrent, folder);
  const paths = new GuardedPaths(dir, { readsFollowLinks: true });
  const found = await findFiles(torrent, paths);
  const have = await verify(torrent, { ...options, dir, found });
  const states = fileStates(torrent, have, found);
  const files: CheckedFile[] = [];
  for (const [index, file] of torrent.files.entries()) {
    if (file.isPadding) continue;
    const state = states[index] ?? await linkState(file, paths);
    files.push({ file, state });
  }
  return { dir, files, extra: await findExtraFiles(torrent, dir) };
}

/** The folder that holds the content, or would. */
async function findHome(
  { name, isFolder }: Torrent,
  folder: string,
): Promise<string> {
  const path = resolve(folder);
  const info = await explained(path, Deno.stat(path));
  const inner = await ifAny(Deno.lstat(join(path, name))).catch((error) => {
    if (info.isDirectory) throw sourceFailure(path, error);
    return undefined;
  });
  if (inner !== undefined) return path;
  const isContent = basename(path) === name && info.isDirectory === isFolder;
  if (isContent) return dirname(path);
  if (info.isDirectory) return path;
  const quoted = JSON.stringify(name);
  throw new StorageError(
    `Cannot check ${path}: the torrent's content is called ${quoted}; give the folder that holds it`,
  );
}

/** By index, the torrent's files on the disk, or something else in their place. */
async function findFiles(
  { files }: Torrent,
  paths: GuardedPaths,
): Promise<(FoundFile | undefined)[]> {
  const folders: KnownFolders = new Map();
  const found = files.map((): FoundFile | undefined => undefined);
  for (const [index, file] of files.entries()) {
    if (!isRegularFile(file)) continue;
    try {
      const present = await paths.findFile(file.path, "read", folders);
      if (present) found[index] = { type: "file", size: present.info.size };
    } catch (error) {
      // The system refuses to say what is there.
      if (!(error instanceof StorageError) || error.cause instanceof Error) {
        throw error;
      }
      found[index] = { type: "other", reason: NO_FILE };
    }
  }
  return found;
}

/** The pieces that are right. */
async function verify(
  torrent: Torrent,
  options: CheckContentOptions & {
    readonly dir: string;
    readonly found: readonly (FoundFile | undefined)[];
  },
): Promise<Bitfield> {
  const { dir, found, signal, hasher, onProgress } = options;
  const { geometry, files } = torrent;
  // The bytes of a file that is too long still help to verify the files next to it.
  const present = found.map((file, index) =>
    file?.type === "file"
      ? { size: Math.min(file.size, files[index]!.length) }
      : undefined
  );
  const ranges = rangesOf(files, present);
  const length = ranges.reduce((sum, range) => sum + range.length, 0);
  const have = new Bitfield(geometry.pieceCount);
  let hashedLength = 0;
  await findPieces({ files: { guardedDir: dir, files } }, torrent, {
    ...{ ranges, hasher, signal, found: have },
    onRun: (run) => {
      hashedLength += run.length;
      onProgress?.({ hashedLength, length });
    },
  });
  return have;
}

async function linkState(
  { path, linkTarget }: TorrentFile,
  paths: GuardedPaths,
): Promise<FileState> {
  const isRight = await isRightLink({ path, linkTarget: linkTarget! }, paths);
  if (isRight === undefined) return { type: "missing" };
  const target = linkTarget!.slice(1).join("/");
  return isRight
    ? { type: "right" }
    : { type: "wrong", reason: `it does not lead to ${target}` };
}

/**
 * True if a torrent's link is on the disk, or a file with the same content as the link's
 * target in its place; `undefined` if nothing is there.
 */
async function isRightLink(
  link: Pick<TorrentLink, "path" | "linkTarget">,
  paths: GuardedPaths,
): Promise<boolean | undefined> {
  const place = paths.pathOf(link.path);
  const info = await ifAny(Deno.lstat(place)).catch((error) => {
    throw storageFailure("access", place, error);
  });
  if (info === undefined) return undefined;
  if (info.isSymlink) return await leadsThere(link, paths);
  const target = await paths.findFile(link.linkTarget, "read").catch(
    (error) => {
      // The link's target is a folder, which no file replaces.
      if (!(error instanceof StorageError)) throw error;
      return undefined;
    },
  );
  if (!info.isFile || info.size !== target?.info.size) return false;
  const { fileSystem } = paths;
  using left = await fileSystem.open(place, { read: true });
  using right = await fileSystem.open(target.place, { read: true });
  return await fileSystem.areEqual(left, right, info.size);
}
