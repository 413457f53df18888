/**
 * A tracker whose Redis is gone, frozen, full or empty: it answers, says so, and
 * is as before when Redis is back.
 */
import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
} from "@std/assert";
import { delay } from "@std/async/delay";
import type {
  OpenStoreOptions,
  PeerStore,
} from "../../lib/tracker/store/peer_store.ts";
import { type RedisServer, redisTest } from "./redis_server.ts";
import { infoHash } from "../core/announce/samples.ts";
import {
  accept,
  acceptAnyhow,
  addresses,
  counts,
  fill,
  open,
  ports,
} from "./scene.ts";
import { until } from "../until.ts";

/** Far more than a call takes that waits for nothing, on a slow machine too. */
const AT_ONCE_MS = 30_000;

/** The tracker's own default. */
const DEFAULT_REPLY_TIME = { maxReplyMs: 1_000 };

/** A store and what it reported of its Redis. */
interface Watched extends AsyncDisposable {
  readonly store: PeerStore;
  readonly events: string[];
}

async function watch(
  redis: RedisServer,
  options: Partial<OpenStoreOptions> = {},
): Promise<Watched> {
  const events: string[] = [];
  const store = await open(redis.url, {
    ...options,
    onEvent: (event) => {
      events.push(
        event.type === "failed" ? event.error.message : event.message,
      );
    },
  });
  return {
    store,
    events,
    [Symbol.asyncDispose]: async () => await store[Symbol.asyncDispose](),
  };
}

async function untilBack({ events }: Watched): Promise<void> {
  await until(
    () => events.at(-1)?.endsWith(" is back") === true,
    "Redis is reported as back",
  );
}

async function untilGone({ events }: Watched): Promise<void> {
  await until(() => events.length % 2 === 1, "Redis is reported as gone");
}

async function untilCounts(
  trackers: readonly Watched[],
  expected: string,
): Promise<void> {
  await until(
    () => trackers.every(({ store }) => counts(store) === expected),
    `all have counts of ${expected}`,
  );
}

redisTest(
  "a tracker whose Redis is killed goes on, and both share all again when it is back",
  async (redis) => {
    await using one = await watch(redis);
    await using other = await watch(redis);
    fill(other.store, 3, 4);
    accept(one.store, "mine", { port: 7000 });
    await untilCounts([one, other], "3 5 0");
    await redis.kill();
    await untilGone(one);
    assertMatch(
      one.events[0]!,
      /^Cannot use Redis at 127\.0\.0\.1:\d+: .*; the tracker goes on/,
    );
    // Its own peer, and those that the other reported.
    const alone = acceptAnyhow(one.store, "asker", { hostname: "192.0.2.5" });
    assertMatch(alone.warning ?? "", /cannot share with others/);
    assertEquals(ports(alone), [
      ...[7000, 10_000, 10_001, 10_002],
      ...[20_000, 20_001, 20_002, 20_003],
    ]);
    assertEquals([alone.swarm.complete, alone.swarm.incomplete], [3, 6]);
    const seeder = acceptAnyhow(one.store, "s", { isSeeder: true, port: 7001 });
    assert(ports(seeder).every((port) => port < 10_000 || port >= 20_000));
    acceptAnyhow(one.store, "mine", {
      port: 7000,
      event: "completed",
      isSeeder: true,
    });
    acceptAnyhow(one.store, "s", { port: 7001, event: "stopped" });
    assertEquals(counts(one.store), "4 5 1");
    assertEquals(one.store.totals().seederCount, 4);
    assertEquals([...one.store.swarms()].length, 1);
    assertGreater(one.store.peers(infoHash("a"), 9).length, 1);

    // Redis saved nothing: both trackers write what they know.
    await redis.restart();
    await Promise.all([untilBack(one), untilBack(other)]);
    assertEquals(one.events.length, 2);
    await untilCounts([one, other], "4 5 1");
    const again = accept(other.store, "late", { hostname: "192.0.2.6" });
    assertEquals(ports(again).length, 9);
  },
);

redisTest(
  "peers of other trackers are forgotten in time while Redis is gone",
  async (redis) => {
    const options = { peerTimeoutMs: 3_000 };
    await using one = await watch(redis, options);
    await using other = await watch(redis, options);
    fill(other.store, 3, 300);
    await untilCounts([one], "3 300 0");
    await redis.kill();
    // Clocks differ by some milliseconds: peers expire here a little sooner or
    // later than there, so both trackers go on to expire them.
    const countsOfOne = (): string => {
      acceptAnyhow(other.store, "10000", { port: 10_000, isSeeder: true });
      for (const { store } of [one, other]) {
        while (store.expire(performance.now()));
      }
      return counts(one.store);
    };
    await until(() => countsOfOne() === "unknown", "they are forgotten");
    await redis.restart();
    await until(
      () => countsOfOne() === "1 0 0",
      "the one that announces is back",
    );
  },
);

