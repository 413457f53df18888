/**
 * The stock clients: aria2 by its program `aria2c`, libtorrent, which qBittorrent and
 * Deluge use, by its Python binding, and Transmission by `transmission-cli`; and
 * opentracker, a stock tracker.
 */
import { fromFileUrl, join } from "@std/path";
import type { Host } from "../lan/host.ts";
import type { RunningProgram } from "../programs/running_program.ts";
import {
  type Client,
  exists,
  markerPath,
  missingProgram,
  writeMarkerScript,
} from "./client.ts";

/** aria2 1.36 in Debian 12. */
export const aria2: Client = {
  name: "aria2",
  missing: await missingProgram("aria2c"),
  start: (host, torrentName) => startAria2(host, torrentName, NO_DHT),
};

/** Flags that switch off the DHT. */
export const NO_DHT = ["--enable-dht=false", "--enable-dht6=false"];

/** Starts it with flags about its DHT and local discovery. */
export async function startAria2(
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

/** The interpreter of Debian's packages. */
const PYTHON = "/usr/bin/python3";

/** libtorrent 2.0 in Debian 12. */
export const libtorrent: Client = {
  name: "libtorrent",
  missing: await missingBinding(),
  start(host: Host, torrentName: string): Promise<RunningProgram> {
    return Promise.resolve(spawnLibtorrent(host, torrentName));
  },
};

/** Starts it with flags of `libtorrent_peer.py`. */
export function spawnLibtorrent(
  host: Host,
  torrentName: string,
  flags: readonly string[] = [],
): RunningProgram {
  const script = fromFileUrl(new URL("libtorrent_peer.py", import.meta.url));
  return host.spawn(PYTHON, [script, torrentName, markerPath(host), ...flags]);
}

async function missingBinding(): Promise<string | undefined> {
  const folder = "/usr/lib/python3/dist-packages";
  if (await exists(folder)) {
    for await (const { name } of Deno.readDir(folder)) {
      if (/^libtorrent\..*so$/.test(name)) return undefined;
    }
  }
  return "python3-libtorrent is not installed";
}

/** Settings that have no flag. With µTP it would try UDP for minutes before it tries TCP. */
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
  start: startTransmission,
};

/** Starts it with settings in place of ours. */
export async function startTransmission(
  host: Host,
  torrentName: string,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<RunningProgram> {
  const script = await writeMarkerScript(host);
  // The default folder for its state would be shared by all hosts.
  const folder = host.path(".transmission");
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(
    join(folder, "settings.json"),
    JSON.stringify({ ...SETTINGS, ...settings }),
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

/** The reason why opentracker cannot be used; undefined if it can. */
export const opentrackerMissing: string | undefined = await missingProgram(
  "opentracker",
);

/** Starts opentracker on a host. Debian's build serves only torrents in a whitelist. */
export async function startOpentracker(
  host: Host,
  infoHashes: readonly string[],
  port = 6969,
): Promise<RunningProgram> {
  await writeInfoHashes(host.path("whitelist"), infoHashes);
  // It changes its root to the folder and refuses to run as root.
  return host.spawn("opentracker", [
    ...["-i", host.address, "-p", `${port}`, "-P", `${port}`],
    ...["-d", ".", "-u", "nobody", "-w", "whitelist"],
  ]);
}

export async function writeInfoHashes(
  path: string,
  infoHashes: readonly string[],
): Promise<void> {
  const lines = infoHashes.map((infoHash) => `${infoHash}\n`);
  await Deno.writeTextFile(path, lines.join(""));
}
