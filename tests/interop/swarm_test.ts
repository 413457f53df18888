/**
 * Swarms of stock clients and our peers, and a stock tracker.
 */
import {
  aria2,
  libtorrent,
  opentrackerMissing,
  startOpentracker,
  transmission,
} from "../../scripts/clients/stock_clients.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import { startPeer, waitForCounts } from "../../scripts/lan/sharing_steps.ts";
import { announceUrl, startTracker } from "../sharing_steps.ts";
import { lanTest } from "../lan/lan_test_case.ts";
import {
  CLIENTS,
  fetchWithClient,
  fetchWithPeer,
  shareSample,
} from "./sample.ts";

lanTest(
  "all clients and our peers make one swarm with our tracker",
  async () => {
    await using lan = await createLan([
      ...["tracker", "seeder", "ours1", "ours2"] as const,
      ...["aria2", "transmission", "libtorrent"] as const,
    ]);
    const tracker = lan.host("tracker");
    await startTracker(tracker);
    const torrent = await shareSample(lan, announceUrl(tracker));
    // A seeder that cannot serve all at once: they have to serve each other.
    startPeer(lan.host("seeder"), ["--max-upload", `${4 * 1024 * 1024}`]);
    await Promise.all([
      fetchWithPeer(lan.host("ours1"), torrent),
      fetchWithPeer(lan.host("ours2"), torrent),
      fetchWithClient(aria2, lan.host("aria2"), torrent),
      fetchWithClient(transmission, lan.host("transmission"), torrent),
      fetchWithClient(libtorrent, lan.host("libtorrent"), torrent),
    ]);
    await waitForCounts(tracker, torrent, { complete: 6, incomplete: 0 });
  },
  {
    missing: CLIENTS.find((client) => client.missing !== undefined)?.missing,
  },
);

lanTest("our peers share in a swarm that opentracker runs", async () => {
  await using lan = await createLan(["tracker", "seeder", "l1", "l2"]);
  const tracker = lan.host("tracker");
  const torrent = await shareSample(
    lan,
    `http://${tracker.address}:6969/announce`,
  );
  await startOpentracker(tracker, [torrent.infoHash]);
  startPeer(lan.host("seeder"));
  await Promise.all([
    fetchWithPeer(lan.host("l1"), torrent),
    fetchWithPeer(lan.host("l2"), torrent),
  ]);
}, { missing: opentrackerMissing });
