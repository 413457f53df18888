import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { seededRandom } from "../../../lib/base/random.ts";
import {
  createTrackerHandler,
  type TrackerHandler,
  type TrackerRequest,
  type TrackerResponse,
} from "../../../lib/tracker/handler.ts";
import { MemoryStore } from "../../../lib/tracker/memory_store.ts";
import { announceQuery, text } from "./samples.ts";

function tracker(): TrackerHandler {
  return createTrackerHandler({
    store: new MemoryStore({
      peerTimeoutMs: 180_000,
      random: seededRandom(1),
    }),
    intervalMs: 120_000,
    minIntervalMs: 30_000,
  });
}

/** A response whose body is read as one character a byte. */
type TextResponse = TrackerResponse & { readonly body: string };

/** A request from 192.0.2.1 at second 62 of the clock. */
async function get(
  handle: TrackerHandler,
  pathAndQuery: string,
  changes: Partial<TrackerRequest> = {},
): Promise<TextResponse> {
  const [path = "", query = ""] = pathAndQuery.split("?");
  const { body, ...response } = await handle({
    method: "GET",
    path,
    query,
    remoteHostname: "192.0.2.1",
    header: () => undefined,
    ...changes,
  }, 62_000);
  assert(typeof body === "string" || body instanceof Uint8Array);
  return { ...response, body: text(body) };
}

async function announce(
  handle: TrackerHandler,
  changes: Record<string, string | number | undefined> = {},
  remoteHostname = "192.0.2.1",
): Promise<string> {
  const url = `/announce?${announceQuery(changes)}`;
  const { status, headers, body } = await get(handle, url, { remoteHostname });
  assertEquals([status, headers["content-type"]], [200, "text/plain"]);
  return body;
}

Deno.test("/announce tells two peers of one another", async () => {
  const handle = tracker();
  assertEquals(
    await announce(handle, { event: "started" }),
    "d8:completei0e10:downloadedi0e10:incompletei1e8:intervali120e12:min intervali30e5:peers0:e",
  );
  assertStringIncludes(
    await announce(
      handle,
      { peer_id: "other---------------", port: 80 },
      "10.0.0.9",
    ),
    "5:peers6:\xc0\x00\x02\x01\x1a\xe1e",
  );
  assertStringIncludes(
    await announce(handle),
    "5:peers6:\x0a\x00\x00\x09\x00\x50e",
  );
});

Deno.test("/announce takes the address of the connection, not the one in the query", async () => {
  const handle = tracker();
  await announce(handle, { ip: "198.51.100.7" }, "::ffff:192.0.2.1");
  assertStringIncludes(
    await announce(handle, { peer_id: "other---------------", compact: 0 }),
    "d2:ip9:192.0.2.1",
  );
});

Deno.test("/announce gives IPv6 peers in peers6", async () => {
  const handle = tracker();
  await announce(handle, {}, "2001:DB8::1");
  assertStringIncludes(
    await announce(handle, { peer_id: "other---------------" }),
    "5:peers0:6:peers618:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x1a\xe1e",
  );
});

Deno.test("/announce answers a malformed query with a failure reason", async () => {
  const handle = tracker();
  assertEquals(
    await announce(handle, { info_hash: undefined }),
    "d14:failure reason20:info_hash is missinge",
  );
  assertEquals(
    await announce(handle, { left: -1 }),
    "d14:failure reason26:left is not a whole numbere",
  );
  assertEquals((await get(handle, "/scrape")).body, "d5:filesdee");
});

Deno.test("/announce answers with the store's refusal", async () => {
  const handle = tracker();
  await announce(handle);
  assertEquals(
    await announce(handle, {}, "10.0.0.1"),
    "d14:failure reason40:the peer id is in use at another addresse",
  );
});

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
    "d14:failure reason40:info_hash has a % without two hex digitse",
  );
});

Deno.test("paths that nobody has lead nowhere", async () => {
  const handle = tracker();
  for (
    const path of ["/", "/x", "/announce/", "/ANNOUNCE", "", "/constructor"]
  ) {
    assertEquals((await get(handle, path)).status, 404, path);
  }
});

Deno.test("every path takes GET and HEAD alone", async () => {
  const handle = tracker();
  for (const path of ["/announce", "/scrape"]) {
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "get"]) {
      const { status, headers } = await get(handle, path, { method });
      assertEquals([status, headers["allow"]], [405, "GET, HEAD"]);
    }
    assert((await get(handle, path, { method: "HEAD" })).status < 400);
  }
});

Deno.test("an address that is none is counted and given to nobody", async () => {
  const handle = tracker();
  await announce(handle, {}, "fe80::1%eth0");
  const reply = await announce(handle, { peer_id: "other---------------" });
  assertStringIncludes(reply, "10:incompletei2e");
  assertStringIncludes(reply, "5:peers0:e");
});
