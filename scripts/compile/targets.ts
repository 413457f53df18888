/**
 * What can be built: the programs that become executables, the systems that Deno
 * compiles for, and how the files are called. Pure.
 *
 * @module
 */
import { UsageError } from "../../cli/program_error.ts";
import { ExecutablesUnavailableError } from "./runtime_error.ts";

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

/**
 * The targets of `--target` flags, each once; undefined where there is no flag.
 * @throws {UsageError} If Deno does not compile for one of them.
 */
export function readTargets(texts: readonly string[]): Target[] | undefined {
  if (texts.length === 0) return undefined;
  const targets = texts.flatMap((text) => {
    if (text === "all") return TARGETS;
    if (isTarget(text)) return [text];
    throw new UsageError(
      `--target is ${JSON.stringify(text)}, not all nor one of ${
        TARGETS.join(", ")
      }`,
    );
  });
  return [...new Set(targets)];
}

/**
 * The system that this runs on.
 * @throws {ExecutablesUnavailableError} If Deno does not compile for it.
 */
export function hostTarget(triple: string = Deno.build.target): Target {
  if (isTarget(triple)) return triple;
  throw new ExecutablesUnavailableError(
    `cannot build for ${triple}: Deno does not compile for it`,
  );
}

function isTarget(text: string): text is Target {
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
