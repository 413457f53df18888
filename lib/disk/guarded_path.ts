/**
 * Opens files below one folder and nowhere else. Invariant: no component below
 * that folder is ever followed through a symbolic link, so that a torrent's
 * content cannot be steered out of it, and only regular files are opened: a
 * named pipe would block, a device would do worse. The folder itself is the
 * user's choice and may be a link.
 *
 * @module
 */
import { join } from "@std/path";
import { StorageError } from "../base/errors.ts";
import { storageFailure } from "./storage_failure.ts";

/** What a file is opened for; `write` reads too, and creates what is missing. */
export type Access = "read" | "write";

/**
 * Looks at a file without opening it.
 * @returns Its size in bytes, or `undefined` if it or a folder above it is missing.
 * @throws {StorageError} If a component is a symbolic link or of the wrong kind.
 */
export async function guardedSize(
  dir: string,
  path: readonly string[],
): Promise<number | undefined> {
  for (let depth = 1; depth < path.length; depth++) {
    const folder = join(dir, ...path.slice(0, depth));
    const info = await lookAt(folder);
    if (info === undefined) return undefined;
    requireFolder(folder, info);
  }
  const file = join(dir, ...path);
  const info = await lookAt(file);
  if (info === undefined) return undefined;
  requireRegularFile(file, info);
  return info.size;
}

/**
 * Opens a file below `dir`. For writing, missing folders (`dir` included) and
 * the file are made.
 * @throws {StorageError} If it is missing (reading only), is not a regular file,
 * is reached through a symbolic link, or the system refuses.
 */
export async function openGuarded(
  dir: string,
  path: readonly string[],
  access: Access,
): Promise<Deno.FsFile> {
  const filePath = join(dir, ...path);
  if (access === "write") await makeFolders(dir, path);
  // Refuses links and pipes before the open, which would follow or block.
  const size = await guardedSize(dir, path);
  let file: Deno.FsFile;
  try {
    file = await Deno.open(filePath, {
      read: true,
      write: access === "write",
      createNew: access === "write" && size === undefined,
    });
  } catch (error) {
    throw storageFailure(
      access === "write" ? "open for writing" : "open",
      filePath,
      error,
    );
  }
  try {
    await requireSameFile(filePath, file);
    return file;
  } catch (error) {
    file.close();
    throw storageFailure("open", filePath, error);
  }
}

/** Makes `dir` and the folders of `path` below it, one by one. */
async function makeFolders(
  dir: string,
  path: readonly string[],
): Promise<void> {
  try {
    await Deno.mkdir(dir, { recursive: true });
  } catch (error) {
    throw storageFailure("create folder", dir, error);
  }
  for (let depth = 1; depth < path.length; depth++) {
    const folder = join(dir, ...path.slice(0, depth));
    const info = await lookAt(folder);
    if (info !== undefined) {
      requireFolder(folder, info);
      continue;
    }
    try {
      await Deno.mkdir(folder);
    } catch (error) {
      // Another file's folder, made meanwhile: the guarded look comes after.
      if (error instanceof Deno.errors.AlreadyExists) continue;
      throw storageFailure("create folder", folder, error);
    }
  }
}

async function lookAt(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw storageFailure("look at", path, error);
  }
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

/**
 * Checks that the name still leads to the file that was opened: a link put
 * there between the look and the open does not.
 */
async function requireSameFile(
  path: string,
  file: Deno.FsFile,
): Promise<void> {
  const [named, opened] = await Promise.all([Deno.lstat(path), file.stat()]);
  requireRegularFile(path, named);
  requireRegularFile(path, opened);
  // Deno has no inode numbers of open files on Windows. What is left there is the
  // look at each component before, which takes junctions as links too.
  if (Deno.build.os === "windows") return;
  if (named.ino !== opened.ino || named.dev !== opened.dev) {
    throw new StorageError(
      `Cannot use ${path}: it was replaced while being opened; run again`,
    );
  }
}
