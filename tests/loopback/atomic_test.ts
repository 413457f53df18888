/** `peer --atomic`: a folder has its name when all of it is there. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { report } from "../report.ts";
import { assertCopied, LocalSwarm, runPeer, spawnPeer } from "./local_swarm.ts";
import { listing } from "./temporary_folder.ts";

const KIB = 1024;
const KILLS = 4;
const FILES = Object.fromEntries(
  Array.from({ length: 6 }, (_, index) => [`${index}/a`, 600 * KIB + index]),
);

Deno.test(`a folder has no name while peer --atomic is killed ${KILLS} times, and is seeded on under it`, async () => {
  await using swarm = await LocalSwarm.open();
  const shared = await swarm.seed("model", { files: { ...FILES, "b": 1 } });
  const [dir, other] = ["here", "there"].map((name) =>
    join(swarm.folder, name)
  );
  const flags = [shared.path, "--dir", dir!, "--atomic"];
  const name = join(dir!, "model");
  const isThere = (): Promise<boolean> =>
    Deno.lstat(name).then(() => true, () => false);
  const valid: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    await using peer = spawnPeer(...flags, "--json", "--max-download=512KiB");
    await peer.stdout.waitFor(/"type":"verified"/);
    const [line] = peer.stdout.text.match(/.*"type":"verified".*/)!;
    valid.push(JSON.parse(line).pieces);
    const endMs = performance.now() + 900;
    while (performance.now() < endMs) {
      assert(!await isThere());
      await delay(5);
    }
    assertEquals((await peer.stop("SIGKILL")).code, 137);
    assert(!await isThere());
  }
  report(`valid pieces at each start: ${valid.join(", ")}`);
  assert(valid.at(-1)! > 0);
  await using peer = spawnPeer(...flags);
  while (!await isThere()) await delay(1);
  // All of it at once.
  assertEquals(
    await listing(name),
    ["0/a", "1/a", "2/a", "3/a", "4/a", "5/a", "b"],
  );
  await peer.stdout.waitFor(/complete and verified/);
  await assertCopied(shared, dir!);
  const before = swarm.uploadedBytes(shared);
  const copy = await runPeer(
    ...[shared.path, "--dir", other!, "--exit-when-complete"],
  );
  assertEquals(copy.code, 0, copy.stderr);
  await assertCopied(shared, other!);
  const uploaded = swarm.uploadedBytes(shared) - before;
  assert(uploaded < shared.torrent.geometry.length, "nothing came from here");
  assertEquals((await peer.stop()).stderr, "");
  // Complete already.
  const again = await runPeer(...flags, "--exit-when-complete");
  assertEquals([again.code, again.stderr], [0, ""]);
});

Deno.test("peer --atomic says that a name is taken, and changes nothing there", async () => {
  await using swarm = await LocalSwarm.open();
  const shared = await swarm.seed("model", { files: { "a": 100 * KIB } });
  const dir = join(swarm.folder, "here");
  await Deno.mkdir(join(dir, "model"), { recursive: true });
  await Deno.writeTextFile(join(dir, "model", "mine"), "mine");
  const { code, stderr } = await runPeer(
    ...[shared.path, "--dir", dir, "--atomic", "--force"],
    "--exit-when-complete",
  );
  assertEquals(code, 1);
  assertMatch(stderr, /Cannot store .*model in one step: something has/i);
  assertEquals(await listing(dir), ["model/mine"]);
});
