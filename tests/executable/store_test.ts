/**
 * Stores of tracker executables, on machines where nothing is installed.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { fromFileUrl } from "@std/path";
import { bareHost, NOBODY } from "../../scripts/lan/executable_host.ts";
import type { Host } from "../../scripts/lan/host.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import { startPeer, waitForCounts } from "../../scripts/lan/sharing_steps.ts";
import {
  sha256Of,
  writeRandomFile,
} from "../../scripts/programs/sample_file.ts";
import {
  announceUrl,
  carryTorrent,
  createTorrent,
  startTracker,
  stopPeer,
  waitUntilCompleted,
} from "../sharing_steps.ts";
import { redisMissing } from "../store/redis_server.ts";
import { executableTest } from "./executable_test_case.ts";
import { mountMemoryDisk } from "../loopback/foreign_disk.ts";

const MIB = 1024 * 1024;
const LIBRARY = fromFileUrl(new URL("../../lib/mod.ts", import.meta.url));
const CONFIGURATION = fromFileUrl(new URL("../../deno.json", import.meta.url));
const NAME = "sample.bin";

/** Scrapes a host's tracker from that host. */
async function ask(host: Host, ...question: string[]): Promise<string> {
  const [command, ...infoHashes] = question;
  const { code, stdout, stderr } = await host.run(Deno.execPath(), [
    ...["run", "--no-check", "--config", CONFIGURATION, "-N", LIBRARY],
    ...[command!, announceUrl(host), ...infoHashes],
  ]);
  assertEquals([code, stderr], [0, ""]);
  return stdout;
}

/** Fills the disk. */
async function fillDisk(path: string): Promise<void> {
  using file = await Deno.open(path, { create: true, write: true });
  const chunk = new Uint8Array(4096);
  try {
    while (true) await file.write(chunk);
  } catch (error) {
    assertMatch(String(error), /No space left/);
  }
}

executableTest(
  "a tracker's torrents survive a restart, and a full disk does not end it",
  async (executables) => {
    await using lan = await createLan(["only"]);
    const below = lan.host("only");
    const host = await bareHost(below, {
      executables,
      programs: ["tracker"],
      user: NOBODY,
    });
    await Deno.mkdir(host.path("disk"));
    await using _disk = await mountMemoryDisk(host.path("disk"), `${MIB}`);
    const store = ["--store", "sqlite:disk/tracker.db"];
    const hashes = ["a", "b", "c"].map((digit) => digit.repeat(40));
    {
      const tracker = await startTracker(host, store);
      await ask(below, "announce", hashes[0]!);
      // The log has grown once the torrent is written.
      const log = host.path("disk", "tracker.db-wal");
      while ((await Deno.stat(log)).size < 4096) await delay(50);
      await fillDisk(host.path("disk", "other.bin"));
      await ask(below, "announce", hashes[1]!);
      await tracker.stderr.waitFor(
        /^warning: cannot write disk\/tracker\.db: the disk is full; free some space$/,
      );
      await ask(below, "announce", hashes[2]!);
      await Deno.remove(host.path("disk", "other.bin"));
      await tracker.stderr.waitFor(
        /^note: disk\/tracker\.db is written again$/,
      );
      assertEquals((await tracker.stop("SIGTERM")).code, 0);
    }
    await startTracker(host, store);
    const known = await ask(below, "scrape");
    for (const hash of hashes) assert(known.includes(hash), known);
  },
);

executableTest(
  "trackers on two machines share a swarm through the Redis of a third",
  async (executables) => {
    await using lan = await createLan(["redis", "one", "other"]);
    const { address } = lan.host("redis");
    const redis = lan.host("redis").spawn("redis-server", [
      ...["--bind", address, "--protected-mode", "no", "--save", ""],
    ]);
    await redis.stdout.waitFor(/Ready to accept connections/);
    const store = ["--store", `redis://${address}`];
    const [one, other] = await Promise.all(
      (["one", "other"] as const).map((name) =>
        bareHost(lan.host(name), { executables, programs: ["tracker", "peer"] })
      ),
    );
    const trackers = [
      await startTracker(one!, store),
      await startTracker(other!, store),
    ];
    await writeRandomFile(one!.path(NAME), 4 * MIB + 4321);
    // The same torrent for each tracker.
    const forOther = await createTorrent(one!, NAME, announceUrl(other!));
    await carryTorrent(forOther, other!);
    await Deno.remove(one!.path("sample.torrent"));
    const forOne = await createTorrent(one!, NAME, announceUrl(one!));
    assertEquals(forOne.infoHash, forOther.infoHash);

    const seeder = startPeer(one!);
    await waitForCounts(lan.host("other"), forOther, {
      complete: 1,
      incomplete: 0,
    });
    const leecher = startPeer(other!);
    await waitUntilCompleted(leecher);
    assertEquals(
      await sha256Of(other!.path(NAME)),
      await sha256Of(one!.path(NAME)),
    );
    for (const torrent of [forOne, forOther]) {
      await waitForCounts(lan.host("redis"), torrent, {
        complete: 2,
        incomplete: 0,
      });
    }
    await redis.stop("SIGKILL");
    for (const tracker of trackers) {
      await tracker.stderr.waitFor(
        /^warning: cannot use Redis at [0-9.:]+: .*; the tracker goes on /,
      );
    }
    // The last counts that this tracker received: the leecher had completed.
    await waitForCounts(lan.host("redis"), forOther, {
      complete: 2,
      incomplete: 0,
    });
    await stopPeer(leecher);
    await stopPeer(seeder);
    for (const tracker of trackers) {
      assertEquals((await tracker.stop("SIGTERM")).code, 0);
    }
  },
  { missing: redisMissing },
);
