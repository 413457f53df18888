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
import { infoHash, peerId } from "../core/announce/samples.ts";
import { accept, acceptAnyhow, counts, open } from "./scene.ts";
import { exchangeTest, redisTest } from "./store_test_case.ts";

exchangeTest(
  "a torrent whose keys hold something else hurts no other",
  async (redis) => {
    const failures: string[] = [];
    await using store = await open(redis.url, {
      onEvent: (event) => {
        failures.push(
          event.type === "failed" ? event.error.message : event.type,
        );
      },
    });
    await redis.command("SET", `lanswarm:1:${infoHash("a")}:s`, "nonsense");
    await redis.command("ZADD", "lanswarm:1:swarms", "1", "nonsense");
    await redis.command(
      "HSET",
      `lanswarm:1:${infoHash("c")}`,
      "d",
      "x",
      "c",
      "y",
    );
    const [spoilt, whole] = await Promise.all([
      acceptAnyhow(store, "x"),
      accept(store, "x", { infoHash: infoHash("b") }),
    ]);
    assertMatch(spoilt.warning ?? "", /store/);
    assertEquals(spoilt.swarm.incomplete, 1);
    assertEquals(whole.swarm.incomplete, 1);
    assertEquals(await counts(store, infoHash("b")), "0 1 0");
    const listed = Array.from(await store.swarms(), (swarm) => swarm.infoHash);
    assert(listed.includes(infoHash("b")));
    assertEquals(failures.length, 1);
    assertMatch(
      failures[0]!,
      /WRONGTYPE.*; delete its keys that begin with lanswarm:1:a{40}$/,
    );
  },
);

exchangeTest(
  "a peer whose record is spoilt is answered and described all the same",
  async (redis) => {
    const failures: string[] = [];
    await using store = await open(redis.url, {
      onEvent: (event) => failures.push(event.type),
    });
    await accept(store, "x");
    await redis.command(
      ...["HSET", `lanswarm:1:${infoHash("a")}:p`],
      ...["x".padEnd(20, "-"), "\xff"],
    );
    assertEquals(
      (await store.peers(infoHash("a"), 9)).map((peer) => peer.peerId),
      [peerId("x")],
    );
    assertMatch((await acceptAnyhow(store, "x")).warning ?? "", /store/);
    assertEquals((await accept(store, "y")).swarm.incomplete, 2);
    assertEquals(failures, ["failed"]); // told once
  },
);

redisTest(
  "scripts that Redis was made to forget are brought again",
  async (redis) => {
    await using store = await open(redis.url);
    await accept(store, "x");
    await redis.command("SCRIPT", "FLUSH");
    await Promise.all([
      accept(store, "y"),
      accept(store, "z", { infoHash: infoHash("b") }),
    ]);
    assertEquals(await counts(store), "0 2 0");
  },
);

redisTest(
  "a password that is wrong or missing is an error without it",
  async (redis) => {
    await using store = await open(
      redis.url.replace("//", "//:se%23cret@"),
    );
    await accept(store, "x");
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
  await accept(one, "x");
  assertEquals(await counts(other), "unknown");
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
