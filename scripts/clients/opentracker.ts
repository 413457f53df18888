/**
 * opentracker, a stock BitTorrent tracker.
 *
 * @module
 */
import type { Host } from "../lan/host.ts";
import type { RunningProgram } from "../programs/running_program.ts";
import { missingProgram } from "./client.ts";

/** Why opentracker cannot be used here, or undefined if it can. */
export const opentrackerMissing: string | undefined = await missingProgram(
  "opentracker",
);

/** Options of {@linkcode startOpentracker}. */
export interface OpentrackerOptions {
  /** @default {6969} */
  readonly port?: number;
}

/**
 * Starts it on a host. Debian's is built to serve only torrents it is told of, by
 * a file with their info hashes in hex.
 */
export async function startOpentracker(
  host: Host,
  infoHashes: readonly string[],
  { port = 6969 }: OpentrackerOptions = {},
): Promise<RunningProgram> {
  await Deno.writeTextFile(
    host.path("whitelist"),
    infoHashes.map((infoHash) => `${infoHash}\n`).join(""),
  );
  // It locks itself into the folder and refuses to go on as root.
  return host.spawn("opentracker", [
    ...["-i", host.address, "-p", `${port}`, "-P", `${port}`],
    ...["-d", ".", "-u", "nobody", "-w", "whitelist"],
  ]);
}
