/**
 * The executable bit of files: which have it, which file systems keep it, and setting
 * it. Windows has none.
 *
 * @module
 */
import { join } from "@std/path";
import { errorCode } from "./storage_failure.ts";

/** The owner may run the file. */
const OWNER_MAY_RUN = 0o100;

/** True if the owner of a file may run it as a program. */
export function isProgram({ mode }: Pick<Deno.FileInfo, "mode">): boolean {
  return ((mode ?? 0) & OWNER_MAY_RUN) !== 0;
}

/**
 * True unless each new file in a folder is executable whatever it was made with, as
 * on FAT, and on the disks of Windows under WSL: there the bit says nothing. A folder
 * that cannot be written is trusted.
 */
export async function keepsModes(dir: string): Promise<boolean> {
  const trial = join(dir, `.lanswarm-${crypto.randomUUID()}`);
  try {
    await Deno.writeTextFile(trial, "", { createNew: true, mode: 0o600 });
  } catch {
    return true;
  }
  try {
    return !isProgram(await Deno.lstat(trial));
  } finally {
    // Harmless if it fails: an empty file that a scan would report.
    await Deno.remove(trial).catch(() => {});
  }
}

/** The mode of a new file; the process's umask takes from it what it must. */
export function modeOf(
  { isExecutable = false }: { readonly isExecutable?: boolean },
): number {
  return isExecutable ? 0o777 : 0o666;
}

/**
 * Makes a file a program for everybody who may read it, if it is not one. Where the
 * file system or its owner refuses, it stays as it is: the content is complete.
 * @param info The state of the file at this path, which must be no link.
 */
export async function makeProgram(
  path: string,
  info: Deno.FileInfo,
): Promise<void> {
  const { mode } = info;
  if (mode === null || isProgram(info) || Deno.build.os === "windows") return;
  try {
    await Deno.chmod(path, (mode & 0o777) | ((mode & 0o444) >> 2));
  } catch (error) {
    const isRefused = error instanceof Deno.errors.NotCapable ||
      errorCode(error) !== undefined;
    if (!isRefused) throw error;
  }
}
