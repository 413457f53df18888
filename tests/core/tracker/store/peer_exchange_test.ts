import { assertEquals, assertRejects } from "@std/assert";
import type { RedisConnection } from "../../../../lib/tracker/store/redis_connection.ts";
import { PeerExchange } from "../../../../lib/tracker/store/peer_exchange.ts";
import { infoHash, peerId } from "../../announce/samples.ts";
import { accept, counts, memoryStore } from "./memory_scene.ts";

/** As much of Redis as counting downloads takes; a lost reply was carried out. */
function fakeRedis(): Pick<RedisConnection, "ask"> & {
  readonly completed: Set<string>;
  readonly downloads: Map<string, number>;
  lose(): void;
} {
  const completed = new Set<string>();
  const downloads = new Map<string, number>();
  let isLost = false;
  const run = (command: readonly (string | number)[]): unknown => {
    if (command[0] !== "EVAL") return null;
    const [key, infoHash, known] = command.slice(4).map(String);
    const count = Math.max(downloads.get(infoHash!) ?? 0, Number(known));
    const isNew = !completed.has(key!);
    downloads.set(infoHash!, isNew ? count + 1 : count);
    completed.add(key!);
    return `${downloads.get(infoHash!)}`;
  };
  return {
    completed,
    downloads,
    lose: () => isLost = true,
    ask: (...commands) => {
      const replies = commands.map(run);
      if (!isLost) return Promise.resolve(replies);
      isLost = false;
      return Promise.reject(new Error("the reply is lost"));
    },
  };
}

Deno.test("a download is counted once where the reply of Redis is lost", async () => {
  const store = memoryStore();
  const exchange = new PeerExchange(store, 180_000);
  const redis = fakeRedis();
  accept(store, "x", { event: "completed", isSeeder: true });
  exchange.noteDownload(infoHash("a"), peerId("x"));
  redis.lose();
  await assertRejects(() => exchange.write(redis), Error, "is lost");
  await exchange.write(redis);
  assertEquals(counts(store), "1 0 1");
  await exchange.write(redis);
  assertEquals(counts(store), "1 0 1");
});

Deno.test("a download that another tracker counted is not counted again", async () => {
  const store = memoryStore();
  const exchange = new PeerExchange(store, 180_000);
  const redis = fakeRedis();
  const key = `lanswarm:3:completed:${infoHash("a")}:${peerId("x")}`;
  redis.completed.add(key);
  accept(store, "x", { event: "completed", isSeeder: true });
  exchange.noteDownload(infoHash("a"), peerId("x"));
  await exchange.write(redis);
  assertEquals(counts(store), "1 0 0");
});

Deno.test("downloads of several torrents that waited for Redis are all counted", async () => {
  const store = memoryStore();
  const exchange = new PeerExchange(store, 180_000);
  const redis = fakeRedis();
  // More than one batch, and one download that another tracker counted.
  const key = `lanswarm:3:completed:${infoHash("b")}:${peerId("4")}`;
  redis.completed.add(key);
  for (let peer = 0; peer < 350; peer++) {
    const torrent = infoHash("abc"[peer % 3]!);
    const changes = { event: "completed", infoHash: torrent } as const;
    const address = { hostname: "192.0.2.1", port: 2_000 + peer };
    accept(store, `${peer}`, { ...changes, address, isSeeder: true });
    exchange.noteDownload(torrent, peerId(`${peer}`));
  }
  await exchange.write(redis);
  const all = ["a", "b", "c"].map((digit) => counts(store, infoHash(digit)));
  assertEquals(all, ["117 0 117", "117 0 116", "116 0 116"]);
  assertEquals(store.totals().downloadCount, 349);
  assertEquals([...redis.downloads.values()], [117, 116, 116]);
});
