/**
 * Follows paths below one folder, component by component, without opening anything.
 * Invariants: a link below the folder is an error, unless reads may follow it; the
 * folder itself may be a link, but must stay on its disk: once that is unmounted, the
 * same path is another folder.
 *
 * @module
 */
import { join } from "@std/path";
import { StorageError } from "../base/errors.ts";
import { type FileSystem, ifAny } from "./file_system.ts";
import { isWithin, requireFolder, requireRegularFile } from "./links.ts";
import { storageFailure } from "./storage_failure.ts";

/** Time for which a folder that was found counts as being there, in milliseconds. */
const KEEP_FOLDER_MS = 1_000;

/** `write` also allows reads, and makes a missing file; `create` refuses an existing one. */
export type Access = "read" | "write" | "create";

/** Options of {@linkcode GuardedPaths}. */
export interface GuardedPathsOptions {
  /** Shared with whatever else uses the same disk. */
  readonly fileSystem: FileSystem;
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

/** By path; `undefined` for a missing one. */
export type KnownFolders = Map<string, Deno.FileInfo | undefined>;

/** Finds files and folders below one folder. */
export class GuardedPaths {
  /** The path of the folder, and once it was found the number of its disk. */
  readonly home: { readonly dir: string; device: number | undefined };
  readonly #fileSystem: FileSystem;
  readonly #readsFollowLinks: boolean;
  /** Folders that were found, this one included, since `#keptSinceMs`. */
  readonly #kept: KnownFolders = new Map();
  #keptSinceMs = -Infinity;

  constructor(
    dir: string,
    { fileSystem, readsFollowLinks = false }: GuardedPathsOptions,
  ) {
    this.home = { dir, device: undefined };
    this.#fileSystem = fileSystem;
    this.#readsFollowLinks = readsFollowLinks;
  }

  /** The path of a file on the disk. */
  pathOf(path: readonly string[]): string {
    return join(this.home.dir, ...path);
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
  async hasFolder(
    path: readonly string[],
    folders?: KnownFolders,
  ): Promise<boolean> {
    if (path.length === 0) return await this.exists(folders);
    if (folders?.has(this.pathOf(path))) return true;
    const found = await this.#find(path, "write");
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

  /** Forgets them: one may have gone. */
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
  async exists(folders?: KnownFolders): Promise<boolean> {
    if (folders?.has(this.home.dir)) return true;
    // With the slash, a link is followed.
    const info = await this.#lstat(`${this.home.dir}/`);
    if (info !== undefined) folders?.set(this.home.dir, info);
    this.home.device ??= info?.dev;
    if (this.home.device === info?.dev) return info !== undefined;
    throw storageFailure("use", this.home.dir, "ENODEV");
  }

  async #lstat(path: string): Promise<Deno.FileInfo | undefined> {
    try {
      return await ifAny(this.#fileSystem.lstat(path));
    } catch (error) {
      throw storageFailure("access", path, error);
    }
  }
}
