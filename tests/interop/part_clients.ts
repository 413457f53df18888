/**
 * Stock clients that download a part of a torrent's files.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import {
  type Client,
  missingProgram,
  writeMarkerScript,
} from "../../scripts/clients/client.ts";
import {
  aria2,
  libtorrent,
  NO_DHT,
  spawnLibtorrent,
  startAria2,
} from "../../scripts/clients/stock_clients.ts";
import type { Host } from "../../scripts/lan/host.ts";
import { TORRENT_NAME } from "../../scripts/lan/sharing_steps.ts";
import type { RunningProgram } from "../../scripts/programs/running_program.ts";

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
