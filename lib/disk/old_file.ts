/**
 * A file of an older version of a torrent's content, and the part that takes its place:
 * a copy or a hard link. Invariants: only the file that the search found is read, and
 * through no link. Another user who may write to the old folder could put a link to a
 * private file in its place, whose content would then lie in the download folder, or a
 * pipe, which blocks. Nothing is written to an old file, and its mode stays: a part
 * that is a link becomes a copy before its first write.
 *
 * @module
 */
import { join } from "@std/path";
import { StorageError } from "../base/errors.ts";
import type { TorrentFile } from "../metainfo/torrent.ts";
import { isOpenTo, isProgram, modeOf } from "../files/file_modes.ts";
import {
  type FileStamp,
  ifAny,
  isModified,
  isSameFile,
  stampOf,
} from "../files/file_system.ts";
import { GuardedFolder } from "../files/guarded_folder.ts";
import { storageFailure } from "../files/storage_failure.ts";

/** An old file as the search found it. */
export interface OldFile {
  /** The folder that the user named, or that holds the file that was named. */
  readonly root: string;
  /** Below `root`. */
  readonly path: readonly string[];
  readonly stamp: FileStamp;
}

/** The reason for a copy in the place of a hard link. */
export type CopyReason =
  /** The content differs. */
  | "different"
  /** Others may write to the file, or exchange a folder above it or above the part. */
  | "exposed"
  /** Only one of the old file and the new file is a program. */
  | "mode"
  /** The old file is on another file system, or the system refuses the link. */
  | "refused";

/** The outcome of putting an old file in the place of a missing one. */
export type TakeOutcome =
  /** The old file is gone or modified, or something else is in its place. */
  | { readonly type: "gone" }
  | { readonly type: "linked" }
  /** The reason is given if a link was allowed. */
  | { readonly type: "copied"; readonly reason?: CopyReason | undefined };

/** A part to be made of an old file. */
export interface PartOfOldFile {
  readonly old: OldFile;
  /** Below the download folder; what is there is replaced. */
  readonly part: readonly string[];
  readonly file: TorrentFile;
  /** Allows a hard link. */
  readonly mayLink: boolean;
  /** The verified stamp of the part to replace. @default none */
  readonly verified?: FileStamp | undefined;
}

/** An open old file, confirmed as the file that the search found. */
interface OpenOldFile extends Disposable {
  /** The folder of the old file. */
  readonly home: GuardedFolder;
  readonly file: Deno.FsFile;
  readonly info: Deno.FileInfo;
}

/** A new file, to become a copy of an old file or a link to it. */
interface NewFile {
  readonly file: Deno.FsFile;
  readonly path: string;
  /** In bytes, at most. */
  readonly length: number;
  readonly isExecutable: boolean;
  /** Number of this user. */
  readonly owner: number | null | undefined;
  /** True if nobody else, except root, can exchange the new file or the old file. */
  readonly isPrivate: boolean;
}

/** Opens an old file; `undefined` if it is gone, or something else is in its place. */
async function openOldFile(
  { root, path, stamp: expected }: OldFile,
): Promise<OpenOldFile | undefined> {
  // With a file system of its own: it may be on another disk.
  const home = new GuardedFolder(root);
  try {
    await home.follow(path, "name", expected);
    const opened = await home.open(path, "read", { expected });
    const { file } = opened;
    const info = await home.fileSystem.stat(file);
    if (isSameFile(expected, stampOf(info))) {
      return { home, file, info, [Symbol.dispose]: () => file.close() };
    }
    opened[Symbol.dispose]();
    return undefined;
  } catch (error) {
    if (isReplaced(error)) return undefined;
    throw error;
  }
}

/**
 * Permission bits for a copy: those of a new file, without bits for users that may not
 * read the old file. The owner may write, as changed pieces are fetched into the copy.
 */
function maskMode(mode: number, old: Deno.FileInfo): number {
  if (old.mode === null) return mode;
  const mayRead = old.mode & 0o777 | 0o600;
  return mode & (mayRead | ((mayRead & 0o444) >> 2));
}

/**
 * True if nobody else, but root, can put another file in the place of an old one or
 * write to it.
 */
async function isPrivate(
  { home, info }: OpenOldFile,
  { path, stamp }: OldFile,
  owner: number | null | undefined,
): Promise<boolean> {
  if (isOpenTo(info, 0o022)) return false;
  home.owner = owner;
  const [, isSafe] = await home.follow(path, "name", stamp);
  return isSafe;
}

