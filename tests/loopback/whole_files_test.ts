/**
 * Files that have their final names: whoever opens one reads the content of the
 * source, whenever the peer that fetches it is killed.
 */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { seededRandom } from "../../lib/base/random.ts";
import { report } from "../report.ts";
import { assertCopied, LocalSwarm, runPeer, spawnPeer } from "./local_swarm.ts";
import { listing } from "./temporary_folder.ts";

const KILLS = 20;
const KIB = 1024;
/** Some files are complete after a few kills, and all after the last. */
const BYTES_PER_SECOND = 3072 * KIB;
/** From the start of the program, in milliseconds. */
const SHORTEST_LIFE_MS = 150;
const LONGEST_LIFE_MS = 800;

/** Names and lengths; pieces of 64 KiB lie in up to five of them. */
const FILES: Record<string, number> = {
  "index.json": 10 * KIB,
  ...Object.fromEntries(
    Array.from({ length: 12 }, (_, index) => [
      `shards/${index}.bin`,
      (100 + index * 131) * KIB + index,
    ]),
  ),
  "notes/a": 3,
  "notes/b": 5 * KIB,
  "notes/empty": 0,
};

Deno.test(`a reader of final names reads no wrong byte while a peer is killed ${KILLS} times`, async () => {
  const random = seededRandom(1);
  await using swarm = await LocalSwarm.open();
  const shared = await swarm.seed("model", { files: FILES });
  const dir = join(swarm.folder, "here");
  let readCount = 0;
  const read = async (): Promise<void> => {
    for (const path of await listing(dir)) {
      // An empty file that shows that the folder can be written.
      if (path.includes(".lanswarm-")) continue;
      const content = await Deno.readFile(join(dir, path));
      const source = await Deno.readFile(join(shared.source, path));
      assertEquals(content.length, source.length, path);
      assert(content.every((byte, at) => byte === source[at]), path);
      readCount++;
    }
  };
  await Deno.mkdir(dir);
  let wholeCount = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    await using peer = spawnPeer(
      ...[shared.path, "--dir", dir, "--json"],
      ...["--max-download", String(BYTES_PER_SECOND)],
    );
    const lifeMs = SHORTEST_LIFE_MS +
      random() * (LONGEST_LIFE_MS - SHORTEST_LIFE_MS);
    const endMs = performance.now() + lifeMs;
    while (performance.now() < endMs) {
      await read();
      await delay(5);
    }
    assertEquals((await peer.stop("SIGKILL")).code, 137);
    await read();
    const before = wholeCount;
    wholeCount = (await listing(dir)).length;
    assert(wholeCount >= before);
  }
  const { code, stderr } = await runPeer(
    ...[shared.path, "--dir", dir, "--exit-when-complete"],
  );
  assertEquals([code, stderr], [0, ""]);
  await assertCopied(shared, dir);
  const own = await Array.fromAsync(Deno.readDir(join(dir, ".lanswarm")));
  assertEquals(own.some(({ name }) => name === "parts"), false);
  report(
    `${readCount} reads; ${wholeCount} files had their names at the last kill`,
  );
});
