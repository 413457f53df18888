/**
 * One peer that seeds more torrents than it has file descriptors, and one with
 * enough of them.
 */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { scrape } from "../../lib/mod.ts";
import {
  assertEndsAreServed,
  LocalSwarm,
  type PublishedTorrent,
  smallTorrents,
  spawnLimitedPeer,
} from "../loopback/local_swarm.ts";
import { report } from "../report.ts";

const TORRENT_COUNT = 1100;
/** Generous: a seeder that takes longer has hung. */
const ANNOUNCED_WITHIN_MS = 300_000;

for (const handleCount of [1024, 8192]) {
  Deno.test({
    name: `a peer seeds 1,100 torrents with ${handleCount} file descriptors`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      await using swarm = await LocalSwarm.open();
      const shared = await smallTorrents(
        TORRENT_COUNT,
        (...options) => swarm.publish(...options),
      );
      await seedAll(swarm, shared, handleCount);
    },
  });
}

/** Open descriptors of a process, which Deno itself may read only with all permissions. */
async function countDescriptors(pid: number): Promise<number> {
  const args = ["-c", `ls /proc/${pid}/fd`];
  const { stdout } = await new Deno.Command("sh", { args }).output();
  return new TextDecoder().decode(stdout).trim().split("\n").length;
}

async function seedAll(
  swarm: LocalSwarm,
  shared: readonly PublishedTorrent[],
  handleCount: number,
): Promise<void> {
  const startMs = performance.now();
  const since = (): number => Math.round(performance.now() - startMs);
  const { source } = shared[0]!;
  await using seeder = spawnLimitedPeer(
    handleCount,
    ...["--dir", source, ...shared.map(({ path }) => path)],
  );
  let hasEnded = false;
  void seeder.result.then(() => hasEnded = true);
  while (await countSeeders(swarm, shared) < TORRENT_COUNT) {
    assert(!hasEnded, seeder.stderr.text);
    assert(since() < ANNOUNCED_WITHIN_MS, seeder.stdout.text);
    await delay(500);
  }
  const announcedMs = since();
  const descriptorCount = await countDescriptors(seeder.pid);
  await assertEndsAreServed(shared, join(swarm.folder, "here"));
  const fetchedMs = since();
  const { code, stdout, stderr } = await seeder.stop("SIGTERM");
  const leaveMs = since() - fetchedMs;
  const listedCount = await countSeeders(swarm, shared);
  report(
    `${handleCount} descriptors: all announced after ${announcedMs} ms with ` +
      `${descriptorCount} open; first and last fetched ` +
      `${fetchedMs - announcedMs} ms later; ended in ${leaveMs} ms with code ` +
      `${code}, ${listedCount} still listed`,
  );
  assertEquals(stderr, "");
  assertEquals(stdout.match(/verified and complete/g)?.length, TORRENT_COUNT);
  assertEquals(stdout.match(/connection closed/g), null);
  // The limit is 2 s; a loaded machine runs a process late.
  assert(leaveMs < 5_000, `it took ${leaveMs} ms to leave`);
  if (code !== 0) {
    // Not all was done in 2 s, and the exit code says so.
    assertEquals(code, 4);
    return;
  }
  const count = (pattern: RegExp): number => stdout.match(pattern)?.length ?? 0;
  // The end waits for no slow reader: with a line for each torrent, none was dropped.
  if (count(/: complete; received/g) < TORRENT_COUNT) return;
  const failedCount = count(/drop this peer after a while/g);
  assert(
    listedCount <= failedCount,
    `${listedCount} are listed, and ${failedCount} announces reported`,
  );
}

/** Info hashes in one scrape. */
const SCRAPED_COUNT = 50;

/** Counts the seeders that the tracker lists now; it keeps a scrape of all for 5 s. */
async function countSeeders(
  { tracker }: LocalSwarm,
  shared: readonly PublishedTorrent[],
): Promise<number> {
  const infoHashes = shared.map(({ torrent }) => torrent.infoHash);
  let count = 0;
  for (let at = 0; at < infoHashes.length; at += SCRAPED_COUNT) {
    const some = infoHashes.slice(at, at + SCRAPED_COUNT);
    const entries = await scrape(tracker.announceUrl, some);
    count += entries.reduce((sum, { complete }) => sum + complete, 0);
  }
  return count;
}