redisTest(
  "counts of downloads survive a Redis that lost everything",
  async (redis) => {
    await using one = await watch(redis);
    await using other = await watch(redis);
    for (const name of ["a", "b", "c"]) {
      accept(one.store, name, { event: "completed", isSeeder: true });
      accept(one.store, name, { event: "stopped" });
    }
    accept(other.store, "d", { event: "completed", isSeeder: true });
    accept(other.store, "d", { event: "update", isSeeder: true });
    await untilCounts([one, other], "1 0 4");
    await redis.kill();
    await Promise.all([untilGone(one), untilGone(other)]);
    acceptAnyhow(one.store, "e", { event: "completed", isSeeder: true });
    acceptAnyhow(one.store, "f", { event: "completed", isSeeder: true });
    acceptAnyhow(one.store, "f", { event: "stopped" });
    await redis.restart();
    await Promise.all([untilBack(one), untilBack(other)]);
    await untilCounts([one, other], "2 0 6");
    // Announced again to a Redis that does not know it: not counted again.
    accept(other.store, "d", { event: "completed", isSeeder: true });
    await delay(2_500);
    await untilCounts([one, other], "2 0 6");
    assertEquals(other.store.totals().downloadCount, 6);
  },
);

redisTest(
  "peers that left while Redis was frozen are not brought back",
  async (redis) => {
    await using one = await watch(redis, DEFAULT_REPLY_TIME);
    await using other = await watch(redis);
    fill(one.store, 0, 3);
    await untilCounts([one, other], "0 3 0");
    // The same Redis all the time: it forgets nothing.
    redis.pause();
    await untilGone(one);
    acceptAnyhow(one.store, "20000", { port: 20_000, event: "stopped" });
    acceptAnyhow(one.store, "new", { port: 7000 });
    redis.resume();
    await untilBack(one);
    await until(
      () =>
        other.store.peers(infoHash("a"), 9)
          .map(({ addresses }) => addresses[0]!.port).sort().join() ===
          "20001,20002,7000",
      "one left and another one came",
    );
  },
);

redisTest("a Redis that is frozen keeps nobody waiting", async (redis) => {
  await using tracker = await watch(redis, DEFAULT_REPLY_TIME);
  fill(tracker.store, 1, 2);
  redis.pause();
  const startMs = performance.now();
  for (let index = 0; index < 100; index++) {
    acceptAnyhow(tracker.store, `x${index}`, { port: 7000 + index });
  }
  assertLess(performance.now() - startMs, AT_ONCE_MS);
  await untilGone(tracker);
  assertMatch(tracker.events[0]!, /no answer in time/);
  assert(acceptAnyhow(tracker.store, "x0", { port: 7000 }).warning);
  // The tracker tries again and again meanwhile, and reports it once.
  const reportCount = tracker.events.length;
  await delay(2_000);
  assertEquals(tracker.events.length, reportCount);
  redis.resume();
  await untilBack(tracker);
  assertEquals(counts(tracker.store), "1 102 0");
});

redisTest(
  "a Redis without memory is as good as gone until it has some",
  async (redis) => {
    await using tracker = await watch(redis);
    accept(tracker.store, "x", { port: 7000 });
    await redis.command("CONFIG", "SET", "maxmemory", "1");
    acceptAnyhow(tracker.store, "y", { hostname: "192.0.2.2" });
    await untilGone(tracker);
    assertMatch(tracker.events[0]!, /its memory is full; the tracker goes on/);
    const alone = acceptAnyhow(tracker.store, "y", { hostname: "192.0.2.2" });
    assertMatch(alone.warning ?? "", /cannot share/);
    assertEquals(addresses(alone), ["192.0.2.1:7000"]);
    await delay(1_500);
    assertEquals(tracker.events.length, 1);
    await redis.command("CONFIG", "SET", "maxmemory", "0");
    await untilBack(tracker);
    assertEquals(counts(tracker.store), "0 2 0");
  },
);

redisTest(
  "a tracker starts without its Redis and joins it later",
  async (redis) => {
    await using other = await watch(redis);
    await redis.kill();
    const startMs = performance.now();
    await using tracker = await watch(redis);
    assertLess(performance.now() - startMs, AT_ONCE_MS);
    assertMatch(tracker.events[0]!, /connection refused; the tracker goes on/);
    acceptAnyhow(tracker.store, "x");
    await redis.restart();
    await untilCounts([other, tracker], "0 1 0");
  },
);

redisTest(
  "a Redis that was absent at the start and then wants a password is reported again",
  async (redis) => {
    await redis.kill();
    await using tracker = await watch(redis);
    assertMatch(tracker.events[0]!, /connection refused; the tracker goes on/);
    await redis.restart();
    await until(() => tracker.events.length === 2, "it is reported again");
    assertMatch(tracker.events[1]!, /it wants a password; the tracker goes on/);
    await delay(1_500);
    assertEquals(tracker.events.length, 2);
    acceptAnyhow(tracker.store, "x");
  },
  ["--requirepass", "secret"],
);

redisTest(
  "a store that is closed while Redis is gone is closed at once",
  async (redis) => {
    const startMs = performance.now();
    {
      await using tracker = await watch(redis, DEFAULT_REPLY_TIME);
      acceptAnyhow(tracker.store, "x");
      redis.pause();
    }
    {
      await redis.kill();
      await using tracker = await watch(redis);
      await untilGone(tracker);
    }
    assertLess(performance.now() - startMs, 2 * AT_ONCE_MS);
  },
);

redisTest(
  "what a tracker heard in its last second is in Redis when it is closed",
  async (redis) => {
    {
      await using tracker = await watch(redis);
      accept(tracker.store, "x", { event: "completed", isSeeder: true });
    }
    await using tracker = await watch(redis);
    assertEquals(counts(tracker.store), "1 0 1");
  },
);
