/**
 * Follows paths below one folder, component by component, without opening anything.
 * Invariants: a link below the folder is an error, unless reads may follow it; the
 * folder itself may be a link, but must stay on its disk: once that is unmounted, the
 * same path is another folder.
 *
 * @module
 */
import { join, SEPARATOR } from "@std/path";
import { StorageError } from "../base/errors.ts";
import {
  type FileStamp,
  FileSystem,
  ifAny,
  isSameFile,
  stampOf,
} from "./file_system.ts";
import { isOpenTo } from "./file_modes.ts";
import { isWithin, requireFolder, requireRegularFile } from "./links.ts";
import { storageFailure } from "./storage_failure.ts";

/**
 * Number of times that the path of a file to write is followed again if other users can
 * exchange a folder. A program that exchanges folders without a pause escapes each time
 * with a chance of a quarter. These checks take a fifth of a leecher's time for 10,000 files.
 */
const CONFIRMATIONS = 4;
/** The same for the final name of a complete file: an escape here would expose content. */
const NAME_CONFIRMATIONS = 16;

/** Time for which a found folder counts as present, in milliseconds. */
const KEEP_FOLDER_MS = 1_000;

/**
 * `write` also allows reads, and makes a missing file; `create` refuses an existing one.
 * `part` is a write to a file of the program's own folder, where a folder that nobody
 * else can exchange is followed once a second. `name` follows no link either, but the
 * file may have another name elsewhere.
 */
export type Access = "read" | "write" | "create" | "part" | "name";

/** Options of {@linkcode GuardedPaths}. */
export interface GuardedPathsOptions {
  /** Shared with whatever else uses the same disk. @default {a new one} */
  readonly fileSystem?: FileSystem;
  /**
   * Reads follow a link directly below the folder, and deeper ones that stay in what
   * that leads to. Writes never do. @default {false}
   */
  readonly readsFollowLinks?: boolean;
}

/** The file at a path; `place` is that of a link's target, if links are followed. */
export interface Found {
  readonly place: string;
  readonly info: Deno.FileInfo;
}

/** By path; `undefined` for a missing folder. */
export type KnownFolders = Map<string, Deno.FileInfo | undefined>;

/** Finds files and folders below one folder. */
export class GuardedPaths {
  /** The path of the folder, and once it was found the number of its disk. */
  readonly home: { readonly dir: string; device: number | undefined };
  /** For those who use what was found. */
  readonly fileSystem: FileSystem;
  /** That of the paths of all files. */
  readonly #prefix: string;
  readonly #readsFollowLinks: boolean;
  /** Folders that were found, this one included, since `#keptSinceMs`. */
  readonly #kept: KnownFolders = new Map();
  #keptSinceMs = -Infinity;
  /** The owner of what this process makes, once it made something. */
  owner: number | null | undefined;

  constructor(dir: string, options: GuardedPathsOptions = {}) {
    this.home = { dir, device: undefined };
    this.fileSystem = options.fileSystem ?? new FileSystem();
    this.#prefix = join(dir, "_").slice(0, -1);
    this.#readsFollowLinks = options.readsFollowLinks ?? false;
  }

  /** The path of a file on the disk. */
  pathOf(path: readonly string[]): string {
    // A quarter of the time of `join`, which is called for each file many times.
    return path.length === 0
      ? this.home.dir
      : this.#prefix + path.join(SEPARATOR);
  }

  /** The regular file at a path; `undefined` if it is missing or its folder is. */
  async findFile(
    path: readonly string[],
    access: Access,
    folders?: KnownFolders,
  ): Promise<Found | undefined> {
    const found = await this.#find(path, access, folders);
    if (found === undefined) return undefined;
    const filePath = this.pathOf(path);
    requireRegularFile(filePath, found.info);
    const isWritten = access !== "read" && access !== "name";
    if (!isWritten || (found.info.nlink ?? 1) <= 1) return found;
    throw new StorageError(
      `Cannot write ${filePath}: the file has another name elsewhere (a hard link), ` +
        "where it would change too; replace it with a copy",
    );
  }

  /**
   * True if there is a folder at a path.
   * @throws {StorageError} If a link or something else stands in its place.
   */
  async hasFolder(
    path: readonly string[],
    folders?: KnownFolders,
  ): Promise<boolean> {
    if (!await this.exists(folders)) return false;
    if (path.length === 0 || folders?.has(this.pathOf(path))) return true;
    const found = await this.#find(path, "write", folders);
    if (found === undefined) return false;
    requireFolder(found.place, found.info);
    folders?.set(found.place, found.info);
    return true;
  }

  /** Folders that were found in the last second. */
  keptFolders(): KnownFolders {
    const nowMs = performance.now();
    if (nowMs - this.#keptSinceMs > KEEP_FOLDER_MS) {
      this.#kept.clear();
      this.#keptSinceMs = nowMs;
    }
    return this.#kept;
  }

