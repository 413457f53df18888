/**
 * Opens files below one folder; reads may follow a link directly below it, if that is
 * asked for. Invariants: nothing is written through a symbolic link below the folder,
 * or through a hard link; and only regular files are opened, as a named pipe would
 * block. The folder itself may be a link, but must stay on its disk: once that is
 * unmounted, the same path is another folder.
 *
 * Deno opens files by path alone, so that a link may replace a folder between a check
 * and the open. Therefore every file is confirmed after it was opened and before it
 * is used: its path must still lead to it, and for a write without a link.
 * A file that is read and has the expected stamp is the right one, whatever its path.
 * Where other users can exchange a folder, it is confirmed several times. The checks
 * before the open keep pipes and links away; their verdict on a folder is kept for a
 * second.
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
  isUnmodified,
  stampOf,
} from "./file_system.ts";
import {
  isOpenTo,
  isWithin,
  requireFolder,
  requireRegularFile,
  takeBack,
} from "./links.ts";
import { storageFailure } from "./storage_failure.ts";

/**
 * Times that the path of a file to be written is followed again where other users can
 * exchange a folder. A program that does so without a pause escapes each one time in
 * four. They cost a fifth of what 10,000 files cost a leecher.
 */
const CONFIRMATIONS = 4;
/** Time for which a folder that was found counts as being there, in milliseconds. */
const KEEP_FOLDER_MS = 1_000;

/** `write` also allows reads, and makes a missing file; `create` refuses an existing one. */
export type Access = "read" | "write" | "create";

/** An open file below a {@linkcode GuardedFolder}, confirmed. */
export interface GuardedFile extends Disposable {
  readonly file: Deno.FsFile;
  /** Its state when it was opened. */
  readonly stamp: FileStamp;
  /** True if the open created it. */
  readonly isNew: boolean;
  /** Syncs a new file and gives it its final name in the same folder in one step. */
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

/** By path; `undefined` for a missing one. */
type KnownFolders = Map<string, Deno.FileInfo | undefined>;

/** A folder to keep files below. */
export class GuardedFolder {
  readonly #fileSystem: FileSystem;
  readonly #readsFollowLinks: boolean;
  /** Its path, and once it was found the number of its disk. */
  readonly #home: { readonly dir: string; device: number | undefined };
  /** The owner of what this process makes, once it made something. */
  #owner: number | null | undefined;
  /** Folders that were found, this one included, since `#keptSinceMs`. */
  readonly #kept: KnownFolders = new Map();
  #keptSinceMs = -Infinity;

  constructor(dir: string, options: GuardedFolderOptions = {}) {
    this.#home = { dir, device: undefined };
    this.#fileSystem = options.fileSystem ?? new FileSystem();
    this.#readsFollowLinks = options.readsFollowLinks ?? false;
  }

