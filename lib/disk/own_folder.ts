/**
 * The folder beside the content that holds the program's own files: resume
 * records, and the files of {@linkcode lockFolder}. No torrent may use its name, and
 * it is never shared.
 *
 * @module
 */
import { join } from "@std/path";
import { StorageError } from "../base/errors.ts";
import { isDescriptorShortage } from "../base/fd_pressure.ts";
import { foldFully } from "../metainfo/safe_path.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import { FileSystem } from "./file_system.ts";
import { GuardedFolder } from "./guarded_folder.ts";
import { errorCode } from "./storage_failure.ts";

/** Its name below the download folder. */
export const OWN_FOLDER = ".lanswarm";

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

/** The folder that holds the folder, whose files are opened below it. */
export function openOwnFolder(dir: string): GuardedFolder {
  return new GuardedFolder(dir, { fileSystem: new FileSystem() });
}

/**
 * Reads a file of the folder; `undefined` if it is missing, not readable or longer
 * than `maxLength` bytes.
 * @throws {StorageError} If something else stands in its place, or for lack of
 * file descriptors.
 */
export async function readOwnFile(
  dir: string,
  { name, maxLength }: { readonly name: string; readonly maxLength: number },
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    using opened = await openOwnFolder(dir).open([OWN_FOLDER, name], "read");
    if (opened.size > maxLength) return undefined;
    const bytes = new Uint8Array(opened.size);
    await new FileSystem().read(opened.file, 0, bytes);
    return bytes;
  } catch (error) {
    const isMisplaced = error instanceof StorageError && !isUnwritable(error);
    if (isMisplaced || isDescriptorShortage(error)) throw error;
    return undefined;
  }
}

/** Replaces a file of the folder: under its name there is never a part of one. */
export async function replaceOwnFile(
  dir: string,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const folder = openOwnFolder(dir);
  const path = [OWN_FOLDER, `${name}.${crypto.randomUUID()}.part`];
  using part = await folder.open(path, "create");
  try {
    await new FileSystem().write(part.file, 0, bytes);
    await part.publish(name);
  } catch (error) {
    // Harmless if it fails: a part of a record stays.
    await Deno.remove(folder.pathOf(path)).catch(() => {});
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
    : error instanceof Deno.errors.NotCapable || errorCode(error) !== undefined;
}
