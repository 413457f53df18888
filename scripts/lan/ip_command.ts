/**
 * Runs `ip`, which creates networks and starts processes on them.
 *
 * @module
 */
import { type ProgramResult, runCommand } from "../programs/running_program.ts";

/** Runs `ip`. @throws {Error} If it fails, with its output. */
export async function ip(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await tryIp(args);
  if (code !== 0) {
    throw new Error(
      `Cannot run ip ${args.join(" ")}: exit code ${code}: ${stderr.trim()}`,
    );
  }
  return stdout;
}

/** Runs `ip` and returns the outcome. */
export async function tryIp(args: readonly string[]): Promise<ProgramResult> {
  return await runCommand("ip", args);
}

/** The reason why this machine cannot create network namespaces; undefined if it can. */
export async function lanUnavailableReason(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "network namespaces need Linux";
  if (Deno.uid() !== 0) return "network namespaces need root";
  const namespace = `lanswarm-${crypto.randomUUID().slice(0, 8)}`;
  try {
    const added = await tryIp(["netns", "add", namespace]);
    if (added.code !== 0) {
      return `network namespaces are refused: ${added.stderr.trim()}`;
    }
    await tryIp(["netns", "delete", namespace]);
    return undefined;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return "the program ip is not installed";
  }
}
