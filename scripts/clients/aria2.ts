/**
 * Drives aria2 by its program `aria2c`.
 *
 * @module
 */
import { type Client, missingProgram, writeMarkerScript } from "./client.ts";
import type { Host } from "../lan/host.ts";
import type { RunningProgram } from "../programs/running_program.ts";

const missing = await missingProgram("aria2c");

/** aria2 1.36 in Debian 12. */
export const aria2: Client = {
  name: "aria2",
  missing,
  start: (host, torrentName) => startAria2(host, torrentName, NO_DHT),
};

/**
 * aria2 with its DHT, whose socket it uses for UDP trackers. The DHT has no nodes to
 * begin with.
 */
export const aria2WithUdp: Client = {
  name: "aria2",
  missing,
  start: (host, torrentName) => startAria2(host, torrentName, LONELY_DHT),
};

/** aria2 with Local Service Discovery, which it calls local peer discovery. */
export const aria2WithLsd: Client = {
  name: "aria2",
  missing,
  start: (host, torrentName) =>
    startAria2(host, torrentName, [
      ...NO_DHT,
      ...["--bt-enable-lpd=true", `--bt-lpd-interface=${host.address}`],
    ]),
};

const NO_DHT = ["--enable-dht=false", "--enable-dht6=false"];
const LONELY_DHT = [
  ...["--enable-dht=true", "--enable-dht6=false"],
  ...["--dht-listen-port=6881-6899", "--dht-file-path=.dht.dat"],
];

async function startAria2(
  host: Host,
  torrentName: string,
  flags: readonly string[],
): Promise<RunningProgram> {
  const script = await writeMarkerScript(host);
  return host.spawn("aria2c", [
    ...["--no-conf", "--dir=.", "--seed-ratio=0"],
    ...["--bt-enable-lpd=false", "--enable-peer-exchange=false", ...flags],
    ...["--listen-port=6881-6899", "--bt-max-peers=0"],
    ...["--file-allocation=none", "--allow-overwrite=true"],
    ...["--check-integrity=true", "--summary-interval=0"],
    "--show-console-readout=false",
    `--on-bt-download-complete=${script}`,
    torrentName,
  ]);
}
