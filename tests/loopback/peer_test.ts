/**
 * The program `peer`: downloading, sharing, ending.
 */
import {
  assert,
  assertEquals,
  assertLess,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { buildTorrent, scrape } from "../../lib/mod.ts";
import { assertCopied, LocalSwarm, runPeer, spawnPeer } from "./local_swarm.ts";
import { sha256Of } from "../../scripts/programs/sample_file.ts";
import { makeContent } from "./memory_torrent.ts";
import {
  type ProgramResult,
  runCommand,
} from "../../scripts/programs/running_program.ts";
import { runTask, spawnTask } from "../../scripts/programs/tasks.ts";
import { timed } from "./share.ts";
import { SilentTracker } from "./silent_tracker.ts";
import { listing, temporaryFolder } from "./temporary_folder.ts";
import { untilListening } from "./machine.ts";

const MIB = 1024 * 1024;

Deno.test("tracker, create and peer bring a file from one folder to another", async () => {
  await using folder = await temporaryFolder();
  const [there, here] = ["there", "here"].map((name) =>
    join(folder.path, name)
  ) as [string, string];
  await Deno.mkdir(there);
  const source = join(there, "report.pdf");
  await Deno.writeFile(source, makeContent("report", 3 * MIB + 7));
  await using tracker = spawnTask("tracker", ["0", "--host=127.0.0.1"]);
  const [announceUrl] = await tracker.stdout.waitFor(/http:\S+\/announce/);
  const torrentPath = join(folder.path, "report.torrent");
  const created = await runTask("peer", [
    ...["create", source, announceUrl, torrentPath],
  ]);
  assertEquals(created.code, 0, created.stderr);

  await using seeder = spawnPeer(torrentPath, "--dir", there);
  await seeder.stdout.waitFor(/^listening on port \d+$/);
  await seeder.stdout.waitFor(
    /^report\.pdf: verified and complete; seeding$/,
  );
  await seeder.stdout.waitFor(/^report\.pdf: tracker http:\S+ answers$/);
  const leecher = await runPeer(
    ...[torrentPath, "--dir", here, "--exit-when-complete"],
  );
  assertEquals([leecher.code, leecher.stderr], [0, ""]);
  assertStringIncludes(
    leecher.stdout,
    "report.pdf: nothing on the disk yet; downloading\n",
  );
  assertStringIncludes(
    leecher.stdout,
    "report.pdf: complete and verified\n",
  );
  assertEquals(await listing(here), ["report.pdf"]);
  assertEquals(
    await sha256Of(join(here, "report.pdf")),
    await sha256Of(source),
  );
  // The leecher announced that it was complete, and that it stopped.
  const [{ complete, incomplete, downloaded } = {}] = await scrape(
    announceUrl,
    [],
  );
  assertEquals([complete, incomplete, downloaded], [1, 0, 1]);
});

Deno.test("peer downloads a folder: names in any script, deep paths, empty files", async () => {
  await using swarm = await LocalSwarm.open();
  const shared = await swarm.seed("фото и 動画", {
    files: {
      "日本語/🎬 film.mkv": 700_000,
      "a/b/c/d e f.txt": 5,
      "empty": 0,
      "zz/empty too": 0,
      ".hidden": 65_536,
      "नमस्ते": 1,
    },
  });
  const dir = join(swarm.folder, "here");
  const { code, stderr } = await runPeer(
    ...[shared.path, "--dir", dir, "--exit-when-complete"],
  );
  assertEquals([code, stderr], [0, ""]);
  assertEquals(await listing(dir), await listing(shared.source));
  await assertCopied(shared, dir);
});

Deno.test("peer downloads several torrents in one process", async () => {
  await using swarm = await LocalSwarm.open();
  const shared = [
    await swarm.seed("one.bin", { files: { "": 500_000 } }),
    await swarm.seed("two", { files: { x: 300_000, y: 1 } }),
    await swarm.seed("nothing.bin", { files: { "": 0 } }),
  ];
  const dir = join(swarm.folder, "here");
  const torrents = shared.map(({ path }) => path);
  const { code, stderr } = await runPeer(
    ...[...torrents, "--dir", dir, "--exit-when-complete"],
  );
  assertEquals([code, stderr], [0, ""]);
  for (const each of shared) await assertCopied(each, dir);
});

Deno.test("peer downloads the other torrents if one fails", async () => {
  await using swarm = await LocalSwarm.open();
  const bad = await swarm.seed("bad.bin", { files: { "": 1000 } });
  const good = await swarm.seed("good.bin", { files: { "": 500_000 } });
  const dir = join(swarm.folder, "here");
  // A folder is in the place of the file.
  await Deno.mkdir(join(dir, "bad.bin"), { recursive: true });
  const { code, stderr } = await runPeer(
    ...[bad.path, good.path, "--dir", dir, "--exit-when-complete"],
  );
  assertEquals(code, 1);
  assertMatch(stderr, /^error: [^\n]*bad\.bin[^\n]*; [^\n]*\n$/);
  await assertCopied(good, dir);
});

/** Far longer than it takes to leave, and less than a tracker is waited for. */
const LONGEST_LEAVE_MS = 20_000;

const isDeno24 = Deno.version.deno.startsWith("2.4.");

Deno.test({
  name: `peer and show end on SIGTERM while a named pipe has no writer${
    isDeno24 ? " (not on Deno 2.4, which waits for the writer)" : ""
  }`,
  ignore: Deno.build.os !== "linux" || isDeno24,
  fn: async () => {
    await using folder = await temporaryFolder();
    const pipe = join(folder.path, "pipe.torrent");
    const made = await runCommand("mkfifo", [pipe]);
    assertEquals(made.code, 0, made.stderr);
    await using peer = spawnTask("peer", [pipe, "--exit-when-complete"]);
    await using show = spawnTask("show", [pipe]);
    await Promise.all([peer, show].map(untilListening));
    // Both open the pipe.
    await delay(500);
    for (
      const { code, stderr } of await Promise.all([peer.stop(), show.stop()])
    ) {
      assertEquals(
        [code, stderr],
        [4, "error: cannot finish: interrupted; run again\n"],
      );
    }
  },
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`peer leaves the swarm and ends with 0 on ${signal}`, async () => {
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.seed("a.bin", { files: { "": 4 * MIB } });
    const copy = join(swarm.folder, "copy");
    await Deno.mkdir(copy);
    await Deno.copyFile(join(shared.source, "a.bin"), join(copy, "a.bin"));
    await using seeder = spawnPeer(shared.path, "--dir", copy);
    await using leecher = spawnPeer(
      ...[shared.path, "--dir", join(swarm.folder, "slow")],
      ...["--max-download", "20000", "--max-upload", "1000"],
    );
    for (const { stdout } of [seeder, leecher]) {
      await stdout.waitFor(/tracker \S+ answers/);
    }
    await swarm.untilCounts(shared, [2, 1]);
    const elapsedMs = await timed(async () => {
      for (
        const { code, stderr } of await Promise.all(
          [seeder.stop(signal), leecher.stop(signal)],
        )
      ) assertEquals([code, stderr], [0, ""]);
    });
    assertLess(elapsedMs, LONGEST_LEAVE_MS);
    await swarm.untilCounts(shared, [1, 0]);
  });
}

Deno.test("peer ends soon after a signal even if its tracker does not answer", async () => {
  await using swarm = await LocalSwarm.open();
  using silent = new SilentTracker();
  await using seeder = await silent.spawnSeeder(swarm);
  let result: ProgramResult | undefined;
  const elapsedMs = await timed(async () => {
    result = await seeder.stop("SIGINT");
  });
  assertEquals(result?.code, 0);
  // The summary is the last line, after those about trackers.
  assertMatch(result!.stdout, /\na\.bin: complete; received 0 B, sent 0 B\n$/);
  assertLess(elapsedMs, LONGEST_LEAVE_MS);
});

Deno.test("peer ends with 0 on a signal while it verifies", async () => {
  await using folder = await temporaryFolder();
  // A hole of 16 GiB, so that it takes seconds on any machine.
  const length = 16 * 1024 * MIB;
  const pieceLength = 4 * MIB;
  const torrentPath = join(folder.path, "a.torrent");
  const pieceHashes = new Uint8Array(length / pieceLength * 20);
  const announce = ["http://127.0.0.1:9/announce"];
  const content = { type: "file", length } as const;
  const torrentFile = buildTorrent(
    { name: "a.bin", content, pieceLength, pieceHashes, announce },
  );
  await Deno.writeFile(torrentPath, torrentFile);
  await Deno.writeFile(join(folder.path, "a.bin"), new Uint8Array());
  await Deno.truncate(join(folder.path, "a.bin"), length);
  await using seeder = spawnPeer(torrentPath, "--dir", folder.path);
  await seeder.stdout.waitFor(/^a\.bin: verifying what is on the disk$/);
  const { code, stdout, stderr } = await seeder.stop("SIGINT");
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /\na\.bin: ended while verifying \d+%\n$/);
});

Deno.test("peer listens on the next free port if its port is taken", async () => {
  await using swarm = await LocalSwarm.open();
  const shared = await swarm.publish("a.bin", { files: { "": 10 } });
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  await using next = spawnTask("peer", [
    ...[shared.path, "--dir", shared.source],
    ...["--host=127.0.0.1", `--port=${port}`],
  ]);
  const [, chosen, asked] = await next.stdout.waitFor(
    /^listening on port (\d+) \((\d+) is taken\)$/,
  );
  assertEquals(Number(asked), port);
  assert(Number(chosen) > port && Number(chosen) < port + 20, chosen);
});

Deno.test({
  name: "peer listens on the address that --host names, and no other",
  // Only Linux has every address of 127.0.0.0/8 without configuration.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.publish("a.bin", { files: { "": 10 } });
    await using program = spawnTask("peer", [
      ...[shared.path, "--dir", shared.source],
      ...["--host=127.0.0.2", "--port=0"],
    ]);
    const [, text] = await program.stdout.waitFor(/^listening on port (\d+)$/);
    const port = Number(text);
    (await Deno.connect({ hostname: "127.0.0.2", port })).close();
    let reached = true;
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      reached = false;
    }
    assertEquals(reached, false);
  },
});
