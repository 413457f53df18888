/**
 * Transmission, by its program `transmission-cli`.
 *
 * @module
 */
import { type Client, missingProgram, writeMarkerScript } from "./client.ts";
import type { LanHost } from "../lan/lan_host.ts";
import type { RunningProgram } from "../loopback/program.ts";

/** Transmission 3.00 in Debian 12. */
export const transmission: Client = {
  name: "transmission",
  missing: await missingProgram("transmission-cli"),
  async start(host: LanHost, torrentName: string): Promise<RunningProgram> {
    const script = await writeMarkerScript(host);
    return host.spawn("transmission-cli", [
      // Where it keeps what it knows; the default is shared by all hosts.
      `--config-dir=${host.path(".transmission")}`,
      `--download-dir=${host.folder}`,
      `--finish=${script}`,
      "--port=6881",
      "--no-portmap",
      "--no-uplimit",
      "--no-downlimit",
      "--verify",
      torrentName,
    ]);
  },
};
