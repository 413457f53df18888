import { assertEquals, assertLess, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { createLan } from "../../scripts/lan/lan.ts";
import {
  startPeer,
  TORRENT_NAME,
  waitForCounts,
} from "../../scripts/lan/sharing_steps.ts";
import {
  sha256Of,
  writeRandomFile,
} from "../../scripts/programs/sample_file.ts";
import {
  announceUrl,
  assertCopied,
  carryTorrent,
  createTorrent,
  shareSample,
  startTracker,
  stopPeer,
  waitUntilCompleted,
} from "../sharing_steps.ts";
import { lanTest } from "./lan_test_case.ts";

const MIB = 1024 * 1024;
/** No multiple of a piece or a block. */
const LENGTH = 24 * MIB + 12345;

lanTest(
  "five machines get a verified copy from one and are counted until they stop",
  async () => {
    const leecherNames = ["l1", "l2", "l3", "l4", "l5"] as const;
    await using lan = await createLan(["tracker", "seeder", ...leecherNames]);
    const [tracker, seeder] = [lan.host("tracker"), lan.host("seeder")];
    const leechers = leecherNames.map((name) => lan.host(name));
    const trackerProgram = await startTracker(tracker);
    const torrent = await shareSample(seeder, {
      announce: announceUrl(tracker),
      length: LENGTH,
    });

    const seederPeer = startPeer(seeder);
    const peers = await Promise.all(leechers.map(async (leecher) => {
      await carryTorrent(torrent, leecher);
      return startPeer(leecher);
    }));
    await Promise.all(peers.map(waitUntilCompleted));
    for (const leecher of leechers) {
      await assertCopied(seeder, leecher);
    }
    await waitForCounts(tracker, torrent, { complete: 6, incomplete: 0 });
    const stats = await tracker.run(Deno.execPath(), [
      "eval",
      `console.log(await (await fetch("http://${tracker.address}:8000/stats.json")).text())`,
    ]);
    assertMatch(stats.stdout, new RegExp(torrent.infoHash));

    await Promise.all(peers.map(stopPeer));
    await waitForCounts(tracker, torrent, { complete: 1, incomplete: 0 });

    // A complete copy is found complete and seeded, without a byte fetched.
    const again = startPeer(leechers[0]!);
    const found = await again.stdout.waitFor(/"type":"verified".*/);
    assertMatch(found[0], /"progress":1,/);
    await waitForCounts(tracker, torrent, { complete: 2, incomplete: 0 });
    await stopPeer(again);
    await stopPeer(seederPeer);
    assertEquals((await trackerProgram.stop("SIGTERM")).code, 0);
  },
);

lanTest(
  "a machine that was stopped half way continues where it was",
  async () => {
    await using lan = await createLan(["seeder", "leecher"]);
    const [seeder, leecher] = [lan.host("seeder"), lan.host("leecher")];
    await startTracker(seeder);
    const torrent = await shareSample(seeder, {
      announce: announceUrl(seeder),
      length: LENGTH,
    });
    await carryTorrent(torrent, leecher);
    startPeer(seeder);

    // Slow, so that most is missing although the machine is late to stop it.
    const first = startPeer(leecher, ["--max-download", `${2 * MIB}`]);
    await first.stdout.waitFor(
      /"type":"status".*"verified":(?:[3-9]\d{6}|\d{8})/,
    );
    await stopPeer(first);

    const second = startPeer(leecher, ["--exit-when-complete"]);
    const { code, stdout } = await second.ended();
    assertEquals(code, 0);
    const found = /"type":"verified".*"verified":(\d+)/.exec(stdout)?.[1];
    assertLess(2 * MIB, Number(found));
    assertLess(Number(found), LENGTH);
    // Stored pieces are not fetched again; blocks that came twice count too.
    const downloaded = [...stdout.matchAll(/"downloaded":(\d+)/g)].at(-1)?.[1];
    assertLess(Number(downloaded), LENGTH - Number(found) + MIB);
    await assertCopied(seeder, leecher);
  },
);

lanTest(
  "a copy goes on from machine to machine when its seeder has left",
  async () => {
    const leecherNames = ["l1", "l2", "l3"] as const;
    await using lan = await createLan(["seeder", "tracker", ...leecherNames], {
      megabitsPerSecond: 100,
    });
    const seeder = lan.host("seeder");
    const leechers = leecherNames.map((name) => lan.host(name));
    await startTracker(lan.host("tracker"));
    const torrent = await shareSample(seeder, {
      announce: announceUrl(lan.host("tracker")),
      length: LENGTH,
    });
    const seederPeer = startPeer(seeder);
    const peers = await Promise.all(leechers.map(async (leecher) => {
      await carryTorrent(torrent, leecher);
      return startPeer(leecher);
    }));
    const completions = peers.map(waitUntilCompleted);
    await Promise.race(completions);
    // It crashes: nobody is told.
    await seederPeer.stop("SIGKILL");
    await Promise.all(completions);
    for (const leecher of leechers) {
      await assertCopied(seeder, leecher);
    }
  },
);

lanTest("peers wait for a tracker that starts late", async () => {
  await using lan = await createLan(["tracker", "seeder", "leecher"]);
  const [seeder, leecher] = [lan.host("seeder"), lan.host("leecher")];
  const torrent = await shareSample(seeder, {
    announce: announceUrl(lan.host("tracker")),
    length: MIB + 1,
  });
  await carryTorrent(torrent, leecher);
  startPeer(seeder);
  const peer = startPeer(leecher);
  await peer.stdout.waitFor(/"type":"announceFailed"/);
  await startTracker(lan.host("tracker"));
  await waitUntilCompleted(peer);
  await assertCopied(seeder, leecher);
});

lanTest("a pulled cable only delays a transfer", async () => {
  await using lan = await createLan(["seeder", "leecher"], {
    megabitsPerSecond: 100,
  });
  const [seeder, leecher] = [lan.host("seeder"), lan.host("leecher")];
  await startTracker(seeder);
  const torrent = await shareSample(seeder, {
    announce: announceUrl(seeder),
    length: LENGTH,
  });
  await carryTorrent(torrent, leecher);
  startPeer(seeder);
  const peer = startPeer(leecher);
  await peer.stdout.waitFor(/"type":"pieceVerified"/);
  await leecher.cutLink();
  await delay(2000);
  await leecher.restoreLink();
  await waitUntilCompleted(peer);
  await assertCopied(seeder, leecher);
});

lanTest("machines without IPv4 share over IPv6", async () => {
  await using lan = await createLan(["seeder", "leecher"]);
  const [seeder, leecher] = [lan.host("seeder"), lan.host("leecher")];
  for (const host of [seeder, leecher]) await host.dropIpv4();
  await startTracker(seeder);
  const torrent = await shareSample(seeder, {
    announce: `http://[${seeder.address6}]:8000/announce`,
    length: MIB + 1,
  });
  await carryTorrent(torrent, leecher);
  startPeer(seeder);
  const peer = startPeer(leecher, ["--exit-when-complete"]);
  assertEquals((await peer.ended()).code, 0);
  await assertCopied(seeder, leecher);
});

lanTest(
  "a folder arrives with its names in any script and its empty files",
  async () => {
    await using lan = await createLan(["seeder", "leecher"]);
    const [seeder, leecher] = [lan.host("seeder"), lan.host("leecher")];
    await startTracker(seeder);
    const files: readonly (readonly [name: string, length: number])[] = [
      ["Фото/восход.jpg", 700_001],
      ["写真/東京 2024.raw", 1_500_000],
      ["empty/nothing.txt", 0],
      ["e\u0301te\u0301 ☀️.txt", 5],
      [`${"a".repeat(200)}.dat`, 300_000],
    ];
    for (const [name, length] of files) {
      const path = seeder.path("Überblick", name);
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), {
        recursive: true,
      });
      await writeRandomFile(path, length);
    }
    const torrent = await createTorrent(
      seeder,
      "Überblick",
      announceUrl(seeder),
    );
    await carryTorrent(torrent, leecher);
    startPeer(seeder);
    const peer = leecher.spawnTask("peer", [
      ...[TORRENT_NAME, "--dir", "new/folder", "--exit-when-complete"],
    ]);
    assertEquals((await peer.ended()).code, 0);
    for (const [name] of files) {
      assertEquals(
        await sha256Of(leecher.path("new", "folder", "Überblick", name)),
        await sha256Of(seeder.path("Überblick", name)),
        name,
      );
    }
  },
);
