/**
 * A Redis that holds something else, forgets, refuses or is none.
 *
 * @module
 */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
} from "@std/assert";
import { StoreError } from "../../lib/base/errors.ts";
import { infoHash } from "../core/announce/samples.ts";
import { accept, acceptAnyhow, counts, open, until } from "./scene.ts";
import { redisTest } from "./store_test_case.ts";

redisTest("a report that cannot be read hurts no other", async (redis) => {
  const events: string[] = [];
  await using one = await open(redis.url);
  accept(one, "x");
  accept(one, "x", { infoHash: infoHash("b") });
  await using other = await open(redis.url, {
    onEvent: (event) => {
      events.push(
        event.type === "failed" ? event.error.message : event.type,
      );
    },
  });
  await until(() => counts(other) === "0 1 0", "it is shared");
  const reports = await redis.command("KEYS", "*:swarms:*");
  // A third tracker, so that no other program writes its reports.
  const [key] = reports.split("\n");
  const report = await redis.command("HGET", key!, infoHash("a"));
  const planted = "lanswarm:2:swarms:planted";
  let round = 0;
  const plant = async (text: string): Promise<void> => {
    await redis.command("HSET", planted, infoHash("a"), text);
    const rounds = "lanswarm:2:rounds:planted";
    await redis.command("ZADD", rounds, `${++round}`, infoHash("a"));
  };
  // It is read first, as its last round is the oldest.
  const now = `${Date.now()}`;
  await redis.command("ZADD", "lanswarm:2:trackers", now, "planted");
  for (const text of ["nonsense", "{}", '{"peers":[{}]}']) {
    await plant(text);
    await until(() => events.at(-1)?.startsWith("Cannot") === true, "it fails");
    assertMatch(events.at(-1)!, /a swarm's report is malformed; the tracker/);
    acceptAnyhow(one, "y", { infoHash: infoHash("b") });
    await until(() => counts(other, infoHash("b")) === "0 2 0", "y is shared");
    assertEquals(counts(other), "0 1 0");
    acceptAnyhow(one, "y", { infoHash: infoHash("b"), event: "stopped" });
    // Its tracker writes it anew.
    await plant(report);
    await until(() => events.at(-1) === "recovered", "it is written anew");
    await until(() => counts(other, infoHash("b")) === "0 1 0", "y is gone");
    assertEquals(counts(other), "0 1 0");
  }
});

redisTest(
  "keys that hold something else are an error with advice",
  async (redis) => {
    const events: string[] = [];
    await using store = await open(redis.url, {
      onEvent: (event) => {
        events.push(
          event.type === "failed" ? event.error.message : event.type,
        );
      },
    });
    await redis.command("SET", "lanswarm:2:trackers", "nonsense");
    await until(() => events.length === 1, "it is seen");
    assertMatch(
      events[0]!,
      /keys that begin with lanswarm: hold something else; delete them; the/,
    );
    assertEquals(acceptAnyhow(store, "x").swarm.incomplete, 1);
    await redis.command("DEL", "lanswarm:2:trackers");
    await until(() => events.length === 2, "it recovers");
    assertEquals(events[1], "recovered");
  },
);

redisTest("a Redis that is emptied is filled again", async (redis) => {
  await using one = await open(redis.url);
  await using other = await open(redis.url);
  accept(one, "x", { event: "completed", isSeeder: true });
  await until(() => counts(other) === "1 0 1", "it is shared");
  await redis.command("FLUSHALL");
  await using later = await open(redis.url);
  await until(() => counts(later) === "1 0 1", "it is there again");
});

redisTest(
  "a password that is wrong or missing is an error without it",
  async (redis) => {
    await using store = await open(
      redis.url.replace("//", "//:se%23cret@"),
    );
    accept(store, "x");
    const cases = [
      ["//", /it wants a password; give another --store/],
      ["//:wrong-one@", /it takes no such user and password; give/],
      ["//stranger:wrong-one@", /it takes no such user and password; give/],
    ] as const;
    for (const [start, reason] of cases) {
      const error = await assertRejects(
        () => open(redis.url.replace("//", start)),
        StoreError,
      );
      assertMatch(error.message, reason);
      assert(!error.message.includes("wrong-one"), error.message);
    }
  },
  ["--requirepass", "se#cret"],
);

redisTest("databases of one Redis are apart", async (redis) => {
  await using one = await open(`${redis.url}/1`);
  await using other = await open(`${redis.url}/2`);
  accept(one, "x");
  assertEquals(counts(other), "unknown");
  await assertRejects(() => open(`${redis.url}/99`), StoreError, "DB index");
});

Deno.test("what is no Redis is an error at once", async () => {
  await using _server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(),
  );
  const error = await assertRejects(
    () => open(`redis://127.0.0.1:${_server.addr.port}`),
    StoreError,
  );
  assertInstanceOf(error, StoreError);
  assertMatch(error.message, /it does not answer as Redis does/);
});
