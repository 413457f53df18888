/**
 * Finds and removes what lies in a torrent's folder and is not the torrent's. Links are
 * neither followed nor walked into: they are removed themselves.
 *
 * @module
 */
import { join } from "@std/path";
import { FileSystem, ifAny } from "../disk/file_system.ts";
import { isOwnFolderName } from "../disk/own_folder.ts";
import { explained, storageFailure } from "../disk/storage_failure.ts";
import { foldName, platformOf } from "../metainfo/safe_path.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import { isSystemName, withFolders } from "./walk_source.ts";

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
        isSystemName(name);
      if (!isLeft) extra.push(path);
    }
  }

  const info = await ifAny(Deno.stat(join(dir, torrent.name)));
  if (info?.isDirectory) await visit([torrent.name]);
  return extra;
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
  const folders = new Map<string, readonly string[]>();
  for (const path of extra) {
    const place = join(dir, ...path);
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
    // It stays if there is something else in it.
    await Deno.remove(join(dir, ...folder)).catch(() => {});
  }
}

/** The paths of a torrent's files and links, and their folders. */
function ownPaths({ files }: Torrent): ReadonlySet<string> {
  return withFolders(files.filter(({ isPadding }) => !isPadding), folded);
}

/** One spelling for all that the usual file system here takes for one. */
function folded(path: string): string {
  return foldName(path, platformOf(Deno.build.os));
}
