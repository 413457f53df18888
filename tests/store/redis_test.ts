/**
 * Several trackers on one Redis: one swarm, one question an announce, and keys
 * that go by themselves.
 *
 * @module
 */
import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import type { SwarmChange } from "../../lib/tracker/store/peer_store.ts";
import type { RedisServer } from "../../scripts/programs/redis_server.ts";
import { spawnTask } from "../../scripts/programs/tasks.ts";
import { infoHash } from "../core/announce/samples.ts";
import {
  accept,
  addresses,
  announceOf,
  counts,
  fill,
  open,
  ports,
  until,
} from "./scene.ts";
import { exchangeTest as redisTest } from "./store_test_case.ts";

/** How often each command ran since the last `CONFIG RESETSTAT`, those in scripts included. */
async function commandCounts(
  redis: RedisServer,
): Promise<Map<string, number>> {
  const text = await redis.command("INFO", "commandstats");
  return new Map(
    Array.from(
      text.matchAll(/^cmdstat_(\S+):calls=(\d+)/gm),
      ([, name, calls]) => [name!, Number(calls)],
    ),
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
    await fill(one, 2, 3);
    const asked = await accept(other, "asker");
    assertEquals(ports(asked), [10_000, 10_001, 20_000, 20_001, 20_002]);
    assertEquals([asked.swarm.complete, asked.swarm.incomplete], [2, 4]);
    assertEquals(ports(await accept(one, "x", { isSeeder: true })).length, 4);
    for (const store of [one, other]) {
      assertEquals(await counts(store), "3 4 0");
      assertEquals((await store.totals()).seederCount, 3);
      assertEquals([...await store.swarms()].length, 1);
      assertEquals((await store.peers(infoHash("a"), 100)).length, 7);
    }
    // A peer completes at one tracker, says so again at the other, and leaves there.
    await accept(one, "20000", {
      port: 20_000,
      event: "completed",
      isSeeder: true,
    });
    await accept(other, "20000", {
      port: 20_000,
      event: "completed",
      isSeeder: true,
    });
    assertEquals([await counts(one), await counts(other)], ["4 3 1", "4 3 1"]);
    await accept(other, "20000", { port: 20_000, event: "stopped" });
    assertEquals([await counts(one), await counts(other)], ["3 3 1", "3 3 1"]);
  },
);

redisTest("a tracker knows how many peers the others have", async (redis) => {
  await using one = await open(redis.url);
  await using other = await open(redis.url);
  await fill(one, 0, 10);
  await until(async () => {
    await accept(one, "20000", { port: 20_000, event: "update" });
    return (await accept(other, "asker")).peerCount === 11;
  }, "11 peers are counted");
});

redisTest("a peer id at one tracker is guarded at the other", async (redis) => {
  await using one = await open(redis.url);
  await using other = await open(redis.url);
  await accept(one, "x", { key: "secret" });
  const stranger = announceOf("x", { hostname: "192.0.2.66", key: "guess" });
  assertEquals(await other.announce(stranger, performance.now()), {
    type: "refused",
    reason: "the peer id is in use at another address",
  });
  // Nor does the other tracker remember the stranger as that peer.
  await accept(other, "x", { key: "secret" });
  assertEquals(addresses(await accept(other, "y")), ["192.0.2.1:6881"]);
  await accept(other, "x", { key: "secret", hostname: "192.0.2.7" });
  assertEquals(addresses(await accept(one, "y")), ["192.0.2.7:6881"]);
});

redisTest(
  "each announce is one question, however large the swarm",
  async (redis) => {
    await using store = await open(redis.url);
    const perAnnounce = async (): Promise<Map<string, number>> => {
      await redis.command("CONFIG", "RESETSTAT");
      for (let round = 0; round < 20; round++) {
        const asked = await accept(store, "asker", { event: "update" });
        assertEquals(ports(asked).length, 50);
      }
      const counted = await commandCounts(redis);
      counted.delete("config|resetstat");
      counted.delete("info");
      return counted;
    };
    const sumOf = (counted: Map<string, number>): number =>
      counted.values().reduce((sum, calls) => sum + calls, 0);
    await fill(store, 150, 150);
    const small = await perAnnounce();
    assertEquals(small.get("evalsha"), 20);
    await fill(store, 2_000, 2_000);
    const large = await perAnnounce();
    assertEquals(large.get("evalsha"), 20);
    // What the script does inside grows no more than what it asks for.
    assertLessOrEqual(sumOf(large), sumOf(small) + 20 * 4);
  },
);

redisTest("announces of one moment share a question", async (redis) => {
  await using store = await open(redis.url);
  await redis.command("CONFIG", "RESETSTAT");
  await fill(store, 32, 32);
  assertEquals((await commandCounts(redis)).get("evalsha"), 1);
  await fill(store, 500, 500);
  assertLessOrEqual((await commandCounts(redis)).get("evalsha")!, 1 + 16);
  assertEquals(await counts(store), "500 500 0");
});

