/**
 * A Redis that holds something else, forgets, refuses or is none.
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
import { accept, acceptAnyhow, counts, open } from "./scene.ts";
import { until } from "../until.ts";
import { redisTest } from "./redis_server.ts";

redisTest("a report that cannot be read hurts no other", async (redis) => {
  const events: string[] = [];
  await using one = await open(redis.url);
  accept(one, "x");
  await using other = await open(redis.url, {
    onEvent: (event) => {
      events.push(
        event.type === "failed" ? event.error.message : event.type,
      );
    },
  });
  await until(() => counts(other) === "0 1 0", "it is shared");
  const malformed = ["nonsense", "{}", '[{"peerId":"x"}]', "null", "[null]"];
  for (const [index, text] of malformed.entries()) {
    await redis.command("XADD", "lanswarm:3:peers", "*", "planted", text);
    acceptAnyhow(one, `${index}`, { infoHash: infoHash("b") });
    await until(() => events.length === 2 * index + 2, "it fails and recovers");
    assertMatch(
      events.at(-2)!,
      /a tracker's report is malformed; the tracker goes on/,
    );
    assertEquals(events.at(-1), "recovered");
    const expected = `0 ${index + 1} 0`;
    await until(
      () => counts(other, infoHash("b")) === expected,
      "the other tracker's peer is shared",
    );
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
    await redis.command("SET", "lanswarm:3:peers", "nonsense");
    await until(() => events.length === 1, "it is seen");
    assertMatch(
      events[0]!,
      /keys that begin with lanswarm: hold something else; delete them; the/,
    );
    assertEquals(acceptAnyhow(store, "x").swarm.incomplete, 1);
    await redis.command("DEL", "lanswarm:3:peers");
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
