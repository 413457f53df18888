/**
 * Opens files below one folder; reads may follow a link directly below it, if that is
 * asked for. Invariants: nothing is written through a symbolic link below that
 * folder, or through a hard link; and only regular files are opened, as a named pipe
 * would block. The folder itself is the user's choice and may be a link, but it must
 * stay on the disk on which it was first found: once that disk is unmounted, the same
 * path is another folder.
 *
 * Deno opens files by path alone, so that a folder may be replaced by a link between
 * a check and the open. Therefore every file is confirmed after it was opened and
 * before it is used: its path must still lead to it, and for a write without a link.
 *
 * @module
 */
import { dirname, join } from "@std/path";
import { StorageError } from "../base/errors.ts";
import {
  type FileStamp,
  FileSystem,
  ifAny,
  isSameFile,
  isWithin,
  stampOf,
} from "./file_system.ts";
import { MOVE_AWAY, storageFailure } from "./storage_failure.ts";

/**
 * Times that the path of a file to be written is followed again. A program that
 * exchanges a folder and a link as fast as it can escapes each with a chance of a
 * quarter.
 */
const CONFIRMATIONS = 4;
/** Attempts to find what was made outside the folder. */
const TAKE_BACK_ATTEMPTS = 20;
/** A folder that was made just now is at most so old, in milliseconds. */
const NEW_FOLDER_MS = 10_000;

/**
 * The purpose of an open file; `write` also allows reads, and creates a missing file;
 * `create` refuses one that exists.
 */
export type Access = "read" | "write" | "create";

/** An open file below a {@linkcode GuardedFolder}, confirmed. */
export interface GuardedFile extends Disposable {
  readonly file: Deno.FsFile;
  /** In bytes, when it was opened. */
  readonly size: number;
  /** True if the open created it. */
  readonly isNew: boolean;
  /**
   * Syncs a new file and gives it its final name in the same folder in one step, so
   * that no part of it is ever seen under that name.
   */
  publish(name: string): Promise<void>;
}

/** Options of a {@linkcode GuardedFolder}. */
export interface GuardedFolderOptions {
  /** Shared with whatever else uses the same disk. @default {a new one} */
  readonly fileSystem?: FileSystem;
  /**
   * Reads follow a link directly below the folder, and deeper ones that stay in what
   * that leads to. Writes never do. @default {false}
   */
  readonly readsFollowLinks?: boolean;
}

/** The file at a path; `place` is that of a link's target, if links are followed. */
interface Found {
  readonly place: string;
  readonly info: Deno.FileInfo;
}

/** Stats of the folders on paths that were walked; `undefined` for a missing one. */
type KnownFolders = Map<string, Deno.FileInfo | undefined>;

/** A folder to keep files below. */
export class GuardedFolder {
  readonly #dir: string;
  readonly #fileSystem: FileSystem;
  readonly #readsFollowLinks: boolean;
  /** Number of the disk that holds the folder, once the folder was found. */
  #device: number | undefined;

  constructor(dir: string, options: GuardedFolderOptions = {}) {
    this.#dir = dir;
    this.#fileSystem = options.fileSystem ?? new FileSystem();
    this.#readsFollowLinks = options.readsFollowLinks ?? false;
  }

