/**
 * Whether this machine can make hosts.
 *
 * @module
 */
import { tryIp } from "./ip_command.ts";

/** Why no network can be made here, or undefined if one can. */
export async function lanUnavailableReason(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "network namespaces need Linux";
  if (Deno.uid() !== 0) return "network namespaces need root";
  const namespace = `lanswarm-probe-${Deno.pid}`;
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
