/**
 * Transmission, by its program `transmission-cli`.
 *
 * @module
 */
import { join } from "@std/path";
import { type Client, missingProgram, writeMarkerScript } from "./client.ts";
import type { Host } from "../lan/host.ts";
import type { RunningProgram } from "../programs/running_program.ts";

/**
 * What the command line cannot say. With µTP on it tries to reach each peer over
 * UDP for minutes before it tries TCP, whoever the peer is.
 */
const SETTINGS = {
  "dht-enabled": false,
  "lpd-enabled": false,
  "pex-enabled": false,
  "utp-enabled": false,
  "upload-slots-per-torrent": 100,
};

let nextPort = 51413;

/** Transmission 3.00 in Debian 12. */
export const transmission: Client = {
  name: "transmission",
  missing: await missingProgram("transmission-cli"),
  async start(host: Host, torrentName: string): Promise<RunningProgram> {
    const script = await writeMarkerScript(host);
    // Where it keeps what it knows; the default is shared by all hosts.
    const folder = host.path(".transmission");
    await Deno.mkdir(folder);
    await Deno.writeTextFile(
      join(folder, "settings.json"),
      JSON.stringify(SETTINGS),
    );
    return host.spawn("transmission-cli", [
      `--config-dir=${folder}`,
      `--download-dir=${host.folder}`,
      `--finish=${script}`,
      // It takes no other if this one is taken, as on loopback it may be.
      `--port=${nextPort++}`,
      "--no-portmap",
      "--no-uplimit",
      "--no-downlimit",
      torrentName,
    ]);
  },
};
