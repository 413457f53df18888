/**
 * Several trackers on one Redis: one swarm, with the same counts two seconds
 * later, at a cost to Redis that does not grow with the announces.
 */
import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { delay } from "@std/async/delay";
import type {
  PeerStore,
  SwarmChange,
} from "../../lib/tracker/store/peer_store.ts";
import { type RedisServer, redisTest } from "./redis_server.ts";
import { spawnTask } from "../../scripts/programs/tasks.ts";
import { infoHash, peerAnnounce, peerId } from "../core/announce/samples.ts";
import { accept, addresses, counts, fill, open, ports } from "./scene.ts";
import { until } from "../until.ts";

/**
 * Time after which a tracker takes two announces for one later than the other: a
 * second, and what their clocks may differ on a machine under load.
 */
const APART_MS = 2_000;

/** Waits until trackers agree about a swarm. */
async function untilAll(
  stores: readonly PeerStore[],
  expected: string,
  swarm = infoHash("a"),
): Promise<void> {
  await until(
    () => stores.every((store) => counts(store, swarm) === expected),
    `all have counts of ${expected}`,
  );
}

async function keys(redis: RedisServer): Promise<string[]> {
  const text = await redis.command("--raw", "KEYS", "*");
  return text === "" ? [] : text.split("\n").sort();
}

redisTest(
  "two trackers serve one swarm with the same counts",
  async (redis) => {
    await using one = await open(redis.url);
    await using other = await open(redis.url);
    fill(one, 2, 3);
    const startMs = performance.now();
    await untilAll([other], "2 3 0");
    // Two seconds, and what a machine under load may add.
    assertLessOrEqual(performance.now() - startMs, 12_000);
    const asked = accept(other, "asker");
    assertEquals(ports(asked), [10_000, 10_001, 20_000, 20_001, 20_002]);
    assertEquals([asked.swarm.complete, asked.swarm.incomplete], [2, 4]);
    accept(one, "x", { isSeeder: true });
    await untilAll([one, other], "3 4 0");
    for (const store of [one, other]) {
      assertEquals(store.totals().seederCount, 3);
      assertEquals([...store.swarms()].length, 1);
      assertEquals(store.peers(infoHash("a"), 100).length, 7);
    }
  },
);

redisTest(
  "a peer that announces to both trackers is counted once",
  async (redis) => {
    await using one = await open(redis.url);
    await using other = await open(redis.url);
    fill(one, 0, 3);
    await untilAll([other], "0 3 0");
    // At the same time, as clients do that announce to all trackers, and again.
    const completed = { event: "completed", isSeeder: true } as const;
    for (const store of [one, other, one]) {
      accept(store, "20000", { port: 20_000, ...completed });
    }
    await untilAll([one, other], "1 2 1");
    for (const store of [one, other]) {
      accept(store, "20000", { port: 20_000, event: "stopped" });
    }
    await untilAll([one, other], "0 2 1");
  },
);

redisTest(
  "a peer that goes on at another tracker is that one's",
  async (redis) => {
    await using one = await open(redis.url);
    await using other = await open(redis.url);
    fill(one, 0, 3);
    await untilAll([other], "0 3 0");
    await delay(APART_MS);
    accept(other, "20000", { port: 20_000, isSeeder: true, event: "update" });
    await untilAll([one, other], "1 2 0");
    accept(other, "20000", { port: 20_000, event: "stopped" });
    await untilAll([one, other], "0 2 0");
  },
);

redisTest(
  "a newcomer at a peer's address and port takes its place at every tracker",
  async (redis) => {
    const changes: string[] = [];
    await using one = await open(redis.url, {
      onChange: ({ type, peerId: id }) =>
        changes.push(`${type} ${id === peerId("old") ? "old" : "new"}`),
    });
    await using other = await open(redis.url);
    accept(one, "old", { port: 7000 });
    await untilAll([other], "0 1 0");
    await delay(APART_MS);
    accept(other, "new", { port: 7000, isSeeder: true });
    await untilAll([one, other], "1 0 0");
    assertEquals(ports(accept(one, "asker")), [7000]);
    assertEquals(changes, ["joined old", "expired old", "joined new"]);
  },
);