  /** The path of a file on the disk. */
  pathOf(path: readonly string[]): string {
    return join(this.#dir, ...path);
  }

  /**
   * Stats files one after another, without opening them.
   * @returns The stamp of each; `undefined` for one that is missing or whose folder is.
   * @throws {StorageError} If a component is a link that is not followed, or of the
   * wrong kind.
   */
  async stamps(
    paths: Iterable<readonly string[]>,
  ): Promise<(FileStamp | undefined)[]> {
    await this.#exists();
    const folders: KnownFolders = new Map();
    const stamps: (FileStamp | undefined)[] = [];
    for (const path of paths) {
      const found = await this.#findFile(path, "read", folders);
      stamps.push(found && stampOf(found.info));
    }
    return stamps;
  }

  /**
   * Opens a file. For writing, the file and missing folders (this one included)
   * are created.
   * @throws {StorageError} If it is missing (reading only), is not a regular file,
   * is reached through a link that is not followed, or the system refuses.
   */
  async open(path: readonly string[], access: Access): Promise<GuardedFile> {
    const filePath = this.pathOf(path);
    const write = access !== "read";
    const options = { read: true, write };
    try {
      if (write) {
        await this.makeFolders(path);
        try {
          const created = { ...options, createNew: true };
          const file = await this.#fileSystem.open(filePath, created);
          return await this.#guard(file, { path, access, isNew: true });
        } catch (error) {
          const exists = error instanceof Deno.errors.AlreadyExists;
          if (!exists || access === "create") throw error;
        }
      }
      await this.#exists();
      // Refuses links and pipes before the open, which would follow or block.
      const found = await this.#findFile(path, access);
      const place = found?.place ?? filePath;
      const file = await this.#fileSystem.open(place, options);
      return await this.#guard(file, { path, access, isNew: false });
    } catch (error) {
      // If the disk was unmounted meanwhile, this says so.
      if (write && !(error instanceof StorageError)) await this.#exists();
      const action = write ? "open for writing" : "open";
      throw storageFailure(action, filePath, error);
    }
  }

  /** Creates this folder and the folders of a file below it, one by one. */
  async makeFolders(path: readonly string[]): Promise<void> {
    for (let depth = 0; depth < path.length; depth++) {
      const above = path.slice(0, depth);
      if (await this.#hasFolder(above)) continue;
      const folder = this.pathOf(above);
      try {
        await this.#fileSystem.mkdir(folder, { recursive: depth === 0 });
      } catch (error) {
        // Another file's write created it meanwhile.
        if (error instanceof Deno.errors.AlreadyExists) continue;
        throw storageFailure("create folder", folder, error);
      }
      try {
        await this.#hasFolder(above);
      } catch (error) {
        await this.#takeBack(folder);
        throw error;
      }
    }
  }

  /** Confirms a file that was opened; takes a new one back if that fails. */
  async #guard(
    file: Deno.FsFile,
    { path, access, isNew }: Pick<GuardedFile, "isNew"> & {
      readonly path: readonly string[];
      readonly access: Access;
    },
  ): Promise<GuardedFile> {
    const filePath = this.pathOf(path);
    let own: FileStamp | undefined;
    const confirm = async (): Promise<void> => {
      for (let time = access === "read" ? 1 : CONFIRMATIONS; time > 0; time--) {
        const now = await this.#findFile(path, access);
        if (now && own && isSameFile(own, stampOf(now.info))) continue;
        await this.#exists();
        throw new StorageError(
          `Cannot use ${filePath}: it was replaced while being opened; run again`,
        );
      }
      await this.#exists();
    };
    try {
      const info = await this.#fileSystem.stat(file);
      requireRegularFile(filePath, info);
      own = stampOf(info);
      await confirm();
      return {
        file,
        size: info.size,
        isNew,
        publish: async (name) => {
          await file.sync();
          await confirm();
          await Deno.rename(filePath, join(dirname(filePath), name));
        },
        [Symbol.dispose]: () => file.close(),
      };
    } catch (error) {
      file.close();
      if (isNew) await this.#takeBack(filePath, own);
      throw error;
    }
  }

  /**
   * Removes the empty file or folder that was just made in another place than this
   * folder, where a link led at that moment. What is below this folder stays: its
   * path may lead to somebody else's file by the time of the removal.
   */
  async #takeBack(path: string, own?: FileStamp): Promise<void> {
    for (let attempt = 0; attempt < TAKE_BACK_ATTEMPTS; attempt++) {
      try {
        const home = await Deno.realPath(this.#dir);
        const place = await Deno.realPath(path);
        const info = await Deno.lstat(place);
        const ageMs = Date.now() - (info.birthtime?.getTime() ?? 0);
        const isOurs = own === undefined
          ? info.isDirectory && ageMs < NEW_FOLDER_MS
          : info.isFile && info.size === 0 && isSameFile(own, stampOf(info));
        const isInside = info.dev === this.#device && isWithin(place, home);
        if (isOurs && !isInside) return await Deno.remove(place);
      } catch {
        // Replaced again, or not removable: it stays, and is empty.
      }
    }
  }

  /** The regular file at a path; `undefined` if it is missing or its folder is. */
  async #findFile(
    path: readonly string[],
    access: Access,
    folders?: KnownFolders,
  ): Promise<Found | undefined> {
    const found = await this.#find(path, access, folders);
    if (found === undefined) return undefined;
    const filePath = this.pathOf(path);
    requireRegularFile(filePath, found.info);
    if (access === "read" || (found.info.nlink ?? 1) <= 1) return found;
    throw new StorageError(
      `Cannot write ${filePath}: the file has another name elsewhere (a hard link), ` +
        "where it would change too; replace it with a copy",
    );
  }

