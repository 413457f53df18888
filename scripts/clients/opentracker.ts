/**
 * Drives opentracker, a stock BitTorrent tracker.
 *
 * @module
 */
import type { Host } from "../lan/host.ts";
import type { RunningProgram } from "../programs/running_program.ts";
import { missingProgram } from "./client.ts";

/** The reason why opentracker cannot be used; undefined if it can. */
export const opentrackerMissing: string | undefined = await missingProgram(
  "opentracker",
);

/**
 * Starts it on a host. Debian's build serves only torrents in a whitelist, a file of
 * info hashes in hex.
 */
export async function startOpentracker(
  host: Host,
  infoHashes: readonly string[],
  { port = 6969 }: {
    readonly port?: number;
  } = {},
): Promise<RunningProgram> {
  await Deno.writeTextFile(
    host.path("whitelist"),
    infoHashes.map((infoHash) => `${infoHash}\n`).join(""),
  );
  // It changes its root to the folder and refuses to run as root.
  return host.spawn("opentracker", [
    ...["-i", host.address, "-p", `${port}`, "-P", `${port}`],
    ...["-d", ".", "-u", "nobody", "-w", "whitelist"],
  ]);
}
