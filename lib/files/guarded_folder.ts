/**
 * Opens files below one folder; reads may follow a link directly below it, if that is
 * asked for. Invariants: nothing is written through a symbolic link below the folder,
 * or through a hard link; and only regular files are opened, as a named pipe would
 * block.
 *
 * Deno opens files by path alone, so that a link may replace a folder between a check
 * and the open. Therefore every file is confirmed after it was opened and before it
 * is used: its path must still lead to it, and for a write without a link.
 * A file that is read and has the expected stamp is the right one, whatever its path.
 * A folder that other users can exchange is confirmed several times. The checks
 * before the open keep pipes and links away; their verdict on a folder is kept for a
 * second.
 *
 * @module
 */
import { StorageError } from "../base/errors.ts";
import {
  type FileStamp,
  ifAny,
  isSameFile,
  isUnmodified,
  type Outcome,
  stampOf,
} from "./file_system.ts";
import {
  type Access,
  GuardedPaths,
  type GuardedPathsOptions,
  type KnownFolders,
} from "./guarded_paths.ts";
import { lacksRunBits } from "./file_modes.ts";
import { requireRegularFile, takeBack } from "./links.ts";
import { isRefusal, storageFailure } from "./storage_failure.ts";

/** An open file below a {@linkcode GuardedFolder}, confirmed. */
export interface GuardedFile extends Disposable {
  readonly file: Deno.FsFile;
  /** Its state when it was opened. */
  readonly stamp: FileStamp;
  /** True if the open created it. */
  readonly isNew: boolean;
}

/** Options of a {@linkcode GuardedFolder}. */
export interface GuardedFolderOptions extends GuardedPathsOptions {
  /** Permission bits of new files. @default {what the system gives} */
  readonly mode?: number;
}

/** Options of {@linkcode GuardedFolder.open}. */
export interface OpenFileOptions {
  /** The stamp that the file must have. @default {any file} */
  readonly expected?: FileStamp | undefined;
  /** Permission bits of a new file. @default {those of the folder's new files} */
  readonly mode?: number | undefined;
}

/** A folder to keep files below. */
export class GuardedFolder extends GuardedPaths {
  readonly #mode: number | undefined;

  constructor(dir: string, options: GuardedFolderOptions = {}) {
    super(dir, options);
    this.#mode = options.mode;
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
    if (!await this.exists()) return Array.from(paths, () => undefined);
    for (const path of paths) {
      const found = await this.findFile(path, "read", folders);
      stamps.push(found && stampOf(found.info));
    }
    return stamps;
  }

  /** True if nobody else can put something in the place of a file that exists. */
  async isPrivate(path: readonly string[]): Promise<boolean> {
    const [, isSafe] = await this.follow(path, "write");
    return isSafe;
  }

  /**
   * Opens a file. For writing, the file and missing folders (this one included)
   * are created.
   * @throws {StorageError} If it is missing (reading only), is not a regular file,
   * is reached through a link that is not followed, or the system refuses.
   */
  async open(
    path: readonly string[],
    access: Access,
    { expected, mode = this.#mode }: OpenFileOptions = {},
  ): Promise<GuardedFile> {
    const filePath = this.pathOf(path);
    const folders = this.keptFolders();
    const write = access !== "read";
    try {
      if (write) {
        try {
          const file = await this.#create(path, mode);
          return await this.#guard(file, { path, access, isNew: true });
        } catch (error) {
          const exists = error instanceof Deno.errors.AlreadyExists;
          if (!exists || access === "create") throw error;
        }
      }
      await this.exists(folders);
      // Refuses links and pipes before the open, which would follow or block.
      const found = await this.findFile(path, access, folders);
      const place = found?.place ?? filePath;
      const file = await this.fileSystem.open(place, { read: true, write });
      return await this.#guard(file, { path, access, isNew: false, expected });
    } catch (error) {
      this.forgetFolders();
      // If the disk was unmounted meanwhile, this says so.
      if (write && !(error instanceof StorageError)) await this.exists();
      const action = write ? "open for writing" : "open";
      throw storageFailure(action, filePath, error);
    }
  }

  /**
   * Creates a file with all of its content, open and not flushed, in a folder of the
   * program's own that nobody else can exchange: the file is confirmed by one stat, the
   * folders above it once a second for all.
   * @param content Its bytes and permission bits.
   * @returns `undefined` if anything is in the way, which `open` meets again: that makes
   * folders, explains errors and takes what is there.
   */
  async createWhole(
    path: readonly string[],
    { bytes, mode }: { readonly bytes: Uint8Array; readonly mode: number },
  ): Promise<Pick<GuardedFile, "file" | "stamp"> | undefined> {
    if (!this.isKeptOurs(path)) return undefined;
    const { fileSystem } = this;
    const place = this.pathOf(path);
    const access = { read: true, write: true, createNew: true, mode };
    let opened: Deno.FsFile | undefined;
    try {
      const opening = fileSystem.open(place, access);
      const file = opening instanceof Promise ? await opening : opening;
      opened = file;
      const written = fileSystem.write(file, 0, bytes);
      if (written instanceof Promise) await written;
      const found = fileSystem.lstat(place);
      const info = found instanceof Promise ? await found : found;
      requireRegularFile(place, info);
      return { file, stamp: stampOf(info) };
    } catch {
      opened?.close();
      return undefined;
    }
  }

  /**
   * Makes a file executable for everybody who may read it. Leaves a file as it is that
   * cannot be written, as it is reached through a link or has another name; that others
   * can exchange for a link, as Deno changes modes by path alone; or whose file system
   * refuses, as the content is complete.
   */
  async makeProgram(path: readonly string[]): Promise<void> {
    try {
      const found = await this.findFile(path, "write");
      if (found === undefined || !lacksRunBits(found.info)) return;
      if (this.owner === undefined) await this.#findOwner();
      if (!await this.isPrivate(path)) return;
      const mode = found.info.mode!;
      await Deno.chmod(found.place, (mode & 0o777) | ((mode & 0o444) >> 2));
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }

  /** Finds the owner of what this process makes, by a file that is removed again. */
  async #findOwner(): Promise<void> {
    const path = [`.lanswarm-${crypto.randomUUID()}`];
    using _ = await this.open(path, "create");
    await ifAny(Deno.remove(this.pathOf(path)));
  }

  /** Creates a file, and missing folders. */
  async #create(
    path: readonly string[],
    mode: number | undefined,
  ): Promise<Deno.FsFile> {
    return await this.again(async () => {
      await this.makeFolders(path);
      const access = { read: true, write: true, createNew: true };
      const options = { ...access, ...mode !== undefined && { mode } };
      return await this.fileSystem.open(this.pathOf(path), options);
    });
  }

