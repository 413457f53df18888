/**
 * Machines that find each other by our tracker's UDP side alone. [BEP 15]
 */
import { assertEquals } from "@std/assert";
import { createLan } from "../../scripts/lan/lan.ts";
import { startPeer, waitForCounts } from "../../scripts/lan/sharing_steps.ts";
import {
  announceUrl,
  assertCopied,
  carryTorrent,
  shareSample,
  startTracker,
  stopPeer,
  udpAnnounceUrl,
  waitUntilCompleted,
} from "../sharing_steps.ts";
import { lanTest } from "./lan_test_case.ts";

lanTest(
  "machines share by a UDP tracker alone and are counted until they stop",
  async () => {
    await using lan = await createLan(["tracker", "seeder", "l1", "l2"]);
    const [tracker, seeder] = [lan.host("tracker"), lan.host("seeder")];
    const leechers = [lan.host("l1"), lan.host("l2")];
    const program = await startTracker(tracker, ["--udp"]);
    const torrent = await shareSample(seeder, {
      announce: udpAnnounceUrl(tracker),
    });
    const peers = [startPeer(seeder)];
    for (const leecher of leechers) {
      await carryTorrent(torrent, leecher);
      const peer = startPeer(leecher);
      peers.push(peer);
      await waitUntilCompleted(peer);
      await assertCopied(seeder, leecher);
    }
    await waitForCounts(tracker, torrent, { complete: 3, incomplete: 0 });
    // One tracker, whatever it is asked by.
    const overHttp = { ...torrent, announceUrl: announceUrl(tracker) };
    await waitForCounts(tracker, overHttp, { complete: 3, incomplete: 0 });
    for (const peer of peers) await stopPeer(peer);
    await waitForCounts(tracker, torrent, { complete: 0, incomplete: 0 });
    const { code, stderr } = await program.stop("SIGTERM");
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
  },
);

lanTest("machines without IPv4 share by a UDP tracker", async () => {
  await using lan = await createLan(["seeder", "leecher"]);
  const [seeder, leecher] = [lan.host("seeder"), lan.host("leecher")];
  for (const host of [seeder, leecher]) await host.dropIpv4();
  await startTracker(seeder, ["--udp"]);
  const torrent = await shareSample(seeder, {
    announce: `udp://[${seeder.address6}]:8000/announce`,
  });
  await carryTorrent(torrent, leecher);
  startPeer(seeder);
  const peer = startPeer(leecher, ["--exit-when-complete"]);
  assertEquals((await peer.ended()).code, 0);
  await assertCopied(seeder, leecher);
});

lanTest("peers wait for a UDP tracker that starts late", async () => {
  await using lan = await createLan(["tracker", "seeder", "leecher"]);
  const [seeder, leecher] = [lan.host("seeder"), lan.host("leecher")];
  const torrent = await shareSample(seeder, {
    announce: udpAnnounceUrl(lan.host("tracker")),
  });
  await carryTorrent(torrent, leecher);
  startPeer(seeder);
  const peer = startPeer(leecher);
  await peer.stdout.waitFor(/"type":"announceFailed"/);
  await startTracker(lan.host("tracker"), ["--udp"]);
  await waitUntilCompleted(peer);
  await assertCopied(seeder, leecher);
});
