/**
 * libtorrent has one version of a folder and downloads the next, whose torrent names
 * the first. [BEP 38]
 */
import { assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import {
  libtorrent,
  spawnLibtorrent,
} from "../../scripts/clients/stock_clients.ts";
import { waitUntilComplete } from "../../scripts/clients/client.ts";
import type { Host } from "../../scripts/lan/host.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import { startPeer, TORRENT_NAME } from "../../scripts/lan/sharing_steps.ts";
import {
  sha256Of,
  writeRandomFile,
} from "../../scripts/programs/sample_file.ts";
import { lanTest } from "../lan/lan_test_case.ts";
import {
  announceUrl,
  carryTorrent,
  createTorrent,
  startTracker,
} from "../sharing_steps.ts";

const NAMES = ["b.bin", "c.bin", "d.bin", "e.bin"];
/** Of each file, in bytes: no multiple of a piece. */
const LENGTH = 1_000_001;
const BEFORE = "before.torrent";

/** The next version, and what it does to libtorrent's copy of the first. */
const NEXT: readonly {
  readonly what: string;
  readonly flags: readonly string[];
  /** Files of the next version that are new. */
  readonly changed: readonly string[];
  /** Bytes that libtorrent need not receive. */
  readonly reused: number;
  /** Files of libtorrent's first version that are as they were. */
  readonly intact: readonly string[];
}[] = [
  {
    what: "links the files that have not changed",
    ...{ flags: ["--align"], changed: ["c.bin"], reused: 3 * LENGTH },
    intact: NAMES,
  },
  {
    what: "receives everything if files do not begin at pieces",
    // The first file does.
    ...{ flags: ["--no-align"], changed: ["b.bin"], reused: 0 },
    intact: NAMES,
  },
  {
    what: "damages the first version if a file was added before its files",
    ...{ flags: ["--align"], changed: ["a.bin"], reused: 0 },
    intact: [],
  },
];

for (const { what, flags, changed, reused, intact } of NEXT) {
  lanTest(
    `libtorrent and a similar torrent: it ${what}`,
    async () => {
      await using lan = await createLan(["seeder", "leecher"]);
      const [seeder, leecher] = [lan.host("seeder"), lan.host("leecher")];
      await startTracker(seeder);
      const url = announceUrl(seeder);
      const making = [...flags, "--piece-length", "64KiB"];
      for (const host of [seeder, leecher]) await Deno.mkdir(host.path("v1"));
      for (const name of NAMES) {
        await writeRandomFile(seeder.path("v1", name), LENGTH);
        await copy([seeder, "v1"], [leecher, "v1"], name);
      }
      await createTorrent(seeder, "v1", url, making);
      await Deno.rename(seeder.path(TORRENT_NAME), seeder.path(BEFORE));
      await Deno.copyFile(seeder.path(BEFORE), leecher.path(BEFORE));

      await Deno.mkdir(seeder.path("v2"));
      const kept = NAMES.filter((name) => !changed.includes(name));
      for (const name of kept) await copy([seeder, "v1"], [seeder, "v2"], name);
      for (const name of changed) {
        await writeRandomFile(seeder.path("v2", name), LENGTH);
      }
      const similar = [...making, "--similar", BEFORE];
      await carryTorrent(
        await createTorrent(seeder, "v2", url, similar),
        leecher,
      );
      startPeer(seeder);
      const hint = ["--before", BEFORE];
      const client = spawnLibtorrent(leecher, TORRENT_NAME, hint);
      await waitUntilComplete(leecher, client);

      for (const name of [...kept, ...changed]) {
        const original = await sha256Of(seeder.path("v2", name));
        assertEquals(await sha256Of(leecher.path("v2", name)), original, name);
      }
      const [, received] = await client.stdout.waitFor(/^received: (\d+)$/);
      const missing = LENGTH * (kept.length + changed.length) - reused;
      assertGreaterOrEqual(Number(received), missing);
      // Padding and blocks that were requested twice.
      assertLess(Number(received), missing + LENGTH / 2);
      const found: string[] = [];
      for (const name of NAMES) {
        const [left, right] = await Promise.all(
          [leecher, seeder].map((host) => sha256Of(host.path("v1", name))),
        );
        if (left === right) found.push(name);
      }
      assertEquals(found, intact);
    },
    { missing: libtorrent.missing },
  );
}

/** Copies a file from a host's folder to another folder. */
async function copy(
  [from, fromFolder]: readonly [Host, string],
  [to, toFolder]: readonly [Host, string],
  name: string,
): Promise<void> {
  await Deno.copyFile(from.path(fromFolder, name), to.path(toFolder, name));
}
