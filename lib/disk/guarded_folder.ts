/**
 * Opens files below one folder and nowhere else. Invariant: no component below
 * that folder is ever followed through a symbolic link, so that a torrent's
 * content cannot be steered out of it, and only regular files are opened: a
 * named pipe would block, a device would do worse. The folder itself is the
 * user's choice and may be a link; but it stays on the disk that it was found on:
 * what is mounted there may be gone, and the place below it is another one.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { StorageError } from "../base/errors.ts";
import type { Disk } from "./sync_when_fast.ts";
import { type FileStamp, stampOf } from "./file_stamp.ts";
import { storageFailure } from "./storage_failure.ts";

/** Files looked at before the thread's other work has its turn: some 10 ms. */
const LOOKS_IN_A_TURN = 500;

/** What a file is opened for; `write` reads too, and creates what is missing. */
export type Access = "read" | "write";

/** A file that was opened. */
export interface OpenedFile {
  readonly file: Deno.FsFile;
  /** Its size in bytes. */
  readonly size: number;
}

/** What a look at a path found. */
type Look =
  | { readonly type: "file"; readonly info: Deno.FileInfo }
  | { readonly type: "missing" };

/** A folder to keep files below. */
export class GuardedFolder {
  readonly #dir: string;
  readonly #disk: Disk;
  /** The number of the disk that the folder is on, once it was seen. */
  #device: number | undefined;

  constructor(dir: string, disk: Disk) {
    this.#dir = dir;
    this.#disk = disk;
  }

  /** Where a file lies on the disk. */
  pathOf(path: readonly string[]): string {
    return join(this.#dir, ...path);
  }

  /**
   * Looks at files one after another, without opening them.
   * @returns How each is; `undefined` for one that is missing or whose folder is.
   * @throws {StorageError} If a component is a symbolic link or of the wrong kind.
   */
  async stamps(
    paths: Iterable<readonly string[]>,
  ): Promise<(FileStamp | undefined)[]> {
    await this.#isThere();
    const folders = new Map<string, boolean>();
    const stamps: (FileStamp | undefined)[] = [];
    for (const path of paths) {
      // The looks may all be made at once, and there may be a million of them.
      if (stamps.length % LOOKS_IN_A_TURN === 0) await delay(0);
      const look = await this.#look(path, folders);
      stamps.push(look.type === "file" ? stampOf(look.info) : undefined);
    }
    return stamps;
  }

  /**
   * Opens a file. For writing, missing folders (this one included) and the file
   * are made.
   * @throws {StorageError} If it is missing (reading only), is not a regular file,
   * is reached through a symbolic link, or the system refuses.
   */
  async open(path: readonly string[], access: Access): Promise<OpenedFile> {
    if (access === "write") {
      const file = await this.#create(path);
      if (file !== undefined) return { file, size: 0 };
    }
    // Refuses links and pipes before the open, which would follow or block.
    const look = await this.#look(path);
    const filePath = this.pathOf(path);
    const file = await this.#openPath(filePath, access);
    try {
      const opened = await this.#disk.stat(file);
      requireRegularFile(filePath, opened);
      requireSameFile(filePath, look, opened);
      return { file, size: opened.size };
    } catch (error) {
      file.close();
      throw storageFailure("open", filePath, error);
    }
  }

  /**
   * Makes a file, and the folders above it; `undefined` if it is there already.
   * What must not exist before is not reached by a link.
   */
  async #create(path: readonly string[]): Promise<Deno.FsFile | undefined> {
    if (!await this.#hasFolders(path)) await this.#makeFolders(path);
    const options = { read: true, write: true, createNew: true };
    const filePath = this.pathOf(path);
    let file: Deno.FsFile;
    try {
      file = await this.#disk.open(filePath, options);
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return undefined;
      throw storageFailure("open for writing", filePath, error);
    }
    try {
      // After it was made: what was true before may not have been then.
      await this.#isThere();
      return file;
    } catch (error) {
      file.close();
      await Deno.remove(filePath)
        // Harmless: it is empty.
        .catch(() => {});
      throw error;
    }
  }

  async #openPath(filePath: string, access: Access): Promise<Deno.FsFile> {
    const isWritten = access === "write";
    try {
      return await this.#disk.open(filePath, { read: true, write: isWritten });
    } catch (error) {
      const action = isWritten ? "open for writing" : "open";
      throw storageFailure(action, filePath, error);
    }
  }

