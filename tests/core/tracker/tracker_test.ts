import { assertEquals } from "@std/assert";
import {
  type InfoHash,
  peerIdFromBytes,
} from "../../../lib/base/identifier.ts";
import { seededRandom } from "../../../lib/base/random.ts";
import {
  type TorrentCatalogue,
  TorrentIndex,
} from "../../../lib/catalogue/torrent_catalogue.ts";
import type {
  AnnounceOutcome,
  PeerStore,
} from "../../../lib/tracker/store/peer_store.ts";
import { AnnounceRate, Tracker } from "../../../lib/tracker/tracker.ts";
import { addressesOf, infoHash, peerAnnounce } from "../announce/samples.ts";
import { latin1 } from "../bencode/bytes.ts";
import { memoryStore } from "./store/memory_scene.ts";

const [LISTED, OTHER] = [infoHash("a"), infoHash("b")];

const NOT_LISTED =
  "this tracker serves only the torrents that its page lists; " +
  "use a torrent file from there";

interface Scene {
  readonly store: PeerStore;
  readonly tracker: Tracker;
  list(infoHash: InfoHash): void;
  unlist(infoHash: InfoHash): void;
}

/** A tracker that serves only `LISTED`. */
function openScene(): Scene {
  const index = new TorrentIndex();
  const list: Scene["list"] = (infoHash) =>
    index.set({
      infoHash,
      name: "n",
      length: 1,
      fileCount: 1,
      fileName: infoHash,
    });
  list(LISTED);
  const catalogue: TorrentCatalogue = {
    list: () => index.list(),
    find: (infoHash) => index.find(infoHash),
    read: () => Promise.resolve(undefined),
  };
  const store = memoryStore();
  const intervalMs = () => 120_000;
  return {
    store,
    tracker: new Tracker({ store, intervalMs, onlyListed: catalogue }),
    list,
    unlist: (infoHash) => index.delete(infoHash),
  };
}

/** `accepted`, or the reason for the refusal. */
function drawn(outcome: AnnounceOutcome): string {
  return outcome.type === "refused" ? outcome.reason : outcome.type;
}

Deno.test("Tracker.announce() refuses an address that announces too often, and reports each announce", () => {
  const reported: string[] = [];
  const tracker = new Tracker({
    store: memoryStore(),
    intervalMs: () => 120_000,
    rate: new AnnounceRate({ random: seededRandom(1), perSecond: 1, burst: 2 }),
    onAnnounce: ({ announce, outcome }) => {
      reported.push(`${announce.event} ${outcome.type}`);
    },
  });
  const announce = (nowMs: number): AnnounceOutcome =>
    tracker.announce(peerAnnounce("x", { event: "update" }), nowMs);
  announce(0);
  announce(0);
  assertEquals(announce(0), {
    type: "refused",
    reason: "too many announces from your address; try again later",
    retryInMs: 1_000,
  });
  announce(1_000);
  assertEquals(reported, [
    "update accepted",
    "update accepted",
    "update refused",
    "update accepted",
  ]);
});

Deno.test("Tracker.announce() gives seeders to an aria2 that joins with a magnet link", () => {
  const { tracker } = openScene();
  const [aria2, other] = ["A2-1-36-0-abcdefghij", "-TR3000-abcdefghijkl"];
  const seeder = peerAnnounce("x", { isSeeder: true });
  tracker.announce(seeder, 0);
  const nothingLeft = (id: string, event: "started" | "update"): string => {
    const peer = { ...seeder, peerId: peerIdFromBytes(latin1(id)), event };
    const outcome = tracker.announce(
      { ...peer, port: id === aria2 ? 7001 : 7002 },
      0,
    );
    if (outcome.type === "refused") return outcome.reason;
    const { complete, incomplete } = outcome.swarm;
    const count = addressesOf(outcome.peers).length;
    return `${complete} seeders, ${incomplete} leechers, ${count} peers`;
  };
  assertEquals(nothingLeft(other, "started"), "2 seeders, 0 leechers, 0 peers");
  assertEquals(nothingLeft(aria2, "started"), "2 seeders, 1 leechers, 2 peers");
  // One that has everything says so again.
  assertEquals(nothingLeft(aria2, "update"), "3 seeders, 0 leechers, 0 peers");
});

Deno.test("Tracker.announce() accepts only listed torrents", () => {
  const { store, tracker, list } = openScene();
  const other = peerAnnounce("x", { infoHash: OTHER });
  assertEquals(drawn(tracker.announce(peerAnnounce("x"), 0)), "accepted");
  assertEquals(drawn(tracker.announce(other, 0)), NOT_LISTED);
  assertEquals(store.totals().leecherCount, 1);
  list(OTHER);
  assertEquals(drawn(tracker.announce(other, 0)), "accepted");
  assertEquals(store.totals().leecherCount, 2);
});

Deno.test("Tracker.announce() accepts stopped for a torrent that is no longer listed", () => {
  const { store, tracker, unlist } = openScene();
  tracker.announce(peerAnnounce("x"), 0);
  unlist(LISTED);
  const stopped = peerAnnounce("x", { event: "stopped" });
  assertEquals(drawn(tracker.announce(stopped, 0)), "accepted");
  assertEquals(store.totals().leecherCount, 0);
});

Deno.test("Tracker.scrape() leaves unlisted torrents out, and refuses if none is listed", () => {
  const { tracker } = openScene();
  tracker.announce(peerAnnounce("x"), 0);
  const some = tracker.scrape([OTHER, LISTED]);
  assertEquals(
    some.type === "accepted" && some.entries.map(({ infoHash }) => infoHash),
    [LISTED],
  );
  const none = tracker.scrape([OTHER]);
  assertEquals(none, { type: "refused", reason: NOT_LISTED });
});
