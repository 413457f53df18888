/**
 * Turns an error of the operating system into a {@linkcode StorageError} that a
 * person can act on: the action, the path, the reason and what to do.
 *
 * @module
 */
import { resolve } from "@std/path";
import { ContentChangedError, StorageError } from "../base/errors.ts";
import { type Platform, platformOf } from "../metainfo/safe_path.ts";

/** Deno itself advises to grant all permissions. */
const PROTECTED =
  "Deno, which runs this program, blocks access to it, as to everything in /dev, /proc, /sys and /etc";
const ANOTHER_DISK = "choose a folder on another one";
const FREE_SPACE = "free some space and run again, what is stored stays";
/** The remedy if something else is in the place of a file or folder. */
export const MOVE_AWAY = "move it away or choose another folder";
/** For a disk that is in a network or in user space, or was pulled out. */
const GONE = "it or its disk is gone; bring it back, then run again";
const NOT_PERMITTED =
  "permission denied; choose another folder or change its permissions";
/** For file systems without new files, such as /proc. */
const NOTHING_NEW = "nothing can be made there; choose another folder";
const NOT_READABLE = "permission denied; run as a user who may read it";

/** Reason and remedy by error code. Windows's errors have the same codes. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  NotCapable: `${PROTECTED}; choose another folder`,
  ENOSPC: `the disk is full; ${FREE_SPACE}`,
  EDQUOT: `the disk quota is used up; ${FREE_SPACE}`,
  EFBIG: `the file system takes no file that large; ${ANOTHER_DISK}`,
  EROFS: "the file system is read-only; choose a folder that can be written",
  EACCES: NOT_PERMITTED,
  EPERM: NOT_PERMITTED,
  ENAMETOOLONG:
    "the name is too long for this file system; choose a folder with a shorter path or on another file system",
  EILSEQ:
    `the file system does not take this name; ${ANOTHER_DISK}, or leave it out with --not`,
  EMFILE: "too many files are open; raise the limit (ulimit -n) and run again",
  ENFILE:
    "too many files are open on this machine; close some programs and run again",
  ENOENT: "it does not exist; was it moved or deleted? Run again to fetch it",
  ENOTDIR: `a file stands where a folder must be; ${MOVE_AWAY}`,
  EISDIR: `a folder stands where a file must be; ${MOVE_AWAY}`,
  EBUSY: "another program uses it; close that program and run again",
  ENOTCONN: GONE,
  ECONNABORTED: GONE,
  ENODEV: GONE,
  ENXIO: GONE,
  ESTALE: GONE,
  EIO: "the disk reports an error; check the disk, then run again",
};

/** The same for a path that a user gave to be read, where they differ. */
const SOURCE_EXPLANATIONS: Readonly<Record<string, string>> = {
  ...EXPLANATIONS,
  NotCapable: `${PROTECTED}; copy it elsewhere first`,
  ENOENT: "it does not exist; check the path",
  EACCES: NOT_READABLE,
  EPERM: NOT_READABLE,
};

/**
 * Longest path that every program on Windows can use, in UTF-16 units. Deno opens
 * longer ones, but reports that they do not exist.
 */
const MAX_WINDOWS_PATH_LENGTH = 259;

/**
 * The error for a failed `action` ("read", "write", "create folder" …) on `path`.
 * A {@linkcode StorageError} is returned as it is.
 * @param cause The system's error, or only the code of one.
 */
export function storageFailure(
  action: string,
  path: string,
  cause: unknown,
  platform: Platform = platformOf(Deno.build.os),
): StorageError {
  if (cause instanceof StorageError) return cause;
  const kind = kindOf(cause);
  const reason = kind === "ENOENT" && platform === "windows"
    ? explainMissingOnWindows(action, path, cause)
    : kind === "ENOENT" && ["create folder", "write to"].includes(action)
    ? NOTHING_NEW
    : EXPLANATIONS[kind] ??
      `${
        messageOf(cause)
      }; run again to check what is stored and fetch the rest`;
  return new StorageError(`Cannot ${action} ${path}: ${reason}`, { cause });
}

/** The reasons for which content that was verified is no longer on the disk. */
const CHANGES = {
  modified: "another program modified it",
  resized: "another program changed its size",
  gone: "it was deleted or moved away",
} as const;

/** The error for a file that another program changed after it was verified. */
export function contentChanged(
  path: string,
  change: keyof typeof CHANGES,
): ContentChangedError {
  return new ContentChangedError(
    `Cannot keep sharing ${path}: ${CHANGES[change]}`,
  );
}

/** The error for a file or folder to share, or a torrent file, that cannot be read. */
export function sourceFailure(path: string, cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause;
  let reason = SOURCE_EXPLANATIONS[kindOf(cause)] ??
    `${messageOf(cause)}; check the disk`;
  if (path.includes("\ufffd")) reason = "its name is not UTF-8; rename it";
  else if (/not valid UTF-8/.test(messageOf(cause))) {
    // A link: Deno reports no code.
    reason = "it leads to a name that is not UTF-8; rename that";
  } else if (cause instanceof Deno.errors.UnexpectedEof) {
    reason = `${cause.message}; wait until nothing changes it and run again`;
  }
  return new StorageError(`Cannot read ${path}: ${reason}`, { cause });
}

/** The outcome of a call. An error is passed through {@linkcode sourceFailure}. */
export async function explained<T>(
  path: string,
  call: T | Promise<T>,
): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw sourceFailure(path, error);
  }
}

/** The system's name for an error, such as `ENOSPC`, if it has one. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error && "code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** True for an error of the system or the disk, or of Deno that a permission is missing. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof StorageError ||
    error instanceof Deno.errors.NotCapable ||
    // On Windows without a code, as without the right to make links.
    error instanceof Deno.errors.PermissionDenied ||
    errorCode(error) !== undefined;
}

/** The key of an error in the tables above. */
function kindOf(cause: unknown): string {
  if (cause instanceof Deno.errors.NotCapable) return "NotCapable";
  return typeof cause === "string" ? cause : errorCode(cause) ?? "";
}

/** Windows reports `ENOENT` for more than what is missing. */
function explainMissingOnWindows(
  action: string,
  path: string,
  cause: unknown,
): string {
  if (resolve(path).length > MAX_WINDOWS_PATH_LENGTH) {
    return EXPLANATIONS.ENAMETOOLONG!;
  }
  // Of names with a question mark and the like; they have no class of their own.
  if (!(cause instanceof Deno.errors.NotFound)) {
    return "Windows takes no such name; choose another";
  }
  return action === "create folder"
    ? "its drive or share does not exist; choose another folder"
    : EXPLANATIONS.ENOENT!;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
