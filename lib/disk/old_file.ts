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
import { isProgram, modeOf } from "../files/file_modes.ts";
import {
  type FileStamp,
  FileSystem,
  ifAny,
  isModified,
  isSameFile,
  stampOf,
} from "../files/file_system.ts";
import { type GuardedFile, GuardedFolder } from "../files/guarded_folder.ts";
import { GuardedPaths } from "../files/guarded_paths.ts";
import { isOpenTo } from "../files/links.ts";
import { storageFailure } from "../files/storage_failure.ts";

/** Bytes that are copied at a time. */
const COPIED_LENGTH = 2 ** 20;

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
  /** It is a program, and the new file is none, or the other way round. */
  | "mode"
  /** It is on another file system, or the system makes no link to it. */
  | "refused";

/** The outcome for an old file that was to take the place of a missing one. */
export type TakeOutcome =
  /** It is gone, something else is in its place, or it was modified. */
  | { readonly type: "gone" }
  | { readonly type: "linked" }
  /** The reason is given if it was to be a link. */
  | { readonly type: "copied"; readonly reason?: CopyReason | undefined };

/** A part to be made of an old file. */
export interface PartOfOldFile {
  readonly old: OldFile;
  /** Below the download folder; what is there is replaced. */
  readonly part: readonly string[];
  readonly file: TorrentFile;
  /** Allows a hard link. */
  readonly mayLink: boolean;
  /** The stamp of the part that it takes the place of, as it was verified. @default none */
  readonly verified?: FileStamp | undefined;
}

/** An open part into which a file is copied. */
export interface CopyTarget {
  readonly file: Deno.FsFile;
  /** Its path, if nobody else can put another file there. */
  readonly path: string | undefined;
  /** Bytes that it takes at most. */
  readonly length: number;
}

/** An old file that is open: the one that was found. */
export class OpenOldFile implements Disposable {
  readonly #old: OldFile;
  readonly #opened: GuardedFile;
  readonly #fileSystem: FileSystem;
  readonly #info: Deno.FileInfo;
  /** The permission bits of the file; `undefined` on Windows. */
  readonly mode: number | undefined;

  constructor(
    old: OldFile,
    { opened, info, fileSystem }: {
      readonly opened: GuardedFile;
      readonly info: Deno.FileInfo;
      readonly fileSystem: FileSystem;
    },
  ) {
    this.#old = old;
    this.#opened = opened;
    this.#info = info;
    this.#fileSystem = fileSystem;
    this.mode = info.mode === null ? undefined : info.mode & 0o777;
  }

  /**
   * Permission bits for a copy: those of a new file, but for nobody who may not read
   * the old one. The owner may write, as the copy is mended.
   */
  maskMode(mode: number): number {
    if (this.mode === undefined) return mode;
    const mayRead = this.mode | 0o600;
    return mode & (mayRead | ((mayRead & 0o444) >> 2));
  }

