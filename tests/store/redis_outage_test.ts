/**
 * A tracker whose Redis is gone, held still, full or empty: it answers, says so,
 * and is as before once Redis is back.
 *
 * @module
 */
import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
} from "@std/assert";
import { delay } from "@std/async/delay";
import type { PeerStore } from "../../lib/tracker/store/peer_store.ts";
import type { OpenStoreOptions } from "../../lib/tracker/store/open_store.ts";
import type { RedisServer } from "../../scripts/programs/redis_server.ts";
import { infoHash } from "../core/announce/samples.ts";
import {
  accept,
  acceptAnyhow,
  addresses,
  counts,
  fill,
  open,
  ports,
  until,
} from "./scene.ts";
import { exchangeTest as redisTest } from "./store_test_case.ts";

/** No announce waits for longer; what is promised is a second. */
const PATIENCE_MS = 10_000;

/** What the tracker does unless told otherwise. */
const HASTY = { maxSilenceMs: 1_000 };

/** A store and what it said of its Redis. */
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

/** Waits until announces are answered with Redis's word again. */
async function untilBack({ store, events }: Watched): Promise<void> {
  await until(() => events.at(-1)?.endsWith(" is back") === true, "it is back");
  await accept(store, "checker");
  await accept(store, "checker", { event: "stopped" });
}

/** Waits until the store knows that Redis is gone. */
async function untilGone({ events }: Watched): Promise<void> {
  await until(() => events.length % 2 === 1, "it is gone");
}

redisTest(
  "a tracker whose Redis is killed goes on, and tells it all when it is back",
  async (redis) => {
    await using one = await watch(redis);
    await using other = await watch(redis);
    await fill(other.store, 3, 4);
    await accept(one.store, "mine", { port: 7000 });
    await redis.kill();

    const startMs = performance.now();
    const lone = await acceptAnyhow(one.store, "asker", {
      hostname: "192.0.2.5",
    });
    assertLess(performance.now() - startMs, PATIENCE_MS);
    assertMatch(lone.warning ?? "", /store does not answer/);
    // Its own peer, and those of the other that it was told of last.
    assertEquals(ports(lone), [
      ...[7000, 10_000, 10_001, 10_002],
      ...[20_000, 20_001, 20_002, 20_003],
    ]);
    assertEquals([lone.swarm.complete, lone.swarm.incomplete], [3, 6]);
    await untilGone(one);
    assertMatch(
      one.events[0]!,
      /^Cannot use Redis at 127\.0\.0\.1:\d+: .*; the tracker goes on/,
    );
    // Nobody waits for what is known to be gone.
    const whileGoneMs = performance.now();
    for (let round = 0; round < 200; round++) {
      await acceptAnyhow(one.store, "asker", { hostname: "192.0.2.5" });
    }
    assertLess(performance.now() - whileGoneMs, PATIENCE_MS);
    // A seeder gets no seeders from what Redis told either.
    const seeder = await acceptAnyhow(one.store, "s", {
      isSeeder: true,
      port: 7001,
    });
    assert(ports(seeder).every((port) => port < 10_000 || port >= 20_000));
    await acceptAnyhow(one.store, "mine", {
      port: 7000,
      event: "completed",
      isSeeder: true,
    });
    await acceptAnyhow(one.store, "s", { event: "stopped" });
    assertEquals(await counts(one.store), "4 5 1");
    assertEquals((await one.store.totals()).seederCount, 4);
    assertEquals([...await one.store.swarms()].length, 1);
    assertGreater((await one.store.peers(infoHash("a"), 9)).length, 1);

    // Redis saved nothing: both trackers tell it what they know.
    await redis.restart();
    await Promise.all([untilBack(one), untilBack(other)]);
    assertEquals(one.events.length, 2);
    for (const { store } of [one, other]) {
      assertEquals(await counts(store), "4 5 1");
    }
    const again = await accept(other.store, "late", { hostname: "192.0.2.6" });
    assertEquals(ports(again).length, 9);
  },
);

