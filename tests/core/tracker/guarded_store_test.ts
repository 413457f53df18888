import { assertEquals } from "@std/assert";
import { seededRandom } from "../../../lib/base/random.ts";
import { AnnounceRate } from "../../../lib/tracker/announce_rate.ts";
import { GuardedStore } from "../../../lib/tracker/guarded_store.ts";
import type {
  AnnounceOutcome,
  PeerStore,
} from "../../../lib/tracker/store/peer_store.ts";
import { memoryStore } from "./store/memory_scene.ts";
import { storeThat } from "./store/store_that.ts";
import { infoHash, peerAnnounce } from "../announce/samples.ts";

function guarded(store: PeerStore): { store: GuardedStore; heard: string[] } {
  const heard: string[] = [];
  const rate = new AnnounceRate({
    random: seededRandom(1),
    perSecond: 1,
    burst: 2,
  });
  const onAnnounce = (
    { announce, outcome }: {
      announce: { event: string };
      outcome: AnnounceOutcome;
    },
  ): void => {
    heard.push(`${announce.event} ${outcome.type}`);
  };
  return { store: new GuardedStore(store, { rate, onAnnounce }), heard };
}

Deno.test("GuardedStore refuses an address that announces too often, and reports each announce", () => {
  const { store, heard } = guarded(memoryStore());
  const announce = (nowMs: number): unknown =>
    store.announce(peerAnnounce("x", { event: "update" }), nowMs);
  announce(0);
  announce(0);
  assertEquals(announce(0), {
    type: "refused",
    reason: "too many announces from your address",
    retryInMs: 1_000,
  });
  announce(1_000);
  assertEquals(heard, [
    "update accepted",
    "update accepted",
    "update refused",
    "update accepted",
  ]);
  assertEquals(store.totals().leecherCount, 1);
  assertEquals(store.scrape([infoHash("a")]).length, 1);
  assertEquals([...store.swarms()].length, 1);
  assertEquals(store.peers(infoHash("a"), 9).length, 1);
  assertEquals(store.expire(0), false);
});

Deno.test("GuardedStore disposes of its store", async () => {
  let isDisposed = false;
  const { store } = guarded(storeThat({
    [Symbol.asyncDispose]: () => {
      isDisposed = true;
      return Promise.resolve();
    },
  }));
  await store[Symbol.asyncDispose]();
  assertEquals(isDisposed, true);
});