/** Copies an old file, with shared blocks where the file system and both folders allow that. */
async function copyInto(
  { file, path, length, isPrivate }: NewFile,
  { home: { fileSystem }, file: old }: OpenOldFile,
  oldPath: string,
): Promise<void> {
  if (!isPrivate) {
    await fileSystem.copy(old, file, length);
    return;
  }
  const { mode } = await fileSystem.stat(file);
  await Deno.copyFile(oldPath, path);
  // The copy has the old file's mode too, which may forbid writing.
  if (mode !== null) await Deno.chmod(path, mode & 0o777);
  if ((await fileSystem.stat(file)).size > length) await file.truncate(length);
}

/**
 * Puts a hard link to an old file in the place of a new one.
 * @returns The reason if there can be none: the new file stays.
 */
async function linkInto(
  { path, length, isExecutable, owner, isPrivate }: NewFile,
  { info }: OpenOldFile,
  oldPath: string,
): Promise<CopyReason | undefined> {
  const { uid, mode, size } = info;
  if (size !== length) return "different";
  if (!isPrivate || mode === null || uid !== owner) return "exposed";
  const isSpecial = (mode & 0o7000) !== 0;
  if (isProgram(info) !== isExecutable || isSpecial) return "mode";
  const link = `${path}.link`;
  try {
    // A killed process may have left one.
    await ifAny(Deno.remove(link));
    Deno.linkSync(oldPath, link);
  } catch {
    return "refused";
  }
  if (!isSameFile(stampOf(info), stampOf(Deno.lstatSync(link)))) {
    Deno.removeSync(link);
    return "refused";
  }
  Deno.renameSync(link, path);
  return undefined;
}

/**
 * Makes a part from an old file, in one step: an incomplete copy never becomes a part.
 * @throws {StorageError} If the old file cannot be read, or the part cannot be stored.
 */
export async function takeOldFile(
  folder: GuardedFolder,
  { old, part, file, mayLink, verified }: PartOfOldFile,
): Promise<TakeOutcome> {
  using source = await openOldFile(old);
  if (source === undefined) return { type: "gone" };
  const copy = [...part.slice(0, -1), `${part.at(-1)}.copy`];
  const [partPath, copyPath] = [folder.pathOf(part), folder.pathOf(copy)];
  const oldPath = join(old.root, ...old.path);
  const { length, isExecutable = false } = file;
  try {
    // A killed process may have left one.
    await ifAny(Deno.remove(copyPath));
    const mode = maskMode(modeOf(file), source.info);
    using created = await folder.open(copy, "create", { mode });
    const { owner } = folder;
    const made = {
      ...{ file: created.file, path: copyPath, length, isExecutable, owner },
      isPrivate: await folder.isPrivate(copy) &&
        await isPrivate(source, old, owner),
    };
    const reason = mayLink ? await linkInto(made, source, oldPath) : undefined;
    const isLinked = mayLink && reason === undefined;
    if (!isLinked) await copyInto(made, source, oldPath);
    if (verified !== undefined) {
      const [now] = await folder.follow(part, "name", old.stamp);
      if (isModified(verified, now)) {
        await Deno.remove(copyPath);
        return { type: "gone" };
      }
    }
    await Deno.rename(copyPath, partPath);
    return isLinked ? { type: "linked" } : { type: "copied", reason };
  } catch (error) {
    // Harmless if the copy stays: it is no part, and is removed at the end.
    await Deno.remove(copyPath).catch(() => {});
    // When a part is separated, the caller explains the error.
    if (old.path === part) throw error;
    throw storageFailure(`copy ${oldPath} to`, partPath, error);
  }
}

/**
 * Puts a copy in the place of a part that is a hard link; the file under its other name
 * stays as it is.
 * @returns The outcome; `undefined` if it has no other name.
 * @throws {StorageError} If the system refuses.
 */
export async function separatePart(
  folder: GuardedFolder,
  part: readonly string[],
  { file, verified }: Pick<PartOfOldFile, "file" | "verified">,
): Promise<TakeOutcome["type"] | undefined> {
  const found = await folder.findFile(part, "name");
  if (found === undefined) return undefined;
  const stamp = stampOf(found.info);
  if (isModified(verified ?? stamp, stamp)) return "gone";
  if ((found.info.nlink ?? 1) <= 1) return undefined;
  const old = { root: folder.pathOf([]), path: part, stamp };
  const made = { old, part, file, mayLink: false, verified };
  return (await takeOldFile(folder, made)).type;
}

/** True if a guarded file is gone or was replaced, and the system refused nothing. */
export function isReplaced(error: unknown): boolean {
  return error instanceof StorageError &&
    (!(error.cause instanceof Error) ||
      error.cause instanceof Deno.errors.NotFound);
}