redisTest(
  "hundreds of peers of a swarm are counted at every tracker",
  async (redis) => {
    await using one = await open(redis.url);
    await using other = await open(redis.url);
    fill(one, 150, 400);
    await untilAll([other], "150 400 0");
    assertEquals(other.peers(infoHash("a"), 1_000).length, 550);
    const asked = ports(accept(other, "asker", { numwant: 200 }));
    assertEquals(asked.length, 200);
    assertEquals(asked.filter((port) => port < 20_000).length, 100);
    accept(other, "asker", { event: "stopped" });
    for (let index = 0; index < 300; index++) {
      const port = 20_000 + index;
      accept(one, `${port}`, { port, event: "stopped" });
    }
    await untilAll([one, other], "150 100 0");
  },
);

redisTest("a tracker knows how many peers the others have", async (redis) => {
  await using one = await open(redis.url);
  await using other = await open(redis.url);
  fill(one, 0, 300);
  await until(
    () => accept(other, "asker").peerCount > 200,
    "those of the other are counted",
  );
});

redisTest("a peer id at one tracker is guarded at the other", async (redis) => {
  await using one = await open(redis.url);
  await using other = await open(redis.url);
  accept(one, "x", { key: "secret", port: 7000 });
  await untilAll([other], "0 1 0");
  const stranger = peerAnnounce("x", { hostname: "192.0.2.66", key: "guess" });
  assertEquals(other.announce(stranger, performance.now()), {
    type: "refused",
    reason: "the peer id is in use at another address",
  });
  assertEquals(addresses(accept(other, "y")), ["192.0.2.1:7000"]);
  await delay(APART_MS);
  accept(other, "x", { key: "secret", hostname: "192.0.2.7", port: 7000 });
  await until(
    () => addresses(accept(one, "z")).includes("192.0.2.7:7000"),
    "it moved",
  );
});

redisTest(
  "what Redis is asked does not grow with the announces",
  async (redis) => {
    await using store = await open(redis.url);
    fill(store, 500, 500);
    /** Commands for each round of the store. */
    const commandCount = async (announceCount: number): Promise<number> => {
      await redis.command("CONFIG", "RESETSTAT");
      for (let round = 0; round < 3; round++) {
        for (let count = 0; count < announceCount; count++) {
          accept(store, "asker", { event: "update" });
        }
        await delay(1_000);
      }
      const text = await redis.command("INFO", "commandstats");
      const calls = new Map(
        text.matchAll(/^cmdstat_(\S+):calls=(\d+)/gm)
          .map(([, name, count]) => [name!, Number(count)]),
      );
      // A round begins with the time. The first one may have begun before.
      const roundCount = calls.get("time")! + 1;
      return calls.values().reduce((sum, count) => sum + count) / roundCount;
    };
    assertLessOrEqual(await commandCount(1_000), await commandCount(1) + 40);
  },
);

redisTest(
  "everything in Redis has a time to live and a prefix",
  async (redis) => {
    await using store = await open(redis.url);
    fill(store, 3, 3);
    accept(store, "x", { event: "completed", isSeeder: true });
    accept(store, "y", { infoHash: infoHash("b"), hostname: "2001:db8::1" });
    accept(store, "z", { infoHash: infoHash("c"), event: "stopped" });
    await until(async () => (await keys(redis)).length === 3, "it is written");
    for (const key of await keys(redis)) {
      assert(key.startsWith("lanswarm:3:"), key);
      // The round that wrote the key ends with its time to live.
      await until(
        async () => Number(await redis.command("PTTL", key)) > 0,
        `${key} expires`,
      );
    }
  },
);

