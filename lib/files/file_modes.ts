/**
 * The permission bits of files. Windows has none.
 *
 * @module
 */
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
  return info.mode !== null && !isProgram(info) && Deno.build.os !== "windows";
}

/** True if a file has any of the permission bits. */
export function isOpenTo({ mode }: Deno.FileInfo, bits: number): boolean {
  return Deno.build.os !== "windows" && ((mode ?? 0) & bits) !== 0;
}