  /** @param folders Folders looked at before, this one included, and whether they are there. */
  async #look(
    path: readonly string[],
    folders?: Map<string, boolean>,
  ): Promise<Look> {
    if (path.length > 1 && !await this.#hasFolders(path, folders)) {
      return { type: "missing" };
    }
    const file = this.pathOf(path);
    const info = await this.#lookAt(file);
    if (info === undefined) return { type: "missing" };
    requireRegularFile(file, info);
    return { type: "file", info };
  }

  /** Whether this folder and those of a file below it are there. */
  async #hasFolders(
    path: readonly string[],
    folders?: Map<string, boolean>,
  ): Promise<boolean> {
    if (folders === undefined && !await this.#isThere()) return false;
    for (let depth = 1; depth < path.length; depth++) {
      const folder = this.pathOf(path.slice(0, depth));
      let isThere = folders?.get(folder);
      if (isThere === undefined) {
        const info = await this.#lookAt(folder);
        if (info !== undefined) requireFolder(folder, info);
        isThere = info !== undefined;
        folders?.set(folder, isThere);
      }
      if (!isThere) return false;
    }
    return true;
  }

  /** Makes this folder and the folders of `path` below it, one by one. */
  async #makeFolders(path: readonly string[]): Promise<void> {
    try {
      await this.#disk.mkdir(this.#dir, { recursive: true });
    } catch (error) {
      throw storageFailure("create folder", this.#dir, error);
    }
    for (let depth = 1; depth < path.length; depth++) {
      const folder = this.pathOf(path.slice(0, depth));
      const info = await this.#lookAt(folder);
      if (info !== undefined) {
        requireFolder(folder, info);
        continue;
      }
      try {
        await this.#disk.mkdir(folder);
      } catch (error) {
        // Another file's folder, made meanwhile: the guarded look comes after.
        if (error instanceof Deno.errors.AlreadyExists) continue;
        throw storageFailure("create folder", folder, error);
      }
    }
  }

  /**
   * Whether this folder is there.
   * @throws {StorageError} If it was there, and is not or is on another disk.
   */
  async #isThere(): Promise<boolean> {
    // With what a link leads to, which the slash makes it follow.
    const info = await this.#lookAt(`${this.#dir}/`);
    this.#device ??= info?.dev;
    if (this.#device === info?.dev) return info !== undefined;
    throw new StorageError(
      `Cannot use ${this.#dir}: ${
        info === undefined ? "it" : "the disk that was there"
      } is gone; bring it back, then run again`,
    );
  }

  async #lookAt(path: string): Promise<Deno.FileInfo | undefined> {
    try {
      return await this.#disk.lstat(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw storageFailure("look at", path, error);
    }
  }
}

/**
 * Checks that what was opened is what was looked at: a link put there between
 * the look and the open is not.
 */
function requireSameFile(
  path: string,
  look: Look,
  opened: Deno.FileInfo,
): void {
  if (look.type === "file") {
    const { ino, dev } = look.info;
    // Deno has no inode numbers of open files on Windows. What is left there is
    // the look at each component before, which takes junctions as links too.
    if (Deno.build.os === "windows") return;
    if (ino === opened.ino && dev === opened.dev) return;
  }
  throw new StorageError(
    `Cannot use ${path}: it was replaced while being opened; run again`,
  );
}

function requireFolder(path: string, info: Deno.FileInfo): void {
  if (info.isSymlink) throw refusedLink(path);
  if (!info.isDirectory) {
    throw new StorageError(
      `Cannot use ${path}: a file stands where a folder must be; ` +
        "move it away or choose another folder",
    );
  }
}

function requireRegularFile(path: string, info: Deno.FileInfo): void {
  if (info.isSymlink) throw refusedLink(path);
  if (!info.isFile) {
    const kind = info.isDirectory ? "a folder" : "a pipe, socket or device";
    throw new StorageError(
      `Cannot use ${path}: ${kind} stands where a file must be; ` +
        "move it away or choose another folder",
    );
  }
}

function refusedLink(path: string): StorageError {
  return new StorageError(
    `Cannot use ${path}: it is a symbolic link and may lead out of the ` +
      "download folder; replace it by what it points to",
  );
}
