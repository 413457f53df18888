import { assertEquals, assertThrows } from "@std/assert";
import type { InfoHash } from "../../../lib/base/identifier.ts";
import { seededRandom } from "../../../lib/base/random.ts";
import {
  type TorrentCatalogue,
  TorrentIndex,
} from "../../../lib/catalogue/torrent_catalogue.ts";
import { ListedStore } from "../../../lib/tracker/listed_store.ts";
import { MemoryStore } from "../../../lib/tracker/store/memory_store.ts";
import type { AnnounceOutcome } from "../../../lib/tracker/store/peer_store.ts";
import { QueryError } from "../../../lib/announce/announce.ts";
import { infoHash, peerAnnounce } from "../announce/samples.ts";

const [LISTED, OTHER] = [infoHash("a"), infoHash("b")];

interface Scene {
  readonly store: ListedStore;
  list(infoHash: InfoHash): void;
  unlist(infoHash: InfoHash): void;
}

/** A store for `LISTED`. */
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
  const peers = new MemoryStore({
    peerTimeoutMs: 180_000,
    random: seededRandom(1),
  });
  return {
    store: new ListedStore(peers, catalogue),
    list,
    unlist: (infoHash) => index.delete(infoHash),
  };
}

/** `accepted`, or why not. */
function drawn(outcome: AnnounceOutcome): string {
  return outcome.type === "refused" ? outcome.reason : outcome.type;
}

Deno.test("ListedStore takes announces for listed torrents and no others", () => {
  const { store, list } = openScene();
  const other = peerAnnounce("x", { infoHash: OTHER });
  assertEquals(drawn(store.announce(peerAnnounce("x"), 0)), "accepted");
  assertEquals(
    drawn(store.announce(other, 0)),
    "info_hash is of no torrent that this tracker lists",
  );
  assertEquals(store.totals().leecherCount, 1);
  list(OTHER);
  assertEquals(drawn(store.announce(other, 0)), "accepted");
  assertEquals(store.totals().leecherCount, 2);
});

Deno.test("ListedStore hears goodbyes from a torrent that is no longer listed", () => {
  const { store, unlist } = openScene();
  store.announce(peerAnnounce("x"), 0);
  unlist(LISTED);
  const stopped = peerAnnounce("x", { event: "stopped" });
  assertEquals(drawn(store.announce(stopped, 0)), "accepted");
  assertEquals(store.totals().leecherCount, 0);
});

Deno.test("ListedStore leaves out of a scrape what is not listed, and refuses if that is all", () => {
  const { store } = openScene();
  store.announce(peerAnnounce("x"), 0);
  const entries = store.scrape([OTHER, LISTED]);
  assertEquals(entries.map(({ infoHash }) => infoHash), [LISTED]);
  assertThrows(() => store.scrape([OTHER]), QueryError, "lists");
});
