/**
 * Whether `deno compile` gets a `denort` by itself, from its cache or from Deno's
 * site. It is asked to compile a program of nothing, so that a failure is of the
 * runtime and not of the project.
 *
 * @module
 */
import { join } from "@std/path";
import { DIST } from "./dist.ts";
import { runCompiler } from "./compiler.ts";
import type { Target } from "./targets.ts";

/** Where `deno compile` downloads from. */
const SITE = "https://dl.deno.land/";

/** How long the site may take to answer, in milliseconds. */
const ANSWER_TIMEOUT_MS = 5_000;

/** Without the site only the cache can help, which is quick. In milliseconds. */
const OFFLINE_TIMEOUT_MS = 20_000;

/** With the site a slow line may be at work: some 40 MB. In milliseconds. */
const DOWNLOAD_TIMEOUT_MS = 600_000;

/** Why `deno compile` gets no `denort` for `target`, or undefined if it does. */
export async function downloadRefusal(
  target: Target,
): Promise<string | undefined> {
  const isOnline = await siteAnswers();
  const folder = await Deno.makeTempDir({ dir: DIST, prefix: ".probe-" });
  try {
    const script = join(folder, "nothing.js");
    await Deno.writeTextFile(script, "");
    const { success, complaint } = await runCompiler([
      "--no-config",
      `--target=${target}`,
      `--output=${join(folder, "nothing")}`,
      script,
    ], {
      version: Deno.version.deno,
      runtimePath: undefined,
      timeoutMs: isOnline ? DOWNLOAD_TIMEOUT_MS : OFFLINE_TIMEOUT_MS,
    });
    if (success) return undefined;
    const reason = reasonOf(complaint);
    return "deno compile cannot download it" + (reason && ` (${reason})`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Why a download failed, without the address; empty if the compiler does not tell. */
export function reasonOf(complaint: string): string {
  const [, reason] =
    /error sending request for url \(.*?\): (.*?)(?= \d+: |$)/.exec(
      complaint,
    ) ?? [];
  return reason ?? "";
}

async function siteAnswers(): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const response = await fetch(SITE, { method: "HEAD", signal });
    await response.body?.cancel();
    return true;
  } catch {
    // Whatever it was, the attempt that follows tells the reason.
    return false;
  }
}