  /** Forgets all found folders, as one may be gone. */
  forgetFolders(): void {
    this.#kept.clear();
  }

  /** Stats a path, links followed if `access` allows that. */
  async #find(
    path: readonly string[],
    access: Access,
    folders?: KnownFolders,
  ): Promise<Found | undefined> {
    const follows = access === "read" && this.#readsFollowLinks;
    let place = this.#prefix;
    for (let depth = 1;; depth++) {
      const isLast = depth === path.length;
      place += path[depth - 1];
      const isKnown = !isLast && folders?.has(place);
      const info = isKnown ? folders!.get(place) : await this.#lstat(place);
      // A missing folder may be made at any time.
      if (!isLast && (info?.isDirectory || folders !== this.#kept)) {
        folders?.set(place, info);
      }
      if (info === undefined) return undefined;
      if (info.isSymlink && follows) return await this.#findLinked(path);
      if (isLast) return { place, info };
      requireFolder(place, info);
      place += SEPARATOR;
    }
  }

  /** The same through links that stay in the target of the path's first component. */
  async #findLinked(path: readonly string[]): Promise<Found | undefined> {
    const filePath = this.pathOf(path);
    try {
      const root = await Deno.realPath(this.pathOf(path.slice(0, 1)));
      const place = await Deno.realPath(filePath);
      const info = await this.fileSystem.lstat(place);
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
  async exists(folders?: KnownFolders): Promise<boolean> {
    if (folders?.has(this.home.dir)) return true;
    // With the slash, a link is followed.
    const info = await this.#lstat(`${this.home.dir}/`);
    if (info !== undefined) folders?.set(this.home.dir, info);
    this.home.device ??= info?.dev;
    if (this.home.device === info?.dev) return info !== undefined;
    throw storageFailure("use", this.home.dir, "ENODEV");
  }

  /**
   * The stamp of the file to which a path leads, and whether nobody else can exchange it.
   * @param known Folders that were found just now.
   */
  async follow(
    path: readonly string[],
    access: Access,
    own?: FileStamp,
    known: KnownFolders = new Map(),
  ): Promise<[stamp: FileStamp, isSafe: boolean]> {
    const isKept = access === "part" && this.isKeptOurs(path);
    const folders = isKept ? this.#kept : known;
    const found = await this.findFile(path, access, folders);
    await this.exists(folders);
    const now = found && stampOf(found.info);
    if (now !== undefined && (own === undefined || isSameFile(own, now))) {
      const isSafe = isKept || access === "read" ||
        this.#areOurs(path, folders);
      return [now, isSafe];
    }
    // If the disk was unmounted since the folders were found, this says so.
    await this.exists();
    const filePath = this.pathOf(path);
    throw new StorageError(
      `Cannot use ${filePath}: it was replaced while being opened; run again`,
    );
  }

  /**
   * Follows a path to a file of ours, several times where others can exchange it.
   * @param known As for {@linkcode follow}, for the first time.
   */
  async confirm(
    path: readonly string[],
    access: Access,
    own: FileStamp | undefined,
    known?: KnownFolders,
  ): Promise<FileStamp> {
    const count = access === "name" ? NAME_CONFIRMATIONS : CONFIRMATIONS;
    for (let time = 1;; time++) {
      const [stamp, isSafe] = await this.follow(path, access, own, known);
      known = undefined;
      if (isSafe || time === count) return stamp;
    }
  }

  /**
   * True if nobody else can exchange what is in the folders above a path.
   * @param folders Those that were found just now.
   */
  async isOurs(
    path: readonly string[],
    folders: KnownFolders,
  ): Promise<boolean> {
    return await this.hasFolder(path.slice(0, -1), folders) &&
      this.#areOurs(path, folders);
  }

  /** The same of those that were found in the last second. */
  isKeptOurs(path: readonly string[]): boolean {
    return this.#areOurs(path, this.keptFolders());
  }

  /** True if no other user, but root, can exchange what is in the folders above a path. */
  #areOurs(path: readonly string[], folders: KnownFolders): boolean {
    const isOurs = (place: string): boolean => {
      const info = folders.get(place);
      return info !== undefined && info.mode !== null &&
        !isOpenTo(info, 0o022) && (info.uid === this.owner || info.uid === 0);
    };
    if (!isOurs(this.home.dir)) return false;
    let place = this.#prefix;
    for (const name of path.slice(0, -1)) {
      place += name;
      if (!isOurs(place)) return false;
      place += SEPARATOR;
    }
    return true;
  }

  async #lstat(path: string): Promise<Deno.FileInfo | undefined> {
    try {
      return await ifAny(this.fileSystem.lstat(path));
    } catch (error) {
      throw storageFailure("access", path, error);
    }
  }
}
