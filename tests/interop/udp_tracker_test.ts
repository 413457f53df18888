/**
 * Trackers over UDP with stock software at the other end: its clients at our
 * tracker, and our peers at its tracker. [BEP 15]
 */
import {
  type Client,
  waitUntilComplete,
} from "../../scripts/clients/client.ts";
import {
  libtorrent,
  opentrackerMissing,
  startOpentracker,
  transmission,
} from "../../scripts/clients/stock_clients.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import {
  startPeer,
  TORRENT_NAME,
  waitForCounts,
} from "../../scripts/lan/sharing_steps.ts";
import { lanTest } from "../lan/lan_test_case.ts";
import {
  assertCopied,
  carryTorrent,
  shareSample,
  startTracker,
  stopPeer,
  udpAnnounceUrl,
  waitUntilCompleted,
} from "../sharing_steps.ts";
import { aria2WithUdp } from "./stock_variants.ts";

const CLIENTS: readonly Client[] = [aria2WithUdp, transmission, libtorrent];
const LENGTH = 4 * 1024 * 1024 + 4321;

for (const client of CLIENTS) {
  const { name, missing } = client;

  lanTest(
    `${name} finds our peer by our UDP tracker, which counts it`,
    async () => {
      await using lan = await createLan(["tracker", "seeder", "leecher"]);
      const [tracker, seeder] = [lan.host("tracker"), lan.host("seeder")];
      const leecher = lan.host("leecher");
      await startTracker(tracker, ["--udp"]);
      const torrent = await shareSample(seeder, {
        length: LENGTH,
        announce: udpAnnounceUrl(tracker),
      });
      startPeer(seeder);
      await carryTorrent(torrent, leecher);
      const program = await client.start(leecher, TORRENT_NAME);
      await waitUntilComplete(leecher, program);
      await assertCopied(seeder, leecher);
      await waitForCounts(tracker, torrent, { complete: 2, incomplete: 0 });
    },
    { missing },
  );

  lanTest(`our peer finds ${name} by our UDP tracker`, async () => {
    await using lan = await createLan(["tracker", "seeder", "leecher"]);
    const [tracker, seeder] = [lan.host("tracker"), lan.host("seeder")];
    const leecher = lan.host("leecher");
    await startTracker(tracker, ["--udp"]);
    const torrent = await shareSample(seeder, {
      length: LENGTH,
      announce: udpAnnounceUrl(tracker),
    });
    await client.start(seeder, TORRENT_NAME);
    await waitForCounts(tracker, torrent, { complete: 1, incomplete: 0 });
    await carryTorrent(torrent, leecher);
    await waitUntilCompleted(startPeer(leecher));
    await assertCopied(seeder, leecher);
  }, { missing });
}

lanTest(
  "our peers share in a swarm that opentracker runs over UDP",
  async () => {
    await using lan = await createLan(["tracker", "seeder", "leecher"]);
    const [tracker, seeder] = [lan.host("tracker"), lan.host("seeder")];
    const leecher = lan.host("leecher");
    const announce = `udp://${tracker.address}:6969/announce`;
    const torrent = await shareSample(seeder, { length: LENGTH, announce });
    await startOpentracker(tracker, [torrent.infoHash]);
    await carryTorrent(torrent, leecher);
    const peers = [startPeer(seeder), startPeer(leecher)] as const;
    await waitUntilCompleted(peers[1]);
    await assertCopied(seeder, leecher);
    await waitForCounts(tracker, torrent, { complete: 2, incomplete: 0 });
    for (const peer of peers) await stopPeer(peer);
    await waitForCounts(tracker, torrent, { complete: 0, incomplete: 0 });
  },
  { missing: opentrackerMissing },
);
