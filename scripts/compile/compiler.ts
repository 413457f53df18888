/**
 * Runs the `deno compile` of a given version: the Deno that runs this, or that
 * version as npx brings it.
 *
 * @module
 */
import { REPOSITORY } from "../repository.ts";
import { ExecutablesUnavailableError } from "./runtime_error.ts";

/** Options of {@linkcode runCompiler}. */
export interface RunCompilerOptions {
  /** Of Deno. */
  readonly version: string;
  /** The `denort` to use; undefined for the one that Deno brings itself. */
  readonly runtimePath: string | undefined;
  /** Killed after that many milliseconds. @default {never} */
  readonly timeoutMs?: number;
}

/** How a compiler ended. */
export interface CompilerResult {
  readonly success: boolean;
  /** What it said of a failure, as {@linkcode complaintOf} gives it. */
  readonly complaint: string;
}

/**
 * Compiles in the repository, quietly and without a look at the types.
 * @throws {ExecutablesUnavailableError} If there is no npx to bring that version.
 */
export async function runCompiler(
  args: readonly string[],
  { version, runtimePath, timeoutMs }: RunCompilerOptions,
): Promise<CompilerResult> {
  const [program, ...first] = version === Deno.version.deno
    ? [Deno.execPath()]
    : ["npx", "--prefer-offline", "-y", `deno@${version}`];
  const command = new Deno.Command(program!, {
    // The types are the business of `deno task check`.
    args: [...first, "compile", "--quiet", "--no-check", ...args],
    cwd: REPOSITORY,
    env: {
      NO_COLOR: "1",
      // It is written into the executable, which trusts an https tracker as the
      // machine does that it runs on, whatever is set on this one.
      DENO_TLS_CA_STORE: "system,mozilla",
      ...(runtimePath !== undefined && { DENORT_BIN: runtimePath }),
    },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    ...(timeoutMs !== undefined && { signal: AbortSignal.timeout(timeoutMs) }),
  });
  const process = spawn(command, { version, runtimePath });
  const { success, stderr } = await process.output();
  return { success, complaint: complaintOf(new TextDecoder().decode(stderr)) };
}

/**
 * The error in what a compiler wrote, in one line: without npx's warnings before
 * it and the stack without names that Deno 2.4 writes after it.
 */
export function complaintOf(stderr: string): string {
  return stderr
    .replace(/^[^]*?^error: /m, "")
    .replace(/^Stack backtrace:[^]*/m, "")
    .replaceAll(/\s+/g, " ").trim();
}

function spawn(
  command: Deno.Command,
  { version, runtimePath }: RunCompilerOptions,
): Deno.ChildProcess {
  try {
    return runtimePath === undefined
      ? withoutGivenRuntime(() => command.spawn())
      : command.spawn();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new ExecutablesUnavailableError(
      `cannot compile with Deno ${version}: npx, which brings it, is not installed`,
      { cause },
    );
  }
}

/** A process inherits DENORT_BIN, which may be for another target. */
function withoutGivenRuntime<T>(spawn: () => T): T {
  const given = Deno.env.get("DENORT_BIN");
  if (given === undefined) return spawn();
  Deno.env.delete("DENORT_BIN");
  try {
    return spawn();
  } finally {
    Deno.env.set("DENORT_BIN", given);
  }
}
