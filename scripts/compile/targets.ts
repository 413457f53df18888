/**
 * Names the executables, the systems that Deno compiles for, and the files in
 * `dist/`.
 */
import { join } from "@std/path";
import { ProgramError, UsageError } from "../../cli/program_error.ts";
import { exists } from "../clients/client.ts";
import { REPOSITORY } from "../programs/tasks.ts";

/** The folder of everything that is built; not in version control. */
export const DIST: string = join(REPOSITORY, "dist");

/** Executables cannot be built or are missing. The message is one line. */
export class ExecutablesUnavailableError extends ProgramError {
  override readonly name = "ExecutablesUnavailableError";
}

/**
 * The executables. `lanswarm` has every program as a command; `peer` includes
 * `create`, `show` and `verify`.
 */
export const EXECUTABLE_NAMES = ["tracker", "peer", "lanswarm"] as const;

/** A program that becomes an executable, and the name of its task. */
export type ExecutableName = typeof EXECUTABLE_NAMES[number];

/** The systems that Deno compiles for, as in its flag `--target`. */
export const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-pc-windows-msvc",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
] as const;

export type Target = typeof TARGETS[number];

/**
 * The targets of `--target` flags without repetitions; undefined without flags.
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
 * The system of this machine.
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

/** `peer`, `peer.exe` or, with the target, `peer-x86_64-pc-windows-msvc.exe`. */
export function executableFileName(
  name: ExecutableName,
  { target, showsTarget = false }: {
    readonly target: Target;
    /** True to include the target in the name. @default {false} */
    readonly showsTarget?: boolean;
  },
): string {
  const suffix = showsTarget ? `-${target}` : "";
  return `${name}${suffix}${isWindows(target) ? ".exe" : ""}`;
}

export function isWindows(target: Target): boolean {
  return target.includes("-windows-");
}

export type ExecutablePaths = Readonly<Record<ExecutableName, string>>;

/** The executables that `deno task compile` leaves in `dist/`. */
export function executablePaths(): ExecutablePaths {
  const target = hostTarget();
  const pathOf = (name: ExecutableName): string =>
    join(DIST, executableFileName(name, { target }));
  const [tracker, peer] = [pathOf("tracker"), pathOf("peer")];
  return { tracker, peer, lanswarm: pathOf("lanswarm") };
}

/** The reason why an executable is missing; undefined if all are there. */
export async function executablesMissing(): Promise<string | undefined> {
  const { target } = Deno.build;
  if (!isTarget(target)) return `Deno does not compile for ${target}`;
  for (const path of Object.values(executablePaths())) {
    if (!await exists(path)) {
      return `${path} does not exist; run deno task compile`;
    }
  }
}

/** Name of the list of checksums, which `sha256sum -c` reads, beside the files. */
export const CHECKSUMS_FILE_NAME = "SHA256SUMS";

/** A file name, relative to the list, and the SHA-256 of the file in hex. */
export interface Checksum {
  readonly fileName: string;
  readonly sha256: string;
}

export function formatChecksums(checksums: Iterable<Checksum>): string {
  return [...checksums]
    .sort((one, other) => one.fileName < other.fileName ? -1 : 1)
    .map(({ fileName, sha256 }) => `${sha256}  ${fileName}\n`)
    .join("");
}