  /** The path of a file on the disk. */
  pathOf(path: readonly string[]): string {
    return join(this.#home.dir, ...path);
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
    const folders: KnownFolders = new Map();
    const stamps: (FileStamp | undefined)[] = [];
    if (!await this.#exists()) return Array.from(paths, () => undefined);
    for (const path of paths) {
      const found = await this.#findFile(path, "read", folders);
      stamps.push(found && stampOf(found.info));
    }
    return stamps;
  }

  /**
   * Opens a file. For writing, the file and missing folders (this one included)
   * are created.
   * @param expected Its stamp, if it must be a certain file.
   * @throws {StorageError} If it is missing (reading only), is not a regular file,
   * is reached through a link that is not followed, or the system refuses.
   */
  async open(
    path: readonly string[],
    access: Access,
    expected?: FileStamp,
  ): Promise<GuardedFile> {
    const filePath = this.pathOf(path);
    const folders = this.#keptFolders();
    const write = access !== "read";
    try {
      if (write) {
        try {
          const file = await this.#create(path);
          return await this.#guard(file, { path, access, isNew: true });
        } catch (error) {
          const exists = error instanceof Deno.errors.AlreadyExists;
          if (!exists || access === "create") throw error;
        }
      }
      await this.#exists(folders);
      // Refuses links and pipes before the open, which would follow or block.
      const found = await this.#findFile(path, access, folders);
      const place = found?.place ?? filePath;
      const file = await this.#fileSystem.open(place, { read: true, write });
      return await this.#guard(file, { path, access, isNew: false, expected });
    } catch (error) {
      this.#kept.clear();
      // If the disk was unmounted meanwhile, this says so.
      if (write && !(error instanceof StorageError)) await this.#exists();
      const action = write ? "open for writing" : "open";
      throw storageFailure(action, filePath, error);
    }
  }

  /** Creates a file, and missing folders. */
  async #create(path: readonly string[]): Promise<Deno.FsFile> {
    const create = async (): Promise<Deno.FsFile> => {
      await this.makeFolders(path);
      const options = { read: true, write: true, createNew: true };
      return await this.#fileSystem.open(this.pathOf(path), options);
    };
    return await create().catch((error) => {
      const cause = error instanceof StorageError ? error.cause : error;
      if (!(cause instanceof Deno.errors.NotFound)) throw error;
      // A folder was removed within the second for which it counts as being there.
      this.#kept.clear();
      return create();
    });
  }

  /** Creates this folder and the folders of a file below it, one by one. */
  async makeFolders(path: readonly string[]): Promise<void> {
    const folders = this.#keptFolders();
    for (let depth = 0; depth < path.length; depth++) {
      const above = path.slice(0, depth);
      if (await this.#hasFolder(above, folders)) continue;
      const folder = this.pathOf(above);
      try {
        await this.#fileSystem.mkdir(folder, { recursive: depth === 0 });
      } catch (error) {
        // Another file's write created it meanwhile.
        if (error instanceof Deno.errors.AlreadyExists) continue;
        throw storageFailure("create folder", folder, error);
      }
      await this.#hasFolder(above, folders).catch(async (error) => {
        await takeBack({ path: folder }, this.#home);
        throw error;
      });
    }
  }

  /** Confirms a file that was opened; takes a new one back if that fails. */
  async #guard(
    file: Deno.FsFile,
    { path, access, isNew, expected }: Pick<GuardedFile, "isNew"> & {
      readonly path: readonly string[];
      readonly access: Access;
      readonly expected?: FileStamp | undefined;
    },
  ): Promise<GuardedFile> {
    const filePath = this.pathOf(path);
    let own: FileStamp | undefined;
    const confirm = async (): Promise<void> => {
      for (let time = 1; time <= CONFIRMATIONS; time++) {
        const folders: KnownFolders = new Map();
        const now = await this.#findFile(path, access, folders);
        await this.#exists(folders);
        if (!now || !own || !isSameFile(own, stampOf(now.info))) {
          throw new StorageError(
            `Cannot use ${filePath}: it was replaced while being opened; run again`,
          );
        }
        if (access === "read" || this.#areOurs(folders)) return;
      }
    };
    try {
      const info = await this.#fileSystem.stat(file);
      requireRegularFile(filePath, info);
      own = stampOf(info);
      if (isNew) this.#owner ??= info.uid;
      const isExpected = access === "read" && expected?.inode !== undefined &&
        own.inode !== undefined && isSameFile(expected, own) &&
        isUnmodified(expected, own);
      if (!isExpected) await confirm();
      return {
        file,
        stamp: own,
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
      if (isNew) await takeBack({ path: filePath, stamp: own }, this.#home);
      throw error;
    }
  }

  /** True if no other user can exchange what is in these folders, but root. */
  #areOurs(folders: KnownFolders): boolean {
    return folders.values().every((info) =>
      info !== undefined && info.mode !== null && !isOpenTo(info, 0o022) &&
      (info.uid === this.#owner || info.uid === 0)
    );
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
  async #hasFolder(
    path: readonly string[],
    folders?: KnownFolders,
  ): Promise<boolean> {
    if (path.length === 0) return await this.#exists(folders);
    if (folders?.has(this.pathOf(path))) return true;
    const found = await this.#find(path, "write");
    if (found === undefined) return false;
    requireFolder(found.place, found.info);
    folders?.set(found.place, found.info);
    return true;
  }

  /** Folders that were found in the last second. */
  #keptFolders(): KnownFolders {
    const nowMs = performance.now();
    if (nowMs - this.#keptSinceMs > KEEP_FOLDER_MS) {
      this.#kept.clear();
      this.#keptSinceMs = nowMs;
    }
    return this.#kept;
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
      // A missing folder may be made at any time.
      if (!isLast && (info?.isDirectory || folders !== this.#kept)) {
        folders?.set(place, info);
      }
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
  async #exists(folders?: KnownFolders): Promise<boolean> {
    if (folders?.has(this.#home.dir)) return true;
    // With the slash, a link is followed.
    const info = await this.#lstat(`${this.#home.dir}/`);
    if (info !== undefined) folders?.set(this.#home.dir, info);
    this.#home.device ??= info?.dev;
    if (this.#home.device === info?.dev) return info !== undefined;
    throw storageFailure("use", this.#home.dir, "ENODEV");
  }

  async #lstat(path: string): Promise<Deno.FileInfo | undefined> {
    try {
      return await ifAny(this.#fileSystem.lstat(path));
    } catch (error) {
      throw storageFailure("access", path, error);
    }
  }
}
