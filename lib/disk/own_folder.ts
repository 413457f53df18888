/**
 * The folder beside the content where a peer keeps what it needs for itself:
 * resume records and locks. No torrent may use that name, and what is shared
 * never contains it.
 *
 * @module
 */
import { join } from "@std/path";
import { StorageError } from "../base/errors.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import { storageFailure } from "./storage_failure.ts";

/** Its name below the download folder. */
export const OWN_FOLDER = ".lanswarm";

/**
 * Whether a file system may take a name for that of the folder: some know no
 * case, some drop characters that are not seen, and Windows has short names.
 */
export function isOwnFolderName(name: string): boolean {
  const folded = name.normalize("NFKC").replace(/\p{Cf}/gu, "").toLowerCase();
  return folded === OWN_FOLDER || /^lanswa~\d+$/.test(folded);
}

/** @throws {StorageError} If a torrent would lie where the folder is. */
export function requireOtherName(torrent: Torrent, dir: string): void {
  const clash = torrent.files.find(({ path }) => isOwnFolderName(path[0]!));
  if (clash === undefined) return;
  throw new StorageError(
    `Cannot use ${
      join(dir, clash.path[0]!)
    }: lanswarm keeps its own notes under that name; the torrent cannot be shared`,
  );
}

/**
 * The folder's path below `dir`; it is made if need be, with those above it.
 * @throws {StorageError} If it cannot be made or something else has its name.
 */
export async function makeOwnFolder(dir: string): Promise<string> {
  const folder = join(dir, OWN_FOLDER);
  try {
    await Deno.mkdir(folder, { recursive: true });
    const info = await Deno.lstat(folder);
    if (info.isDirectory) return folder;
  } catch (error) {
    throw storageFailure("create folder", folder, error);
  }
  throw new StorageError(
    `Cannot use ${folder}: it is a symbolic link; replace it by a folder`,
  );
}