  /** Creates this folder and the folders of a file below it, one by one. */
  async makeFolders(path: readonly string[]): Promise<void> {
    // Another torrent may remove a folder that both torrents use.
    await this.again(() => this.#makeFolders(path));
  }

  async #makeFolders(path: readonly string[]): Promise<void> {
    const folders = this.keptFolders();
    for (let depth = 0; depth < path.length; depth++) {
      const above = path.slice(0, depth);
      if (await this.hasFolder(above, folders)) continue;
      const folder = this.pathOf(above);
      const sinceMs = Date.now();
      try {
        await this.fileSystem.mkdir(folder, { recursive: depth === 0 });
      } catch (error) {
        // Another file's write created the folder meanwhile.
        if (error instanceof Deno.errors.AlreadyExists) continue;
        throw storageFailure("create folder", folder, error);
      }
      // All of the path: a link may have replaced a folder that was found before.
      await this.hasFolder(above).catch(async (error) => {
        await takeBack({ path: folder, sinceMs }, this.home);
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
    const statOwn = async (): Promise<FileStamp> => {
      const info = await this.fileSystem.stat(file);
      requireRegularFile(filePath, info);
      if (isNew) this.owner ??= info.uid;
      return stampOf(info);
    };
    try {
      if (isNew && this.owner !== undefined) {
        const [stamp, isSafe] = await this.follow(path, access);
        // Nobody else can have put another file there. Deno resolves the whole path
        // for each stat of an open file.
        if (isSafe) own = stamp;
      }
      if (own === undefined) {
        own = await statOwn();
        const isExpected = access === "read" && expected?.inode !== undefined &&
          own.inode !== undefined && isSameFile(expected, own) &&
          isUnmodified(expected, own);
        if (!isExpected) await this.confirm(path, access, own);
      }
      return {
        ...{ file, stamp: own, isNew },
        [Symbol.dispose]: () => file.close(),
      };
    } catch (error) {
      if (isNew) own ??= await statOwn().catch(() => undefined);
      file.close();
      if (isNew) {
        await takeBack({ path: filePath, stamp: own }, this.home);
      }
      throw error;
    }
  }

  /**
   * Moves a writable file to a path, and replaces what is there. With the access `name`
   * the file may be read-only and have another name elsewhere.
   * @throws {StorageError} If the file was replaced meanwhile, or the system refuses.
   */
  async take(
    from: readonly string[],
    to: readonly string[],
    access: Access = "write",
  ): Promise<void> {
    const [fromPath, toPath] = [this.pathOf(from), this.pathOf(to)];
    try {
      // An interrupted publication may have left one: the file would have two names.
      await ifAny(Deno.remove(toPath));
      await this.makeFolders(to);
      const [own] = await this.follow(from, access);
      // A file that cannot be written keeps its name.
      const options = { read: true, write: access === "write" };
      (await this.fileSystem.open(fromPath, options)).close();
      await Deno.rename(fromPath, toPath);
      await this.confirm(to, access, own).catch(async (error) => {
        // The file is not ours and must not be mistaken for a part.
        await ifAny(Deno.rename(toPath, `${toPath}.${crypto.randomUUID()}`));
        throw error;
      });
    } catch (error) {
      throw storageFailure("move", fromPath, error);
    }
  }

  /**
   * @internal Repeats a call, or makes another call, if a folder was removed within the
   * second for which a found folder counts as present.
   */
  again<T>(
    call: () => Outcome<T>,
    other: () => Outcome<T> = call,
  ): Outcome<T> {
    const made = call();
    if (!(made instanceof Promise)) return made;
    return made.catch((error) => {
      const cause = error instanceof StorageError ? error.cause : error;
      if (!(cause instanceof Deno.errors.NotFound)) throw error;
      this.forgetFolders();
      return other();
    });
  }
}