  /** Copies it, with shared blocks where the file system and both folders allow that. */
  async copyTo({ file, path, length }: CopyTarget): Promise<void> {
    const fileSystem = this.#fileSystem;
    const { uid, mode } = await fileSystem.stat(file);
    if (path !== undefined && await this.#isPrivate(uid)) {
      await Deno.copyFile(join(this.#old.root, ...this.#old.path), path);
      // It is a copy of the other file's mode too, which may forbid to write.
      if (mode !== null) await Deno.chmod(path, mode & 0o777);
      if ((await fileSystem.stat(file)).size > length) {
        await file.truncate(length);
      }
      return;
    }
    const buffer = new Uint8Array(Math.min(length, COPIED_LENGTH));
    for (let offset = 0; offset < length;) {
      const part = buffer.subarray(0, length - offset);
      const { file: old } = this.#opened;
      const count = await fileSystem.call(
        () => old.readSync(part),
        () => old.read(part),
      );
      if (count === null) return;
      await fileSystem.write(file, offset, part.subarray(0, count));
      offset += count;
    }
  }

  /**
   * Puts a hard link to it in the place of a part that was made just now.
   * @returns The reason if there can be none: the part stays.
   */
  async linkTo(
    { file, path }: CopyTarget,
    { length, isExecutable = false }: TorrentFile,
  ): Promise<CopyReason | undefined> {
    const { uid, mode } = this.#info;
    if (this.#info.size !== length) return "different";
    const part = await this.#fileSystem.stat(file);
    const isSafe = path !== undefined && mode !== null && uid === part.uid &&
      await this.#isPrivate(uid);
    if (!isSafe) return "exposed";
    const isSpecial = (mode & 0o7000) !== 0;
    if (isProgram(this.#info) !== isExecutable || isSpecial) return "mode";
    const link = `${path}.link`;
    try {
      // Left by a kill.
      await ifAny(Deno.remove(link));
      Deno.linkSync(join(this.#old.root, ...this.#old.path), link);
    } catch {
      return "refused";
    }
    if (!isSameFile(stampOf(this.#info), stampOf(Deno.lstatSync(link)))) {
      Deno.removeSync(link);
      return "refused";
    }
    Deno.renameSync(link, path);
    return undefined;
  }

  /** True if nobody else, but root, can put another file in its place or write to it. */
  async #isPrivate(uid: number | null): Promise<boolean> {
    const { root, path, stamp } = this.#old;
    if (isOpenTo(this.#info, 0o022)) return false;
    const fileSystem = this.#fileSystem;
    const paths = new GuardedPaths(root, { fileSystem });
    paths.owner = uid;
    const [, isSafe] = await paths.follow(path, "name", stamp);
    return isSafe;
  }

  [Symbol.dispose](): void {
    this.#opened[Symbol.dispose]();
  }
}

/**
 * Opens an old file; `undefined` if it is gone, or something else is in its place.
 * @throws {StorageError} If the system refuses.
 */
export async function openOldFile(
  old: OldFile,
): Promise<OpenOldFile | undefined> {
  const { root, path, stamp: expected } = old;
  const fileSystem = new FileSystem();
  try {
    const paths = new GuardedPaths(root, { fileSystem });
    await paths.follow(path, "name", expected);
    const folder = new GuardedFolder(root, { fileSystem });
    const opened = await folder.open(path, "read", { expected });
    const info = await fileSystem.stat(opened.file);
    if (isSameFile(expected, stampOf(info))) {
      return new OpenOldFile(old, { opened, info, fileSystem });
    }
    opened[Symbol.dispose]();
    return undefined;
  } catch (error) {
    if (isReplaced(error)) return undefined;
    throw error;
  }
}

/**
 * Makes a part of an old file, in one step: a copy that is cut short is no part.
 * @throws {StorageError} If that cannot be read, or the part be stored.
 */
export async function takeOldFile(
  folder: GuardedFolder,
  { old, part, file, mayLink, verified }: PartOfOldFile,
): Promise<TakeOutcome> {
  using source = await openOldFile(old);
  if (source === undefined) return { type: "gone" };
  const copy = [...part.slice(0, -1), `${part.at(-1)}.copy`];
  const [partPath, copyPath] = [folder.pathOf(part), folder.pathOf(copy)];
  try {
    // Left by a kill.
    await ifAny(Deno.remove(copyPath));
    const mode = source.maskMode(modeOf(file));
    using own = await folder.open(copy, "create", { mode });
    const path = await folder.isPrivate(copy) ? copyPath : undefined;
    const target = { file: own.file, path, length: file.length };
    const reason = mayLink ? await source.linkTo(target, file) : undefined;
    const isLinked = mayLink && reason === undefined;
    if (!isLinked) await source.copyTo(target);
    if (verified !== undefined) {
      const [now] = await folder.paths.follow(part, "name", old.stamp);
      if (isModified(verified, now)) {
        await Deno.remove(copyPath);
        return { type: "gone" };
      }
    }
    await Deno.rename(copyPath, partPath);
    return isLinked ? { type: "linked" } : { type: "copied", reason };
  } catch (error) {
    // Harmless if it stays: it is no part, and goes at the end.
    await Deno.remove(copyPath).catch(() => {});
    // Of a part that is separated, its user names the file.
    if (old.path === part) throw error;
    const oldPath = join(old.root, ...old.path);
    throw storageFailure(`copy ${oldPath} to`, partPath, error);
  }
}

/**
 * Puts a copy in the place of a part that has another name elsewhere, where it stays
 * as it is.
 * @returns The outcome; `undefined` if it has no other name.
 * @throws {StorageError} If the system refuses.
 */
export async function separatePart(
  folder: GuardedFolder,
  part: readonly string[],
  { file, verified }: Pick<PartOfOldFile, "file" | "verified">,
): Promise<TakeOutcome["type"] | undefined> {
  const found = await folder.paths.findFile(part, "name");
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
