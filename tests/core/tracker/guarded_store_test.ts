import { assertEquals } from "@std/assert";
import { seededRandom } from "../../../lib/base/random.ts";
import { AnnounceRate } from "../../../lib/tracker/announce_rate.ts";
import { GuardedStore } from "../../../lib/tracker/guarded_store.ts";
import type {
  AnnounceOutcome,
  PeerStore,
} from "../../../lib/tracker/store/peer_store.ts";
import { memoryStore } from "./store/memory_scene.ts";
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

Deno.test("GuardedStore refuses an address that announces too often, and tells of each announce", async () => {
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
  assertEquals((await store.totals()).leecherCount, 1);
  assertEquals((await store.scrape([infoHash("a")])).length, 1);
  assertEquals([...await store.swarms()].length, 1);
  assertEquals((await store.peers(infoHash("a"), 9)).length, 1);
  assertEquals(store.expire(0), false);
});

Deno.test("GuardedStore tells of an announce when its store has answered, and disposes of that store", async () => {
  let isDisposed = false;
  const later = new Proxy(memoryStore(), {
    get: (target, name) => {
      if (name === Symbol.asyncDispose) {
        return () => {
          isDisposed = true;
          return Promise.resolve();
        };
      }
      return name === "announce"
        ? async (...asked: Parameters<typeof target.announce>) => {
          await Promise.resolve();
          return target.announce(...asked);
        }
        : Reflect.get(target, name);
    },
  });
  const { store, heard } = guarded(later);
  const answer = store.announce(peerAnnounce("x"), 0);
  assertEquals(heard, []);
  assertEquals((await answer).type, "accepted");
  assertEquals(heard, ["started accepted"]);
  await store[Symbol.asyncDispose]();
  assertEquals(isDisposed, true);
});
