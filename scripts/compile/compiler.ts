/**
 * Runs `deno bundle` and `deno compile` of a given version: of this Deno, or of
 * another one that npx fetches.
 */
import { join } from "@std/path";
import { ProgramError } from "../../cli/program_error.ts";
import { REPOSITORY } from "../programs/tasks.ts";
import { DIST, ExecutablesUnavailableError, type Target } from "./targets.ts";

/** `deno compile` downloads runtimes from here. */
const SITE = "https://dl.deno.land/";
/** Longest wait for an answer of the site. */
const ANSWER_TIMEOUT_MS = 5_000;
/** Longest try without the site: Deno's cache is fast. */
const OFFLINE_TIMEOUT_MS = 20_000;
/** Longest try with the site: 40 MB on a slow line. */
const DOWNLOAD_TIMEOUT_MS = 600_000;

/** A `denort` is not the expected one, or the compiler failed. */
export class CompilerError extends ProgramError {
  override readonly name = "CompilerError";
}

/**
 * Runs a subcommand, `bundle` or `compile`, in the repository.
 * @throws {ExecutablesUnavailableError} If npx, which fetches that version, is missing.
 */
export async function runDeno(
  [subcommand, ...args]: readonly string[],
  { version, runtimePath, timeoutMs }: {
    readonly version: string;
    /** The `denort` to use; undefined for the one that Deno downloads. */
    readonly runtimePath?: string | undefined;
    /** The compiler is killed after this time. @default {never} */
    readonly timeoutMs?: number;
  },
): Promise<{ readonly success: boolean; readonly complaint: string }> {
  const [program, ...first] = version === Deno.version.deno
    ? [Deno.execPath()]
    : ["npx", "--prefer-offline", "-y", `deno@${version}`];
  const command = new Deno.Command(program!, {
    args: [...first, subcommand!, "--quiet", "--no-check", ...args],
    cwd: REPOSITORY,
    env: {
      NO_COLOR: "1",
      // The compiler writes it into the executable, which then trusts an https
      // tracker as the machine does on which it runs.
      DENO_TLS_CA_STORE: "system,mozilla",
      ...(runtimePath !== undefined && { DENORT_BIN: runtimePath }),
    },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    ...(timeoutMs !== undefined && { signal: AbortSignal.timeout(timeoutMs) }),
  });
  const process = spawn(command, version);
  const { success, stderr } = await process.output();
  return { success, complaint: complaintOf(new TextDecoder().decode(stderr)) };
}

function spawn(command: Deno.Command, version: string): Deno.ChildProcess {
  // A process inherits DENORT_BIN, which may be for another target.
  const given = Deno.env.get("DENORT_BIN");
  Deno.env.delete("DENORT_BIN");
  try {
    return command.spawn();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new ExecutablesUnavailableError(
      `cannot compile with Deno ${version}: npx, which fetches it, is not installed`,
      { cause },
    );
  } finally {
    if (given !== undefined) Deno.env.set("DENORT_BIN", given);
  }
}

/**
 * The error in the output of a compiler, in one line: without the warnings of npx
 * before it and the stack that Deno 2.4 writes after it.
 */
export function complaintOf(stderr: string): string {
  return stderr
    .replace(/^[^]*?^error: /m, "")
    .replace(/^Stack backtrace:[^]*/m, "")
    .replaceAll(/\s+/g, " ").trim();
}

/**
 * Tries to have `deno compile` find or download the `denort` of a target. It
 * compiles an empty program, so that a failure is not the project's.
 * @returns The reason of a failure; undefined on success.
 */
export async function downloadRefusal(
  target: Target,
): Promise<string | undefined> {
  const isOnline = await siteAnswers();
  const folder = await Deno.makeTempDir({ dir: DIST, prefix: ".probe-" });
  try {
    const script = join(folder, "empty.js");
    await Deno.writeTextFile(script, "");
    const { success, complaint } = await runDeno([
      "compile",
      "--no-config",
      `--target=${target}`,
      `--output=${join(folder, "empty")}`,
      script,
    ], {
      version: Deno.version.deno,
      timeoutMs: isOnline ? DOWNLOAD_TIMEOUT_MS : OFFLINE_TIMEOUT_MS,
    });
    if (success) return undefined;
    const reason = reasonOf(complaint);
    return "deno compile cannot download it" + (reason && ` (${reason})`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The reason of a failed download, without the URL; empty if there is none. */
export function reasonOf(complaint: string): string {
  const failure = /error sending request for url \(.*?\): (.*?)(?= \d+: |$)/;
  return failure.exec(complaint)?.[1] ?? "";
}

async function siteAnswers(): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const response = await fetch(SITE, { method: "HEAD", signal });
    await response.body?.cancel();
    return true;
  } catch {
    // The compiler's own attempt reports the reason.
    return false;
  }
}
