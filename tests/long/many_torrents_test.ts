/**
 * One peer that seeds more torrents than it has file descriptors, and one with
 * enough of them.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { scrape } from "../../lib/mod.ts";
import { spawnLimitedPeer } from "../loopback/limited_peer.ts";
import {
  assertCopied,
  LocalSwarm,
  type PublishedTorrent,
} from "../loopback/local_swarm.ts";
import { runTask } from "../../scripts/programs/tasks.ts";
import { report } from "../report.ts";

const TORRENT_COUNT = 1100;

for (const handleCount of [1024, 8192]) {
  Deno.test({
    name: `a peer seeds 1,100 torrents with ${handleCount} file descriptors`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      await using swarm = await LocalSwarm.open();
      const shared: PublishedTorrent[] = [];
      for (let index = 0; index < TORRENT_COUNT; index++) {
        const files = { "": 20_000 + index };
        shared.push(await swarm.publish(`${index}.bin`, { files }));
      }
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
  while (await countSeeders(swarm) < TORRENT_COUNT) {
    assert(!hasEnded, seeder.stderr.text);
    await delay(100);
  }
  const announcedMs = since();
  const descriptorCount = await countDescriptors(seeder.pid);
  const [first, last] = [shared[0]!, shared.at(-1)!];
  const dir = join(swarm.folder, `here-${handleCount}`);
  const fetched = await runTask("peer", [
    ...["--host=127.0.0.1", "--port=0", "--dir", dir, "--exit-when-complete"],
    ...[first.path, last.path],
  ]);
  assertEquals([fetched.code, fetched.stderr], [0, ""]);
  await assertCopied(first, dir);
  await assertCopied(last, dir);
  const fetchedMs = since();
  const { code, stdout, stderr } = await seeder.stop("SIGTERM");
  report(
    `${handleCount} descriptors: all announced after ${announcedMs} ms with ` +
      `${descriptorCount} open; first and last fetched ` +
      `${fetchedMs - announcedMs} ms later; ended in ${
        since() - fetchedMs
      } ms, ` +
      `${await countSeeders(swarm)} still listed`,
  );
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.match(/verified and complete/g)?.length, TORRENT_COUNT);
  assertEquals(stdout.match(/drop this peer after a while/g), null);
}

async function countSeeders({ tracker }: LocalSwarm): Promise<number> {
  const entries = await scrape(tracker.announceUrl, []);
  return entries.reduce((sum, { complete }) => sum + complete, 0);
}
