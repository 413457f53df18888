/**
 * Symbolic links and other things in the place of a file or folder: refuses them,
 * follows them, or removes what was made through them.
 *
 * @module
 */
import { dirname, join, SEPARATOR } from "@std/path";
import { StorageError } from "../base/errors.ts";
import {
  type FileStamp,
  FileSystem,
  ifAny,
  isSameFile,
  type Outcome,
  stampOf,
} from "./file_system.ts";
import { errorCode, MOVE_AWAY, storageFailure } from "./storage_failure.ts";

/** Attempts to find the file or folder that was made outside the folder. */
const TAKE_BACK_ATTEMPTS = 20;
/** Time that a file system's clock may be behind, in milliseconds: a tick of the kernel. */
const CLOCK_TICK_MS = 20;

/** True if a real path is that of a folder, or leads to something below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(join(folder, SEPARATOR));
}

/** Options of {@linkcode followLink}. */
export interface FollowLinkOptions {
  /** The real path of the folder. */
  readonly folder: string;
  /** Makes the error from the reason. */
  readonly refuse: (reason: string) => StorageError;
  /** @default {a new one} */
  readonly fileSystem?: FileSystem;
}

/**
 * The place that a link leads to, which must be in a folder.
 * @throws {StorageError} If it leads nowhere or out of the folder.
 */
export async function followLink(
  link: string,
  { folder, refuse, fileSystem = new FileSystem() }: FollowLinkOptions,
): Promise<string> {
  const target = await ifAny(fileSystem.realPath(link)).catch((error) => {
    if (errorCode(error) !== "ELOOP") throw error;
    throw refuse("it is a link that leads in a circle; remove it");
  });
  if (target === undefined) {
    throw refuse("it is a link that leads nowhere; remove it");
  }
  if (isWithin(target, folder)) return target;
  throw refuse(
    `it is a link that leads out of the folder, to ${target}; replace it by a copy`,
  );
}

/**
 * Removes the empty file, further name of a file, or folder that was made just now
 * outside of a folder, where a link led at that moment. What is below the folder stays:
 * its path may lead to somebody else's file by the time of the removal.
 * @param made Its path, and the stamp of a file, or the time before a folder was made.
 * @param folder Its path, and the number of its disk.
 */
export async function takeBack(
  { path, stamp, sinceMs = Infinity }: {
    readonly path: string;
    readonly stamp?: FileStamp | undefined;
    readonly sinceMs?: number;
  },
  folder: { readonly dir: string; readonly device: number | undefined },
): Promise<void> {
  for (let attempt = 0; attempt < TAKE_BACK_ATTEMPTS; attempt++) {
    try {
      const home = await Deno.realPath(folder.dir);
      const place = await Deno.realPath(path);
      const info = await Deno.lstat(place);
      const madeMs = info.birthtime?.getTime() ?? 0;
      const isOurs = stamp === undefined
        ? info.isDirectory && madeMs > sinceMs - CLOCK_TICK_MS
        : info.isFile && isSameFile(stamp, stampOf(info)) &&
          (info.size === 0 || (info.nlink ?? 1) > 1);
      const isInside = info.dev === folder.device && isWithin(place, home);
      if (isOurs && !isInside) return await Deno.remove(place);
    } catch {
      // Harmless: it was replaced again or cannot be removed, and is empty.
    }
  }
}

/** @throws {StorageError} If something else than a regular file is there. */
export function requireRegularFile(path: string, info: Deno.FileInfo): void {
  requireNoLink(path, info);
  if (info.isDirectory) throw storageFailure("use", path, "EISDIR");
  if (info.isFile) return;
  throw new StorageError(
    `Cannot use ${path}: a pipe, socket or device stands where a file must be; ${MOVE_AWAY}`,
  );
}

/** @throws {StorageError} If something else than a folder is there. */
export function requireFolder(path: string, info: Deno.FileInfo): void {
  requireNoLink(path, info);
  if (!info.isDirectory) throw storageFailure("use", path, "ENOTDIR");
}

function requireNoLink(path: string, info: Deno.FileInfo): void {
  if (!info.isSymlink) return;
  throw new StorageError(
    `Cannot use ${path}: it is a symbolic link and may lead out of the ` +
      "download folder; replace it with the file or folder itself",
  );
}

/** Another program's file already has the name that a file should get. */
export class NameTakenError extends StorageError {
  override readonly name = "NameTakenError";

  constructor(path: string) {
    super(
      `Cannot store ${path}: another program made it meanwhile; ${MOVE_AWAY}`,
    );
  }
}

/**
 * Gives a file another name by a hard link, which unlike a rename replaces nothing.
 * On a file system without links, such as FAT, renames the file.
 * @returns False if the name is on another file system.
 * @throws {NameTakenError} If something has the name.
 */
export function giveName(
  fileSystem: FileSystem,
  from: string,
  to: string,
): Outcome<boolean> {
  const made = fileSystem.link(from, to);
  if (!(made instanceof Promise)) return true;
  return made.then(() => true, async (error) => {
    const isTaken = error instanceof Deno.errors.AlreadyExists ||
      await ifAny(fileSystem.lstat(to)) !== undefined;
    if (isTaken) throw new NameTakenError(to);
    if (error instanceof Deno.errors.NotFound) throw error;
    const isElsewhere = errorCode(error) === "EXDEV";
    if (isElsewhere && dirname(from) !== dirname(to)) return false;
    await Deno.rename(from, to);
    return true;
  });
}