redisTest(
  "counts of downloads survive a Redis that lost everything",
  async (redis) => {
    await using one = await watch(redis);
    await using other = await watch(redis);
    for (const name of ["a", "b", "c"]) {
      await accept(one.store, name, { event: "completed", isSeeder: true });
      await accept(one.store, name, { event: "stopped" });
    }
    await accept(other.store, "d", { event: "completed", isSeeder: true });
    await accept(other.store, "d", { event: "update", isSeeder: true });
    assertEquals(await counts(one.store), "1 0 4");
    await redis.kill();
    await acceptAnyhow(one.store, "e", { event: "completed", isSeeder: true });
    await acceptAnyhow(one.store, "f", { event: "completed", isSeeder: true });
    await acceptAnyhow(one.store, "f", { event: "stopped" });
    await redis.restart();
    await Promise.all([untilBack(one), untilBack(other)]);
    // Said again to a Redis that knows nothing of it: not counted again.
    await accept(other.store, "d", { event: "completed", isSeeder: true });
    assertEquals(await counts(other.store), "2 0 6");
    assertEquals((await other.store.totals()).downloadCount, 6);
  },
);

redisTest(
  "who left while Redis was gone is not brought back",
  async (redis) => {
    await using tracker = await watch(redis, HASTY);
    await fill(tracker.store, 0, 3);
    // The same Redis all the time: it forgets nothing.
    redis.pause();
    await acceptAnyhow(tracker.store, "20000", {
      port: 20_000,
      event: "stopped",
    });
    await acceptAnyhow(tracker.store, "new", { port: 7000 });
    redis.resume();
    await untilBack(tracker);
    await until(
      async () => await counts(tracker.store) === "0 3 0",
      "it left and another came",
    );
    const asked = await accept(tracker.store, "asker", {
      hostname: "192.0.2.9",
    });
    assertEquals(ports(asked), [7000, 20_001, 20_002]);
  },
);

redisTest(
  "a Redis that is held still keeps nobody waiting for long",
  async (redis) => {
    await using tracker = await watch(redis, HASTY);
    await fill(tracker.store, 1, 2);
    redis.pause();
    const startMs = performance.now();
    const held = await Promise.all(
      Array.from(
        { length: 100 },
        (_, index) =>
          acceptAnyhow(tracker.store, `x${index}`, { port: 7000 + index }),
      ),
    );
    assertLess(performance.now() - startMs, PATIENCE_MS);
    assert(held.every(({ warning }) => warning !== undefined));
    const nextMs = performance.now();
    for (let round = 0; round < 100; round++) {
      await acceptAnyhow(tracker.store, "x0", { port: 7000 });
    }
    assertLess(performance.now() - nextMs, PATIENCE_MS);
    assertMatch(tracker.events[0]!, /no answer in time/);
    // It is tried again and again meanwhile, and told of once.
    await delay(2_000);
    assertEquals(tracker.events.length, 1);
    redis.resume();
    await untilBack(tracker);
    assertEquals(await counts(tracker.store), "1 102 0");
  },
);

redisTest(
  "a Redis without memory is as good as gone until it has some",
  async (redis) => {
    await using tracker = await watch(redis);
    await accept(tracker.store, "x");
    await redis.command("CONFIG", "SET", "maxmemory", "1");
    const alone = await acceptAnyhow(tracker.store, "y", {
      hostname: "192.0.2.2",
    });
    assertMatch(alone.warning ?? "", /store/);
    assertEquals(addresses(alone), ["192.0.2.1:6881"]);
    await untilGone(tracker);
    assertMatch(tracker.events[0]!, /its memory is full; the tracker goes on/);
    await delay(1_500);
    assertEquals(tracker.events.length, 1);
    await redis.command("CONFIG", "SET", "maxmemory", "0");
    await untilBack(tracker);
    assertEquals(await counts(tracker.store), "0 2 0");
  },
);

redisTest(
  "a tracker starts without its Redis and joins it later",
  async (redis) => {
    await using other = await watch(redis);
    await redis.kill();
    const startMs = performance.now();
    await using tracker = await watch(redis);
    assertLess(performance.now() - startMs, PATIENCE_MS);
    assertMatch(tracker.events[0]!, /connection refused; the tracker goes on/);
    await acceptAnyhow(tracker.store, "x");
    await redis.restart();
    await Promise.all([untilBack(tracker), untilBack(other)]);
    assertEquals(await counts(other.store), "0 1 0");
  },
);

redisTest(
  "a store that is closed while Redis is gone is closed at once",
  async (redis) => {
    const startMs = performance.now();
    {
      await using tracker = await watch(redis);
      await accept(tracker.store, "x");
      redis.pause();
      const announcing = acceptAnyhow(tracker.store, "y");
      await tracker[Symbol.asyncDispose]();
      assert((await announcing).warning !== undefined);
    }
    {
      await redis.kill();
      await using tracker = await watch(redis);
      await untilGone(tracker);
    }
    assertLess(performance.now() - startMs, 2 * PATIENCE_MS);
  },
);
