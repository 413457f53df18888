/**
 * What can be built: the programs that become executables, the systems that Deno
 * compiles for, and how the files are called. Pure.
 *
 * @module
 */

/** The programs that machines of the LAN need; `peer` is `create` and `show` too. */
export const EXECUTABLE_NAMES = ["tracker", "peer"] as const;

/** A program that becomes an executable; also its task's name. */
export type ExecutableName = typeof EXECUTABLE_NAMES[number];

/** The systems that Deno compiles for, as its `--target` names them. */
export const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-pc-windows-msvc",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
] as const;

/** A system that Deno compiles for. */
export type Target = typeof TARGETS[number];

/** Whether `text` names a system that Deno compiles for. */
export function isTarget(text: string): text is Target {
  return (TARGETS as readonly string[]).includes(text);
}

/** Options of {@linkcode executableFileName}. */
export interface ExecutableFileNameOptions {
  readonly target: Target;
  /** Whether the name tells the target. @default {false} */
  readonly showsTarget?: boolean;
}

/** `peer`, `peer.exe` or, with the target, `peer-x86_64-pc-windows-msvc.exe`. */
export function executableFileName(
  name: ExecutableName,
  { target, showsTarget = false }: ExecutableFileNameOptions,
): string {
  const suffix = showsTarget ? `-${target}` : "";
  return `${name}${suffix}${isWindows(target) ? ".exe" : ""}`;
}

/** Whether `target` is Windows. */
export function isWindows(target: Target): boolean {
  return target.includes("-windows-");
}
