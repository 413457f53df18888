/**
 * Stock clients with a source of peers that the others have switched off, and those
 * that download a part of a torrent's files; and rTorrent, a daemon without a terminal.
 */
import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import {
  type Client,
  markerPath,
  missingProgram,
  writeMarkerScript,
} from "../../scripts/clients/client.ts";
import {
  aria2,
  libtorrent,
  NO_DHT,
  spawnLibtorrent,
  startAria2,
  startTransmission,
  transmission,
} from "../../scripts/clients/stock_clients.ts";
import type { Host } from "../../scripts/lan/host.ts";
import type { RunningProgram } from "../../scripts/programs/running_program.ts";
import { TORRENT_NAME } from "../../scripts/lan/sharing_steps.ts";

/**
 * aria2 with its DHT, whose socket it uses for UDP trackers. The DHT has no nodes to
 * begin with.
 */
export const aria2WithUdp: Client = {
  ...aria2,
  start: (host, torrentName) =>
    startAria2(host, torrentName, [
      ...["--enable-dht=true", "--enable-dht6=false"],
      ...["--dht-listen-port=6881-6899", "--dht-file-path=.dht.dat"],
    ]),
};

/** aria2 with Local Service Discovery, which it calls local peer discovery. */
export const aria2WithLsd: Client = {
  ...aria2,
  start: (host, torrentName) =>
    startAria2(host, torrentName, [
      ...NO_DHT,
      ...["--bt-enable-lpd=true", `--bt-lpd-interface=${host.address}`],
    ]),
};

/** libtorrent with Local Service Discovery. */
export const libtorrentWithLsd: Client = {
  ...libtorrent,
  start: (host, torrentName) =>
    Promise.resolve(spawnLibtorrent(host, torrentName, ["--lsd"])),
};

/** Starts libtorrent with a log of all messages of protocol extensions. */
export function startTalkativeLibtorrent(
  host: Host,
  torrentName: string,
): RunningProgram {
  return spawnLibtorrent(host, torrentName, ["--extensions"]);
}

/** Transmission with Local Service Discovery, which it calls local peer discovery. */
export const transmissionWithLsd: Client = {
  ...transmission,
  start: (host, torrentName) =>
    startTransmission(host, torrentName, { "lpd-enabled": true }),
};

/** A stock client that can download a part. */
export interface PartClient extends Pick<Client, "name" | "missing"> {
  /**
   * Downloads these of a torrent's files, by index, and goes on seeding them. Reports
   * completion as a {@linkcode Client} does.
   */
  start(
    host: Host,
    indexes: readonly number[],
    fileCount: number,
  ): Promise<RunningProgram>;
}

/** Stock clients, each with its own way to choose files. */
export const PART_CLIENTS: readonly PartClient[] = [
  {
    ...aria2,
    start: (host, indexes) => {
      const numbers = indexes.map((index) => index + 1).join();
      const flags = [...NO_DHT, `--select-file=${numbers}`];
      return startAria2(host, TORRENT_NAME, flags);
    },
  },
  {
    // transmission-cli has no flag for it.
    name: "transmission",
    missing: await missingProgram("transmission-daemon") ??
      await missingProgram("transmission-remote"),
    start: startTransmissionDaemon,
  },
  {
    ...libtorrent,
    start: (host, indexes, fileCount) => {
      const priorities = Array.from(
        { length: fileCount },
        (_, index) => indexes.includes(index) ? 4 : 0,
      );
      const flags = ["--priorities", priorities.join()];
      return Promise.resolve(spawnLibtorrent(host, TORRENT_NAME, flags));
    },
  },
];

async function startTransmissionDaemon(
  host: Host,
  indexes: readonly number[],
  fileCount: number,
): Promise<RunningProgram> {
  const script = await writeMarkerScript(host);
  const folder = host.path(".transmission");
  await Deno.mkdir(folder);
  await Deno.writeTextFile(
    `${folder}/settings.json`,
    JSON.stringify({
      "script-torrent-done-enabled": true,
      "script-torrent-done-filename": script,
    }),
  );
  const daemon = host.spawn("transmission-daemon", [
    ...[
      "--foreground",
      `--config-dir=${folder}`,
      "--no-auth",
    ],
    ...[`--download-dir=${host.folder}`, "--no-portmap", "--no-watch-dir"],
    ...["--no-dht", "--no-lpd", "--no-utp"],
  ]);
  const add = ["--start-paused", "--add", host.path(TORRENT_NAME)];
  // It refuses connections until it has started.
  for (let attempt = 0;; attempt++) {
    const { code, stderr } = await remote(host, add);
    if (code === 0) break;
    if (attempt === 50) assertEquals(code, 0, stderr);
    await delay(100);
  }
  const others = Array.from({ length: fileCount }, (_, index) => index)
    .filter((index) => !indexes.includes(index));
  for (const args of [["--no-get", others.join()], ["--start"]]) {
    const { code, stderr } = await remote(host, ["-t1", ...args]);
    assertEquals(code, 0, stderr);
  }
  return daemon;
}

function remote(
  host: Host,
  args: readonly string[],
): ReturnType<Host["run"]> {
  return host.run("transmission-remote", ["127.0.0.1:9091", ...args]);
}

/** rTorrent 0.9.8 in Debian 12. */
export const rtorrent: Client = {
  name: "rtorrent",
  missing: await missingProgram("rtorrent"),
  start: startRtorrent,
};

async function startRtorrent(
  host: Host,
  torrent: string,
): Promise<RunningProgram> {
  const session = host.path(".rtorrent");
  await Deno.mkdir(session);
  const settings = host.path(".rtorrent.rc");
  await Deno.writeTextFile(
    settings,
    `system.daemon.set = true
session.path.set = ${session}
directory.default.set = ${host.folder}
network.port_range.set = 6881-6899
dht.mode.set = disable
protocol.pex.set = no
method.set_key = event.download.finished,marker,"execute.nothrow=touch,${
      markerPath(host)
    }"
`,
  );
  return host.spawn("rtorrent", ["-n", "-o", `import=${settings}`, torrent]);
}
