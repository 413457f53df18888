/**
 * What tells that a file is as it was: its size and when it was last written to.
 *
 * @module
 */

/** How a file is at one moment. */
export interface FileStamp {
  /** In bytes. */
  readonly size: number;
  /** When its content was last changed, in milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** The stamp of a file that was looked at; a system that knows no times gives 0. */
export function stampOf(info: Deno.FileInfo): FileStamp {
  return { size: info.size, modifiedMs: info.mtime?.getTime() ?? 0 };
}

/** Whether a file is as it was; what was never seen is like nothing. */
export function isSameStamp(
  before: FileStamp | undefined,
  now: FileStamp | undefined,
): boolean {
  return before !== undefined && now !== undefined &&
    before.modifiedMs !== 0 &&
    before.size === now.size && before.modifiedMs === now.modifiedMs;
}
