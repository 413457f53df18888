/**
 * Drives libtorrent, which qBittorrent and Deluge use, by its Python binding.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import { type Client, exists, markerPath } from "./client.ts";
import type { Host } from "../lan/host.ts";
import type { RunningProgram } from "../programs/running_program.ts";

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

/** libtorrent with Local Service Discovery. */
export const libtorrentWithLsd: Client = {
  ...libtorrent,
  start: (host, torrentName) =>
    Promise.resolve(spawnLibtorrent(host, torrentName, ["--lsd"])),
};

/** Starts it with a log of all messages of protocol extensions. */
export function startTalkativeLibtorrent(
  host: Host,
  torrentName: string,
): RunningProgram {
  return spawnLibtorrent(host, torrentName, ["--extensions"]);
}

function spawnLibtorrent(
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
