/**
 * Stock clients with a source of peers that the others have switched off.
 *
 * @module
 */
import type { Client } from "../scripts/clients/client.ts";
import {
  aria2,
  libtorrent,
  NO_DHT,
  spawnLibtorrent,
  startAria2,
  startTransmission,
  transmission,
} from "../scripts/clients/stock_clients.ts";
import type { Host } from "../scripts/lan/host.ts";
import type { RunningProgram } from "../scripts/programs/running_program.ts";

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
