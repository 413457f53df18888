import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { seededRandom } from "../../../lib/base/random.ts";
import { MemoryStore } from "../../../lib/tracker/store/memory_store.ts";
import { announce, failure, get, tracker } from "./http_tracker.ts";

Deno.test("/scrape counts the named torrents, or all of them", async () => {
  const handle = tracker();
  const [a, b, c] = ["%aa", "%bb", "%cc"].map((byte) => byte.repeat(20));
  await announce(handle, { info_hash: a });
  await announce(handle, { info_hash: b, left: 0 });
  const entry = (byte: string, complete: number, incomplete: number): string =>
    `20:${
      byte.repeat(20)
    }d8:completei${complete}e10:downloadedi0e10:incompletei${incomplete}ee`;
  const both = `d5:filesd${entry("\xaa", 0, 1)}${entry("\xbb", 1, 0)}ee`;
  assertEquals((await get(handle, "/scrape")).body, both);
  assertEquals(
    (await get(handle, `/scrape?info_hash=${a}&info_hash=${b}&info_hash=${a}`))
      .body,
    both,
  );
  assertEquals(
    (await get(handle, `/scrape?info_hash=${b}`)).body,
    `d5:filesd${entry("\xbb", 1, 0)}ee`,
  );
  assertEquals(
    (await get(handle, `/scrape?info_hash=${c}`)).body,
    "d5:filesdee",
  );
  assertEquals(
    (await get(handle, "/scrape?info_hash=%a")).body,
    failure(
      "the client sent a malformed request: info_hash has a % without two hex digits",
    ),
  );
});

Deno.test("unknown paths get 404", async () => {
  const handle = tracker();
  for (
    const path of ["/", "/x", "/announce/", "/ANNOUNCE", "", "/constructor"]
  ) {
    assertEquals((await get(handle, path)).status, 404, path);
  }
});

Deno.test("every path accepts only GET and HEAD", async () => {
  const handle = tracker();
  for (const path of ["/announce", "/scrape"]) {
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "get"]) {
      const { status, headers } = await get(handle, path, { method });
      assertEquals([status, headers["allow"]], [405, "GET, HEAD"]);
    }
    assert((await get(handle, path, { method: "HEAD" })).status < 400);
  }
});

Deno.test("/scrape of all torrents is refused where it would delay other clients", async () => {
  const store = new MemoryStore({
    peerTimeoutMs: 1_000,
    random: seededRandom(1),
  });
  const totals = store.totals();
  store.totals = () => ({ ...totals, activeSwarmCount: 20_001 });
  const handle = tracker({ store });
  await announce(handle);
  assertEquals(
    (await get(handle, "/scrape")).body,
    failure(
      "the tracker has more than 20000 torrents: name the torrents that you want by info_hash",
    ),
  );
  const { body } = await get(handle, `/scrape?info_hash=${"%aa".repeat(20)}`);
  assertStringIncludes(body, "10:incompletei1e");
});

Deno.test("/scrape of more than 200 torrents is kept for five seconds", async () => {
  const store = new MemoryStore({
    peerTimeoutMs: 60_000,
    random: seededRandom(1),
  });
  const totals = store.totals();
  let activeSwarmCount = 201;
  store.totals = () => ({ ...totals, activeSwarmCount });
  const handle = tracker({ store });
  const scrape = async (nowMs: number): Promise<number> => {
    const { body } = await get(handle, "/scrape", { nowMs });
    return body.match(/10:incompletei1e/g)?.length ?? 0;
  };
  await announce(handle, { info_hash: "%aa".repeat(20) });
  assertEquals(await scrape(0), 1);
  await announce(handle, { info_hash: "%bb".repeat(20) });
  assertEquals([await scrape(1), await scrape(4_999)], [1, 1]);
  assertEquals([await scrape(5_000), await scrape(5_001)], [2, 2]);
  // With few torrents each scrape is fresh, and none is kept.
  activeSwarmCount = 200;
  await announce(handle, { info_hash: "%cc".repeat(20) });
  assertEquals(await scrape(5_002), 3);
  await announce(handle, { info_hash: "%dd".repeat(20) });
  activeSwarmCount = 201;
  assertEquals(await scrape(5_003), 4);
});