redisTest(
  "everything in Redis has a time to live and a prefix",
  async (redis) => {
    await using store = await open(redis.url);
    await fill(store, 3, 3);
    await accept(store, "x", { event: "completed", isSeeder: true });
    await accept(store, "y", {
      infoHash: infoHash("b"),
      hostname: "2001:db8::1",
    });
    await accept(store, "z", { infoHash: infoHash("c"), event: "stopped" });
    await store.totals();
    const all = await keys(redis);
    assertGreater(all.length, 8);
    for (const key of all) {
      assert(key.startsWith("lanswarm:1:"), key);
      assertGreater(Number(await redis.command("PTTL", key)), 0, key);
    }
  },
);

redisTest(
  "a swarm that nobody announces leaves Redis by itself",
  async (redis) => {
    {
      await using store = await open(redis.url, { peerTimeoutMs: 300 });
      await fill(store, 3, 3);
      await accept(store, "x", { isSeeder: true, event: "completed" });
    }
    const ofPeers = `lanswarm:1:${infoHash("a")}:`;
    await until(
      async () => !(await keys(redis)).some((key) => key.startsWith(ofPeers)),
      "the peers' keys are gone",
    );
    await using store = await open(redis.url);
    assertEquals(await counts(store), "0 0 1");
  },
);

redisTest(
  "silent peers go a few at a time, and count no more at once",
  async (redis) => {
    const peerTimeoutMs = 3_000;
    await using store = await open(redis.url, { peerTimeoutMs });
    const startMs = performance.now();
    await fill(store, 0, 1_500);
    assertEquals(await counts(store), "0 1500 0");
    await until(async () => {
      await accept(store, "lively", { event: "update", isSeeder: true });
      return performance.now() - startMs > peerTimeoutMs + 2_000;
    }, "time passes");
    const asked = await accept(store, "lively", {
      event: "update",
      isSeeder: true,
    });
    assertEquals([asked.swarm.complete, asked.swarm.incomplete], [1, 0]);
    assertEquals(ports(asked), []);
    const records = await redis.command(
      "HLEN",
      `lanswarm:1:${infoHash("a")}:p`,
    );
    assertLessOrEqual(Number(records), 1 + 3); // the lively one, and what is the swarm's own
    for (const [part, left] of [["sn", "1"], ["ln", "0"]] as const) {
      const key = `lanswarm:1:${infoHash("a")}:${part}`;
      assertEquals(await redis.command("ZCARD", key), left);
    }
  },
);

redisTest("peers that must make room here leave Redis too", async (redis) => {
  await using store = await open(redis.url, { maxPeersPerAddress: 2 });
  for (const port of [2001, 2002, 2003]) {
    await accept(store, `${port}`, { port });
  }
  await until(
    async () => await counts(store) === "0 2 0",
    "the oldest is gone",
  );
  const asked = await accept(store, "asker", { hostname: "192.0.2.2" });
  assertEquals(ports(asked), [2002, 2003]);
});

redisTest("changes are told with the counts of all trackers", async (redis) => {
  const changes: string[] = [];
  const onChange = ({ type, address, swarm }: SwarmChange): void => {
    changes.push(
      `${type} ${address.port}: ${swarm.complete} ${swarm.incomplete}`,
    );
  };
  await using other = await open(redis.url);
  await fill(other, 3, 0);
  await using store = await open(redis.url, { onChange });
  await accept(store, "x", { port: 7000 });
  await accept(store, "x", { port: 7000, event: "update" });
  await accept(store, "x", { port: 7000, event: "completed", isSeeder: true });
  await accept(store, "x", { port: 7000, event: "stopped" });
  assertEquals(changes, [
    "joined 7000: 3 1",
    "completed 7000: 4 0",
    "left 7000: 3 0",
  ]);
});

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
  const announce = async (url: string, name: string): Promise<string> => {
    const response = await fetch(
      `${url}/announce?info_hash=${"%aa".repeat(20)}&peer_id=${
        name.repeat(20)
      }&port=6881&left=1`,
    );
    return String.fromCharCode(...await response.bytes());
  };
  await using one = await start();
  await using other = await start();
  await announce(one.url, "x");
  const reply = await announce(other.url, "y");
  assertMatch(reply, /10:incompletei2e/);
  assertStringIncludes(reply, "5:peers6:\x7f\0\0\x01\x1a\xe1");
  assert(!reply.includes("warning"), reply);
  for (const { url } of [one, other]) {
    const { peers } = await (await fetch(`${url}/stats.json`)).json();
    assertEquals(peers, 2);
  }
  assertLess((await keys(redis)).length, 12);

  await redis.kill();
  const alone = await announce(one.url, "x");
  assertStringIncludes(alone, "15:warning message");
  assertMatch(alone, /10:incompletei2e/);
  await redis.restart();
  await until(
    async () => !(await announce(one.url, "x")).includes("warning"),
    "Redis is back",
  );
});
