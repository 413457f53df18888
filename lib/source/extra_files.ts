/**
 * Finds and removes files in a torrent's folder that are not part of the torrent. Links
 * are not followed; the link itself is removed. Deno removes by path: right before each
 * removal, the path must still lead through no link.
 *
 * @module
 */
import { join } from "@std/path";
import { StorageError } from "../base/errors.ts";
import { FileSystem, ifAny } from "../files/file_system.ts";
import { GuardedPaths } from "../files/guarded_paths.ts";
import { isOpenTo } from "../files/file_modes.ts";
import { isOwnFolderName } from "../disk/own_folder.ts";
import { explained, storageFailure } from "../files/storage_failure.ts";
import { foldFully, foldName, platformOf } from "../metainfo/safe_path.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import { systemName, withFolders } from "./walk_source.ts";

/**
 * The extra files and links, sorted, without folders, and without what systems leave
 * in folders.
 * @returns Paths below `dir`; none for a torrent of a single file.
 */
export async function findExtraFiles(
  torrent: Torrent,
  dir: string,
): Promise<(readonly string[])[]> {
  if (!torrent.isFolder) return [];
  const own = ownPaths(torrent);
  const fileSystem = new FileSystem();
  const extra: (readonly string[])[] = [];

  async function visit(folder: readonly string[]): Promise<void> {
    const place = join(dir, ...folder);
    const reading = ifAny(fileSystem.readDir(place));
    for (const { name, isDirectory } of await explained(place, reading) ?? []) {
      const path = [...folder, name];
      if (isDirectory && !isOwnFolderName(name)) await visit(path);
      const isLeft = own.has(folded(path.join("/"))) || isDirectory ||
        systemName(name) !== undefined;
      if (!isLeft) extra.push(path);
    }
  }

  const info = await ifAny(Deno.stat(join(dir, torrent.name)));
  if (info?.isDirectory) await visit([torrent.name]);
  return extra.length === 0 ? [] : await withoutOwn(torrent, dir, extra);
}

/**
 * Leaves out files of the torrent under another spelling: FAT, NTFS and SMB ignore case
 * on every system.
 */
async function withoutOwn(
  { files }: Torrent,
  dir: string,
  extra: readonly (readonly string[])[],
): Promise<(readonly string[])[]> {
  const fileSystem = new FileSystem();
  const lstat = async (
    path: readonly string[],
  ): Promise<Deno.FileInfo | undefined> => {
    // A file that `lstat` does not find is compared by name alone.
    const info = Promise.resolve(fileSystem.lstat(join(dir, ...path)));
    return await info.catch(() => undefined);
  };
  const keyOf = ({ dev, ino }: Deno.FileInfo): string | undefined =>
    ino ? `${dev} ${ino}` : undefined;
  /** By number on the disk: the path of a file, in one spelling for all systems. */
  const own = new Map<string | undefined, string>();
  for (const { path, isPadding } of files) {
    const info = isPadding ? undefined : await lstat(path);
    if (info !== undefined) own.set(keyOf(info), foldFully(path.join("/")));
  }
  own.delete(undefined);
  const others: (readonly string[])[] = [];
  for (const path of extra) {
    const info = await lstat(path);
    const ownPath = info && own.get(keyOf(info));
    // A further hard link of a file is extra.
    const isOwn = ownPath !== undefined &&
      (info?.nlink === 1 || ownPath === foldFully(path.join("/")));
    if (!isOwn) others.push(path);
  }
  return others;
}

/**
 * Removes extra files, and the folders that this leaves empty.
 * @param extra As `checkContent` found them.
 * @throws {StorageError} If the system refuses.
 */
export async function removeExtraFiles(
  torrent: Torrent,
  dir: string,
  extra: readonly (readonly string[])[],
): Promise<void> {
  const own = ownPaths(torrent);
  const hasFolder = await guardHome(torrent, dir);
  const folders = new Map<string, readonly string[]>();
  for (const path of extra) {
    const place = join(dir, ...path);
    if (!await hasFolder(path.slice(0, -1))) continue;
    await ifAny(Deno.remove(place)).catch((error) => {
      throw storageFailure("remove", place, error);
    });
    for (let depth = path.length - 1; depth > 0; depth--) {
      const folder = path.slice(0, depth);
      if (own.has(folded(folder.join("/")))) break;
      folders.set(folder.join("/"), folder);
    }
  }
  const deepestFirst = [...folders.values()].sort((a, b) =>
    b.length - a.length
  );
  for (const folder of deepestFirst) {
    if (!await hasFolder(folder)) continue;
    // A folder with something else in it stays.
    await Deno.remove(join(dir, ...folder)).catch(() => {});
  }
}

/**
 * Follows paths below `dir`, in which only the torrent's folder may be a link.
 * @throws {StorageError} If the torrent's folder is a link that other users can exchange.
 */
async function guardHome(
  { name }: Torrent,
  dir: string,
): Promise<(path: readonly string[]) => Promise<boolean>> {
  const home = join(dir, name);
  const { isSymlink } = await explained(home, Deno.lstat(home));
  if (!isSymlink) {
    const paths = new GuardedPaths(dir);
    return (path) => paths.hasFolder(path);
  }
  if (isOpenTo(await explained(dir, Deno.stat(dir)), 0o022)) {
    throw new StorageError(
      `Cannot delete below ${home}: it is a link that other users can exchange; give the folder that it leads to`,
    );
  }
  const paths = new GuardedPaths(home);
  return (path) => paths.hasFolder(path.slice(1));
}

/** The paths of a torrent's files and links, and their folders. */
function ownPaths({ files }: Torrent): ReadonlySet<string> {
  return withFolders(files.filter(({ isPadding }) => !isPadding), folded);
}

/** One spelling for all names that the usual file system of this platform treats as equal. */
function folded(path: string): string {
  return foldName(path, platformOf(Deno.build.os));
}
