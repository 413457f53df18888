/**
 * Turns what the operating system says into a {@linkcode StorageError} a person
 * can act on: the action, the path, the reason and what to do.
 *
 * @module
 */
import { resolve } from "@std/path";
import { StorageError } from "../base/errors.ts";
import { type Platform, platformOf } from "../metainfo/safe_path.ts";

/**
 * Why Deno throws `NotCapable` for a path although the program may read and
 * write everywhere. What it advises itself is to give up all permissions.
 */
export const PROTECTED_PLACE =
  "programs under Deno's permissions are kept out of this place";

/** Of what is in a network or in user space, or was pulled out. */
const DISK_IS_GONE =
  "the disk that was there is gone; bring it back, then run again";

/** Reason and remedy by the system's error code; Windows maps its own onto these. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full; free some space and run again, what is stored " +
    "stays",
  EDQUOT: "the disk quota is used up; free some space and run again, what is " +
    "stored stays",
  EFBIG: "the file system takes no file that large; choose a folder on " +
    "another one",
  EROFS: "the file system is read-only; choose a folder that can be written",
  EACCES: "permission denied; choose another folder or change its permissions",
  EPERM: "permission denied; choose another folder or change its permissions",
  ENAMETOOLONG: "the name is too long for this file system; choose a folder " +
    "with a shorter path or on another file system",
  EILSEQ: "the file system does not take this name; choose a folder on " +
    "another one",
  EMFILE: "too many files are open; raise the limit (ulimit -n) and run again",
  ENFILE: "too many files are open on this machine; close some programs and " +
    "run again",
  ENOENT: "it does not exist; was it moved or deleted? Run again to fetch it",
  ENOTDIR: "a file stands where a folder must be; move it away or choose " +
    "another folder",
  EBUSY: "another program keeps it for itself; close that program and run " +
    "again",
  EISDIR: "a folder stands where a file must be; move it away or choose " +
    "another folder",
  ENOTCONN: DISK_IS_GONE,
  ECONNABORTED: DISK_IS_GONE,
  ENODEV: DISK_IS_GONE,
  ENXIO: DISK_IS_GONE,
  ESTALE: DISK_IS_GONE,
  EIO: "the disk reports an error; check the disk, then run again",
};

/**
 * Longest path that Windows takes everywhere, in UTF-16 units. Deno opens longer
 * ones there, but says of them that they do not exist.
 */
const MAX_WINDOWS_PATH_LENGTH = 259;

/**
 * The error for a failed `action` ("read", "write", "create folder" …) on `path`.
 * A {@linkcode StorageError} passes unchanged: it has said all this already.
 */
export function storageFailure(
  action: string,
  path: string,
  cause: unknown,
  platform: Platform = platformOf(Deno.build.os),
): StorageError {
  if (cause instanceof StorageError) return cause;
  const reason = errorCode(cause) === "ENOENT"
    ? explainMissing(action, path, cause, platform)
    : explain(cause);
  return new StorageError(`Cannot ${action} ${path}: ${reason}`, { cause });
}

function explain(cause: unknown): string {
  if (cause instanceof Deno.errors.NotCapable) {
    return `${PROTECTED_PLACE}; choose another folder`;
  }
  return EXPLANATIONS[errorCode(cause) ?? ""] ??
    `${cause instanceof Error ? cause.message : String(cause)}; ` +
      "run again to check what is stored and fetch the rest";
}

/** `ENOENT`, which Windows says of more than what is missing. */
function explainMissing(
  action: string,
  path: string,
  cause: unknown,
  platform: Platform,
): string {
  if (platform === "windows") {
    if (resolve(path).length > MAX_WINDOWS_PATH_LENGTH) {
      return EXPLANATIONS.ENAMETOOLONG!;
    }
    // Names with a question mark and the like have no class of their own.
    if (!(cause instanceof Deno.errors.NotFound)) {
      return "Windows takes no such name; choose another";
    }
    if (action === "create folder") {
      return "its drive or share does not exist; choose another folder";
    }
  }
  return EXPLANATIONS.ENOENT!;
}

/** The system's name for an error, such as `ENOSPC`, if it has one. */
export function errorCode(error: unknown): string | undefined {
  if (error instanceof Error && "code" in error) {
    return typeof error.code === "string" ? error.code : undefined;
  }
  return undefined;
}
