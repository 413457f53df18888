/**
 * Drives Transmission by its program `transmission-cli`.
 *
 * @module
 */
import { join } from "@std/path";
import { type Client, missingProgram, writeMarkerScript } from "./client.ts";
import type { Host } from "../lan/host.ts";
import type { RunningProgram } from "../programs/running_program.ts";

/**
 * Settings that have no flag. With µTP it would try UDP for minutes before it tries
 * TCP.
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
  start: (host, torrentName) => startTransmission(host, torrentName, SETTINGS),
};

/** Transmission with Local Service Discovery, which it calls local peer discovery. */
export const transmissionWithLsd: Client = {
  ...transmission,
  start: (host, torrentName) =>
    startTransmission(host, torrentName, { ...SETTINGS, "lpd-enabled": true }),
};

async function startTransmission(
  host: Host,
  torrentName: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<RunningProgram> {
  const script = await writeMarkerScript(host);
  // The default folder for its state would be shared by all hosts.
  const folder = host.path(".transmission");
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(
    join(folder, "settings.json"),
    JSON.stringify(settings),
  );
  return host.spawn("transmission-cli", [
    `--config-dir=${folder}`,
    `--download-dir=${host.folder}`,
    `--finish=${script}`,
    // It has no fallback if the port is taken, as may happen on loopback.
    `--port=${nextPort++}`,
    "--no-portmap",
    "--no-uplimit",
    "--no-downlimit",
    torrentName,
  ]);
}