  /**
   * True if there is a folder at a path.
   * @throws {StorageError} If a link or something else stands in its place.
   */
  async #hasFolder(path: readonly string[]): Promise<boolean> {
    if (path.length === 0) return await this.#exists();
    const found = await this.#find(path, "write");
    if (found !== undefined) requireFolder(found.place, found.info);
    return found !== undefined;
  }

  /** Stats a path, links followed if `access` allows that. */
  async #find(
    path: readonly string[],
    access: Access,
    folders?: KnownFolders,
  ): Promise<Found | undefined> {
    const follows = access === "read" && this.#readsFollowLinks;
    for (let depth = 1;; depth++) {
      const isLast = depth === path.length;
      const place = this.pathOf(path.slice(0, depth));
      const isKnown = !isLast && folders?.has(place);
      const info = isKnown ? folders!.get(place) : await this.#lstat(place);
      if (!isLast) folders?.set(place, info);
      if (info === undefined) return undefined;
      if (info.isSymlink && follows) return await this.#findLinked(path);
      if (isLast) return { place, info };
      requireFolder(place, info);
    }
  }

  /** The same through links that stay in the target of the path's first component. */
  async #findLinked(path: readonly string[]): Promise<Found | undefined> {
    const filePath = this.pathOf(path);
    try {
      const root = await Deno.realPath(this.pathOf(path.slice(0, 1)));
      const place = await Deno.realPath(filePath);
      const info = await this.#fileSystem.lstat(place);
      return { place, info: { ...info, isSymlink: !isWithin(place, root) } };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw storageFailure("access", filePath, error);
    }
  }

  /**
   * True if this folder exists.
   * @throws {StorageError} If it existed, and is gone or on another disk.
   */
  async #exists(): Promise<boolean> {
    // With the slash, a link is followed.
    const info = await this.#lstat(`${this.#dir}/`);
    this.#device ??= info?.dev;
    if (this.#device === info?.dev) return info !== undefined;
    throw storageFailure("use", this.#dir, "ENODEV");
  }

  async #lstat(path: string): Promise<Deno.FileInfo | undefined> {
    try {
      return await ifAny(this.#fileSystem.lstat(path));
    } catch (error) {
      throw storageFailure("access", path, error);
    }
  }
}

function requireRegularFile(path: string, info: Deno.FileInfo): void {
  requireNoLink(path, info);
  if (info.isDirectory) throw storageFailure("use", path, "EISDIR");
  if (info.isFile) return;
  throw new StorageError(
    `Cannot use ${path}: a pipe, socket or device stands where a file must be; ${MOVE_AWAY}`,
  );
}

function requireFolder(path: string, info: Deno.FileInfo): void {
  requireNoLink(path, info);
  if (!info.isDirectory) throw storageFailure("use", path, "ENOTDIR");
}

function requireNoLink(path: string, info: Deno.FileInfo): void {
  if (!info.isSymlink) return;
  throw new StorageError(
    `Cannot use ${path}: it is a symbolic link and may lead out of the ` +
      "download folder; replace it with the file or folder itself",
  );
}
