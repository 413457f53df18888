import { assertEquals, assertRejects } from "@std/assert";
import type { RedisConnection } from "../../../../lib/tracker/store/redis_connection.ts";
import { SwarmExchange } from "../../../../lib/tracker/store/swarm_exchange.ts";
import { infoHash, peerId } from "../../announce/samples.ts";
import { accept, counts, memoryStore } from "./memory_scene.ts";

/** As much of Redis as counting downloads takes; a lost reply was carried out. */
function fakeRedis(): Pick<RedisConnection, "ask"> & {
  readonly texts: Map<string, string>;
  readonly downloads: Map<string, number>;
  lose(): void;
} {
  const texts = new Map<string, string>();
  const downloads = new Map<string, number>();
  let isLost = false;
  const run = (command: readonly (string | number)[]): unknown => {
    const [name, key, ...rest] = command.map(String);
    if (name === "SET") {
      if (texts.has(key!)) return null;
      texts.set(key!, rest[0]!);
      return "OK";
    }
    if (name === "GET") return texts.get(key!) ?? null;
    if (name === "ZINCRBY") {
      downloads.set(rest[1]!, (downloads.get(rest[1]!) ?? 0) + 1);
    }
    if (name === "ZMSCORE") {
      return rest.map((hash) => downloads.get(hash)?.toString() ?? null);
    }
    return null;
  };
  return {
    texts,
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
  const exchange = new SwarmExchange(store, 180_000);
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
  const exchange = new SwarmExchange(store, 180_000);
  const redis = fakeRedis();
  const key = `lanswarm:2:completed:${infoHash("a")}:${peerId("x")}`;
  redis.texts.set(key, "another tracker's");
  accept(store, "x", { event: "completed", isSeeder: true });
  exchange.noteDownload(infoHash("a"), peerId("x"));
  await exchange.write(redis);
  assertEquals(counts(store), "1 0 0");
});

Deno.test("downloads of several torrents that waited for Redis are all counted", async () => {
  const store = memoryStore();
  const exchange = new SwarmExchange(store, 180_000);
  const redis = fakeRedis();
  // More than one batch, and one download that another tracker counted.
  const key = `lanswarm:2:completed:${infoHash("b")}:${peerId("4")}`;
  redis.texts.set(key, "another tracker's");
  for (let peer = 0; peer < 35; peer++) {
    const torrent = infoHash("abc"[peer % 3]!);
    const changes = { event: "completed", infoHash: torrent } as const;
    const address = { hostname: "192.0.2.1", port: 2_000 + peer };
    accept(store, `${peer}`, { ...changes, address, isSeeder: true });
    exchange.noteDownload(torrent, peerId(`${peer}`));
  }
  await exchange.write(redis);
  const all = ["a", "b", "c"].map((digit) => counts(store, digit));
  assertEquals(all, ["12 0 12", "12 0 11", "11 0 11"]);
  assertEquals(store.totals().downloadCount, 34);
  assertEquals([...redis.downloads.values()], [12, 11, 11]);
});
