/**
 * Checks that this machine can make network namespaces.
 *
 * @module
 */
import { tryIp } from "./ip_command.ts";

/** The reason why no network can be made here, or undefined if one can. */
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
