/**
 * Compares the states of a file at two moments, without reading it, to tell whether
 * it was replaced or modified in between.
 *
 * @module
 */

/** The state of a file at one moment. `undefined` is what the system does not report. */
export interface FileStamp {
  /** In bytes. */
  readonly size: number;
  /** Time of the last modification, in milliseconds since 1970. */
  readonly modifiedMs: number | undefined;
  /** Number of the file system that holds the file. */
  readonly device?: number | undefined;
  /** Number of the file on its file system. */
  readonly inode?: number | undefined;
}

/** The stamp in what the system reports. */
export function stampOf(info: Deno.FileInfo): FileStamp {
  return {
    size: info.size,
    modifiedMs: info.mtime?.getTime(),
    device: info.dev,
    // 0 is no inode number, but all that Windows reports of some files.
    inode: info.ino || undefined,
  };
}

/**
 * True if two stamps are of the same file, modified or not, and where the system
 * has no inode numbers: of open files on Windows. For stamps taken right after
 * each other: FAT renumbers files that are no longer in the system's cache.
 */
export function isSameFile(left: FileStamp, right: FileStamp): boolean {
  if (left.inode === undefined || right.inode === undefined) return true;
  return left.device === right.device && left.inode === right.inode;
}

/** True if a file was not modified between two stamps; a missing stamp proves nothing. */
export function isUnmodified(
  before: FileStamp | undefined,
  now: FileStamp | undefined,
): boolean {
  return before !== undefined && now !== undefined &&
    before.modifiedMs !== undefined &&
    before.size === now.size && before.modifiedMs === now.modifiedMs;
}
