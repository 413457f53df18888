/**
 * The executable bit of files, read and set. Windows has none.
 *
 * @module
 */
import { errorCode } from "./storage_failure.ts";

/** The owner may run the file. */
const OWNER_MAY_RUN = 0o100;

/** True if the owner of a file may run it as a program. */
export function isProgram({ mode }: Pick<Deno.FileInfo, "mode">): boolean {
  return ((mode ?? 0) & OWNER_MAY_RUN) !== 0;
}

/** The mode of a new file; the process's umask takes from it what it must. */
export function modeOf(
  { isExecutable = false }: { readonly isExecutable?: boolean },
): number {
  return isExecutable ? 0o777 : 0o666;
}

/** True if a file is no program and could be one. */
export function lacksRunBits(info: Deno.FileInfo): boolean {
  return info.mode !== null && !isProgram(info) &&
    Deno.build.os !== "windows";
}

/**
 * Makes a file a program for everybody who may read it, if it is not one. Where the
 * file system or its owner refuses, it stays as it is: the content is complete.
 * @param info The state of the file at this path, which nobody else can exchange.
 */
export async function makeProgram(
  path: string,
  info: Deno.FileInfo,
): Promise<void> {
  const { mode } = info;
  if (mode === null || !lacksRunBits(info)) return;
  try {
    await Deno.chmod(path, (mode & 0o777) | ((mode & 0o444) >> 2));
  } catch (error) {
    const isRefused = error instanceof Deno.errors.NotCapable ||
      errorCode(error) !== undefined;
    if (!isRefused) throw error;
  }
}
