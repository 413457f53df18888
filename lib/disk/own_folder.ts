/**
 * The folder beside the content that holds the program's own files: resume
 * records, torrent files, and the files of {@linkcode lockFolder}. No torrent may use
 * its name, and it is never shared.
 *
 * @module
 */
import { join } from "@std/path";
import { StorageError } from "../base/errors.ts";
import { isDescriptorShortage } from "../base/fd_pressure.ts";
import { foldFully } from "../metainfo/safe_path.ts";
import { MetainfoError } from "../metainfo/metainfo_error.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import {
  type GuardedFile,
  GuardedFolder,
  type GuardedFolderOptions,
} from "../files/guarded_folder.ts";
import type { Access } from "../files/guarded_paths.ts";
import { isRefusal } from "../files/storage_failure.ts";
import { MAX_TORRENT_FILE_LENGTH, parseTorrentFile } from "./torrent_file.ts";

/** Its name below the download folder. */
export const OWN_FOLDER = ".lanswarm";
/** Names of the files that replace others. */
const LEFTOVER_NAME = /\.[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.part$/;
/** No process takes that long to write one. */
const LEFTOVER_AGE_MS = 3_600_000;

/** True if some file system takes a name for the folder's, or for its short name of Windows. */
export function isOwnFolderName(name: string): boolean {
  const folded = foldFully(name);
  return folded === foldFully(OWN_FOLDER) || /^LANSWA~\d+$/.test(folded);
}

/** @throws {StorageError} If a torrent's content would lie in the folder. */
export function requireOtherName(torrent: Torrent, dir: string): void {
  const clash = torrent.files.find(({ path }) => isOwnFolderName(path[0]!));
  if (clash === undefined) return;
  const path = join(dir, clash.path[0]!);
  throw new StorageError(
    `Cannot use ${path}: lanswarm keeps its own files under that name; the torrent cannot be shared`,
  );
}

/** The folder below a download folder. */
export class OwnFolder {
  readonly #folder: GuardedFolder;

  constructor(dir: string, mode: Pick<GuardedFolderOptions, "mode"> = {}) {
    this.#folder = new GuardedFolder(dir, mode);
  }

  /** Opens a file, as {@linkcode GuardedFolder.open}. */
  open(name: string, access: Access): Promise<GuardedFile> {
    return this.#folder.open([OWN_FOLDER, name], access);
  }

  /**
   * Reads a file; `undefined` if it is missing, not readable or longer than
   * `maxLength` bytes.
   * @throws {StorageError} If something else stands in its place, or for lack of
   * file descriptors.
   */
  async read(
    name: string,
    maxLength: number,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      using opened = await this.open(name, "read");
      const { size } = opened.stamp;
      if (size > maxLength) return undefined;
      const bytes = new Uint8Array(size);
      await this.#folder.fileSystem.read(opened.file, 0, bytes);
      return bytes;
    } catch (error) {
      const isMisplaced = error instanceof StorageError && !isUnwritable(error);
      if (isMisplaced || isDescriptorShortage(error)) throw error;
      return undefined;
    }
  }

  /** Replaces a file: under its name there is never a part of one. */
  async replace(name: string, bytes: Uint8Array): Promise<void> {
    const part = `${name}.${crypto.randomUUID()}.part`;
    const path = [OWN_FOLDER, part];
    const folder = this.#folder;
    using opened = await folder.open(path, "create");
    try {
      await folder.fileSystem.write(opened.file, 0, bytes);
      await opened.file.sync();
      await folder.confirm(path, "create", opened.stamp);
      await Deno.rename(folder.pathOf(path), folder.pathOf([OWN_FOLDER, name]));
    } catch (error) {
      await this.remove(part);
      throw error;
    }
  }

  /** Removes files that were to replace others when their process was killed. */
  async removeLeftovers(): Promise<void> {
    const dir = this.#folder.pathOf([OWN_FOLDER]);
    for (const { name, isFile } of await this.#folder.fileSystem.readDir(dir)) {
      if (!isFile || !LEFTOVER_NAME.test(name)) continue;
      const { mtime } = await Deno.lstat(join(dir, name));
      const ageMs = Date.now() - (mtime?.getTime() ?? Infinity);
      if (ageMs > LEFTOVER_AGE_MS) await this.remove(name);
    }
  }

  /** Removes a file. It stays if that fails, which is harmless. */
  async remove(name: string): Promise<void> {
    const path = this.#folder.pathOf([OWN_FOLDER, name]);
    // Deno would ask on the terminal for a permission that was given up.
    const { state } = Deno.permissions.querySync({ name: "write", path });
    if (state === "granted") await Deno.remove(path).catch(() => {});
  }

  /** Makes an empty folder in it; its path. */
  async makeTempDir(prefix: string): Promise<string> {
    await this.#folder.makeFolders([OWN_FOLDER, prefix]);
    const dir = this.#folder.pathOf([OWN_FOLDER]);
    return await Deno.makeTempDir({ dir, prefix });
  }
}

/**
 * Reads a torrent file in the folder below a download folder; `undefined` if there is
 * none that is valid.
 * @throws {StorageError} As {@linkcode OwnFolder.read}.
 */
export async function readSavedTorrent(
  dir: string,
  name: string,
): Promise<Torrent | undefined> {
  const bytes = await new OwnFolder(dir).read(name, MAX_TORRENT_FILE_LENGTH);
  try {
    return bytes && await parseTorrentFile(bytes);
  } catch (error) {
    // Another program's, or of another version.
    if (error instanceof MetainfoError) return undefined;
    throw error;
  }
}

/** Saves a torrent file there; false where nothing can be written. */
export async function saveTorrent(
  dir: string,
  name: string,
  bytes: Uint8Array,
): Promise<boolean> {
  try {
    await new OwnFolder(dir).replace(name, bytes);
    return true;
  } catch (error) {
    if (isUnwritable(error)) return false;
    throw error;
  }
}

/**
 * True if an error says that the folder, or a file in it, cannot be written, as the
 * system refuses; what stands in the place of our own files is an error.
 */
export function isUnwritable(error: unknown): boolean {
  return error instanceof StorageError
    ? error.cause instanceof Error
    : isRefusal(error);
}
