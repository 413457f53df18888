/**
 * Opens files below one folder and nowhere else. Invariants: no symbolic link
 * below that folder is ever followed, so that a torrent cannot reach a file
 * outside it; and only regular files are opened, as a named pipe would block. The
 * folder itself is the user's choice and may be a link, but it must stay on the
 * disk on which it was first found: once that disk is unmounted, the same path is
 * another folder.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { StorageError } from "../base/errors.ts";
import {
  type FileStamp,
  type FileSystem,
  isSameFile,
  stampOf,
} from "./file_system.ts";
import { MOVE_AWAY, storageFailure } from "./storage_failure.ts";

/** Files to stat before other work of the thread gets its turn: about 10 ms. */
const STATS_PER_TURN = 500;

/** Why a file is opened; `write` also allows reads, and creates a missing file. */
export type Access = "read" | "write";

/** A file that {@linkcode GuardedFolder.open} opened. */
export interface OpenedFile {
  readonly file: Deno.FsFile;
  /** In bytes. */
  readonly size: number;
  /** True if it did not exist before. */
  readonly isNew: boolean;
}

/** A folder to keep files below. */
export class GuardedFolder {
  readonly #dir: string;
  readonly #fileSystem: FileSystem;
  /** Number of the disk that holds the folder, once the folder was found. */
  #device: number | undefined;

  constructor(dir: string, fileSystem: FileSystem) {
    this.#dir = dir;
    this.#fileSystem = fileSystem;
  }

  /** The path of a file on the disk. */
  pathOf(path: readonly string[]): string {
    return join(this.#dir, ...path);
  }

  /**
   * Stats files one after another, without opening them.
   * @returns The stamp of each; `undefined` for one that is missing or whose folder is.
   * @throws {StorageError} If a component is a symbolic link or of the wrong kind.
   */
  async stamps(
    paths: Iterable<readonly string[]>,
  ): Promise<(FileStamp | undefined)[]> {
    await this.#exists();
    const checked = new Map<string, boolean>();
    const stamps: (FileStamp | undefined)[] = [];
    for (const path of paths) {
      // There may be a million files, and each call may be synchronous.
      if (stamps.length % STATS_PER_TURN === 0) await delay(0);
      stamps.push(await this.#stampOf(path, checked));
    }
    return stamps;
  }

  /**
   * Opens a file. For writing, the file and missing folders (this one included)
   * are created.
   * @returns The file, its size in bytes, and whether this call created it.
   * @throws {StorageError} If it is missing (reading only), is not a regular file,
   * is reached through a symbolic link, or the system refuses.
   */
  async open(
    path: readonly string[],
    access: Access,
  ): Promise<OpenedFile> {
    const write = access === "write";
    const created = write ? await this.#create(path) : undefined;
    if (created !== undefined) {
      return { file: created, size: 0, isNew: true };
    }
    await this.#exists();
    // Refuses links and pipes before the open, which would follow or block.
    const found = await this.#stampOf(path);
    const filePath = this.pathOf(path);
    let file: Deno.FsFile | undefined;
    try {
      file = await this.#fileSystem.open(filePath, { read: true, write });
      const info = await this.#fileSystem.stat(file);
      requireRegularFile(filePath, info);
      // A link may have been put there between the stat and the open.
      if (found !== undefined && isSameFile(found, stampOf(info))) {
        return { file, size: info.size, isNew: false };
      }
      throw new StorageError(
        `Cannot use ${filePath}: it was replaced while being opened; run again`,
      );
    } catch (error) {
      file?.close();
      throw storageFailure(
        write ? "open for writing" : "open",
        filePath,
        error,
      );
    }
  }

  /**
   * Creates a file, and the folders above it; `undefined` if the file exists. A
   * file that must not exist before cannot be reached through a link.
   */
  async #create(path: readonly string[]): Promise<Deno.FsFile | undefined> {
    await this.#makeFolders(path);
    const options = { read: true, write: true, createNew: true };
    const filePath = this.pathOf(path);
    let file: Deno.FsFile;
    try {
      file = await this.#fileSystem.open(filePath, options);
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return undefined;
      // If the disk was unmounted meanwhile, this says so.
      await this.#exists();
      throw storageFailure("open for writing", filePath, error);
    }
    try {
      await this.#exists();
      return file;
    } catch (error) {
      // The disk was unmounted meanwhile, and the file is on another one.
      file.close();
      await Deno.remove(filePath)
        // Harmless: an empty file stays.
        .catch(() => {});
      throw error;
    }
  }

  /** @param checked Folders that were checked before, and whether they exist. */
  async #stampOf(
    path: readonly string[],
    checked?: Map<string, boolean>,
  ): Promise<FileStamp | undefined> {
    for (let depth = 1; depth < path.length; depth++) {
      const folder = this.pathOf(path.slice(0, depth));
      const exists = checked?.get(folder) ?? await this.#hasFolder(folder);
      checked?.set(folder, exists);
      if (!exists) return undefined;
    }
    const filePath = this.pathOf(path);
    const info = await this.#lstat(filePath);
    if (info !== undefined) requireRegularFile(filePath, info);
    return info && stampOf(info);
  }

  /** Creates this folder and the folders of a file below it, one by one. */
  async #makeFolders(path: readonly string[]): Promise<void> {
    for (let depth = 0; depth < path.length; depth++) {
      const folder = this.pathOf(path.slice(0, depth));
      const exists = depth === 0
        ? await this.#exists()
        : await this.#hasFolder(folder);
      if (exists) continue;
      try {
        await this.#fileSystem.mkdir(folder, { recursive: depth === 0 });
      } catch (error) {
        // Another file's write created it meanwhile.
        if (error instanceof Deno.errors.AlreadyExists) continue;
        throw storageFailure("create folder", folder, error);
      }
    }
  }

  /** @throws {StorageError} If something else stands in the folder's place. */
  async #hasFolder(folder: string): Promise<boolean> {
    const info = await this.#lstat(folder);
    if (info === undefined) return false;
    requireNoLink(folder, info);
    if (info.isDirectory) return true;
    throw storageFailure("use", folder, "ENOTDIR");
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
      return await this.#fileSystem.lstat(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
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

function requireNoLink(path: string, info: Deno.FileInfo): void {
  if (!info.isSymlink) return;
  throw new StorageError(
    `Cannot use ${path}: it is a symbolic link and may lead out of the ` +
      "download folder; replace it with the file or folder itself",
  );
}