redisTest(
  "the peers of a tracker that is killed are forgotten in time, its downloads are not",
  async (redis) => {
    const peerTimeoutMs = 3_000;
    await using other = await open(redis.url, { peerTimeoutMs });
    {
      await using one = await open(redis.url, { peerTimeoutMs });
      fill(one, 3, 300);
      accept(one, "x", { isSeeder: true, event: "completed" });
      await untilAll([other], "4 300 1");
    }
    await until(() => {
      while (other.expire(performance.now()));
      return counts(other) === "0 0 1";
    }, "the peers are forgotten");
    await until(
      async () => await redis.command("XLEN", "lanswarm:3:peers") === "0",
      "the tracker's reports are gone",
    );
    await using later = await open(redis.url, { peerTimeoutMs });
    assertEquals(counts(later), "0 0 1");
    assertEquals(later.totals().downloadCount, 1);
  },
);

redisTest(
  "peers that are evicted at one tracker leave the others too",
  async (redis) => {
    await using one = await open(redis.url, { maxPeersPerAddress: 2 });
    await using other = await open(redis.url);
    for (const port of [2001, 2002]) accept(one, `${port}`, { port });
    await untilAll([other], "0 2 0");
    accept(one, "2003", { port: 2003 });
    await until(() => {
      const asked = accept(other, "asker", { hostname: "192.0.2.2" });
      return ports(asked).join() === "2002,2003";
    }, "the oldest is gone");
  },
);

redisTest(
  "changes are reported with the counts of all trackers",
  async (redis) => {
    const changes: string[] = [];
    const onChange = ({ type, address, swarm }: SwarmChange): void => {
      changes.push(
        `${type} ${address.port}: ${swarm.complete} ${swarm.incomplete}`,
      );
    };
    await using other = await open(redis.url);
    fill(other, 3, 0);
    await using store = await open(redis.url, { onChange });
    await untilAll([store], "3 0 0");
    accept(store, "x", { port: 7000 });
    accept(store, "x", { port: 7000, event: "update" });
    accept(store, "x", { port: 7000, event: "completed", isSeeder: true });
    accept(store, "x", { port: 7000, event: "stopped" });
    assertEquals(changes, [
      "joined 7000: 3 1",
      "completed 7000: 4 0",
      "left 7000: 3 0",
    ]);
  },
);

redisTest("two programs share a swarm over HTTP", async (redis) => {
  const start = async (): Promise<{ url: string } & AsyncDisposable> => {
    const program = spawnTask("tracker", [
      ...["0", "--host=127.0.0.1", "--quiet", "--store", redis.url],
    ]);
    const [, url] = await program.stdout.waitFor(
      /(http:\/\/127\.0\.0\.1:\d+)\/announce/,
    );
    return {
      url: url!,
      [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
    };
  };
  const announce = async (
    url: string,
    name: string,
    port: number,
  ): Promise<string> => {
    const response = await fetch(
      `${url}/announce?info_hash=${"%aa".repeat(20)}&peer_id=${
        name.repeat(20)
      }&port=${port}&left=1`,
    );
    return String.fromCharCode(...await response.bytes());
  };
  const peerCount = async (url: string): Promise<number> =>
    (await (await fetch(`${url}/stats.json`)).json()).peers;
  await using one = await start();
  await using other = await start();
  await announce(one.url, "x", 6881);
  await until(async () => await peerCount(other.url) === 1, "x is known");
  let reply = "";
  await until(async () => {
    reply = await announce(other.url, "y", 6882);
    return !reply.includes("warning");
  }, "the other shares");
  assertMatch(reply, /10:incompletei2e/);
  assertStringIncludes(reply, "5:peers6:\x7f\0\0\x01\x1a\xe1");
  await until(async () => await peerCount(one.url) === 2, "y is known");

  await redis.kill();
  await until(
    async () =>
      (await announce(one.url, "x", 6881)).includes("15:warning message"),
    "Redis is gone",
  );
  assertMatch(await announce(one.url, "x", 6881), /10:incompletei2e/);
  await redis.restart();
  await until(
    async () => !(await announce(one.url, "x", 6881)).includes("warning"),
    "Redis is back",
  );
});
