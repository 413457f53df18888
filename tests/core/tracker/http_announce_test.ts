import {
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import { seededRandom } from "../../../lib/base/random.ts";
import type { TrackerRequest } from "../../../lib/tracker/http_handler.ts";
import { MemoryStore } from "../../../lib/tracker/store/memory_store.ts";
import { announceQuery } from "../announce/samples.ts";
import { announce, failure, get, tracker } from "./http_tracker.ts";

/** Another peer than the one that a query is of by default. */
const OTHER = { peer_id: "other---------------", port: 8080 };

Deno.test("/announce gives two peers each other's addresses", async () => {
  const handle = tracker();
  assertEquals(
    // A client that has only a magnet link is a leecher.
    await announce(handle, { event: "started", left: undefined }),
    "d8:completei0e10:downloadedi0e11:external ip4:\xc0\0\x02\x0110:incompletei1e8:intervali120e12:min intervali30e5:peers0:e",
  );
  assertStringIncludes(
    await announce(handle, OTHER, "10.0.0.9"),
    "5:peers6:\xc0\x00\x02\x01\x1a\xe1e",
  );
  assertStringIncludes(
    await announce(handle),
    "5:peers6:\x0a\x00\x00\x09\x1f\x90e",
  );
});

Deno.test("/announce registers the address of the connection, not the one in the query", async () => {
  const handle = tracker();
  await announce(handle, { ip: "198.51.100.7" }, "192.0.2.1");
  assertStringIncludes(
    await announce(handle, { ...OTHER, compact: 0 }),
    "d2:ip9:192.0.2.1",
  );
});

Deno.test("/announce gives IPv6 peers in peers6", async () => {
  const handle = tracker();
  await announce(handle, {}, "2001:DB8::1");
  assertStringIncludes(
    await announce(handle, OTHER),
    "5:peers0:6:peers618:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x1a\xe1e",
  );
});

Deno.test("/announce gives dictionaries with ids, or without", async () => {
  const handle = tracker();
  await announce(handle);
  const other = { ...OTHER, compact: 0 };
  assertStringIncludes(
    await announce(handle, other, "10.0.0.9"),
    "5:peersld2:ip9:192.0.2.17:peer id20:me------------------4:porti6881eeee",
  );
  assertStringIncludes(
    await announce(handle, { ...other, no_peer_id: 1 }, "10.0.0.9"),
    "5:peersld2:ip9:192.0.2.14:porti6881eeee",
  );
});

Deno.test("/announce gives numwant peers: 0, 50 by default, 200 at most", async () => {
  const handle = tracker();
  for (let number = 0; number < 300; number++) {
    const peer_id = `${number}`.padEnd(20, "-");
    await announce(handle, { peer_id, port: 2_000 + number });
  }
  const given = async (numwant: string | undefined): Promise<string> => {
    const reply = await announce(handle, { numwant });
    return /5:peers(\d+):/.exec(reply)![1]!;
  };
  const table: [string | undefined, number][] = [
    ["0", 0],
    ["7", 7],
    [undefined, 50],
    ["-1", 50],
    ["200", 200],
    ["1000", 200],
  ];
  for (const [numwant, count] of table) {
    assertEquals([numwant, await given(numwant)], [numwant, `${count * 6}`]);
  }
});

Deno.test("/announce knows a torrent by any bytes in any escaping", async () => {
  const handle = tracker();
  for (let first = 0; first < 256; first += 20) {
    const bytes = Array.from({ length: 20 }, (_, at) => (first + at) % 256);
    const escaped = bytes.map((byte) =>
      `%${byte.toString(16).padStart(2, "0")}`
    ).join("");
    // Unescaped, except for the bytes that end a value.
    const raw = String.fromCharCode(...bytes)
      .replace(/[%&]/g, (character) => character === "%" ? "%25" : "%26");
    const spellings = [escaped, escaped.toUpperCase(), raw];
    for (const [index, info_hash] of spellings.entries()) {
      const peer_id = `${index}`.padEnd(20, "-");
      await announce(handle, { info_hash, peer_id, port: 7000 + index });
    }
    const { body } = await get(handle, `/scrape?info_hash=${escaped}`);
    assertStringIncludes(body, String.fromCharCode(...bytes));
    assertMatch(body, /10:incompletei3e/);
  }
});

Deno.test("HEAD of /announce registers no peer and has no body", async () => {
  const handle = tracker();
  const url = `/announce?${announceQuery()}`;
  const { status, body } = await get(handle, url, { method: "HEAD" });
  assertEquals([status, body], [200, ""]);
  assertEquals((await get(handle, "/scrape")).body, "d5:filesdee");
});

Deno.test("/announce takes addresses from a proxy only if it is trusted", async () => {
  const forwarded: Partial<TrackerRequest> = {
    header: (name) => name === "x-forwarded-for" ? "10.9.9.9" : undefined,
  };
  const table: [
    trustProxy: boolean,
    Partial<TrackerRequest>,
    ip: string | undefined,
    expected: string,
  ][] = [
    [false, forwarded, "10.8.8.8", "\xc0\0\x02\x01"],
    [true, forwarded, "10.8.8.8", "\x0a\x09\x09\x09"],
    [true, {}, "10.8.8.8", "\x0a\x08\x08\x08"],
    [true, {}, "example.com", "\xc0\0\x02\x01"],
    [true, {}, undefined, "\xc0\0\x02\x01"],
  ];
  for (const [trustProxy, changes, ip, expected] of table) {
    const handle = tracker({ trustProxy });
    const query = announceQuery({ ip });
    const { body } = await get(handle, `/announce?${query}`, changes);
    assertStringIncludes(body, `11:external ip4:${expected}10:`);
    assertStringIncludes(
      await announce(handle, OTHER, "10.0.0.1"),
      `5:peers6:${expected}\x1a\xe1`,
    );
  }
});

Deno.test("/announce sends the peer its own address, in its address family", async () => {
  const handle = tracker();
  const reply = (hostname: string): Promise<string> =>
    announce(handle, { event: "stopped" }, hostname);
  assertStringIncludes(await reply("10.0.0.1"), "11:external ip4:\x0a\0\0\x01");
  assertStringIncludes(
    await reply("2001:db8::1"),
    "11:external ip16:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01",
  );
  assertNotMatch(await reply("no address"), /external ip/);
});

Deno.test("/announce warns a peer on a system port, and refuses with the time to try again", async () => {
  const handle = tracker();
  const port =
    "port 80 is below 1024: other peers will not be given your address; " +
    "choose a higher port in your client's settings";
  assertStringIncludes(
    await announce(handle, { port: 80 }),
    `15:warning message${port.length}:${port}e`,
  );
  for (const silent of [0, 9, 1024]) {
    assertNotMatch(await announce(handle, { port: silent }), /warning/);
  }
  const full = tracker({
    store: new MemoryStore({
      peerTimeoutMs: 1_000,
      random: seededRandom(1),
      maxSwarmCount: 0,
    }),
  });
  assertEquals(
    await announce(full),
    "d14:failure reason35:the tracker is full with 0 torrents8:retry ini5ee",
  );
});

Deno.test("/announce gives the interval for the load, and a min interval no longer than that", async () => {
  const handle = tracker({
    intervalMs: ({ peerCount }) => peerCount * 10_000,
  });
  assertStringIncludes(
    await announce(handle),
    "8:intervali10e12:min intervali10e",
  );
  for (const [index, name] of ["b", "c"].entries()) {
    const peer_id = name.padEnd(20, "-");
    await announce(handle, { peer_id, port: 7000 + index });
  }
  assertStringIncludes(
    await announce(handle, { peer_id: "d".padEnd(20, "-"), port: 8000 }),
    "8:intervali40e12:min intervali30e",
  );
});

Deno.test("/announce answers a malformed query with a failure reason", async () => {
  const handle = tracker();
  assertEquals(
    await announce(handle, { info_hash: undefined }),
    failure("the client sent a malformed request: info_hash is missing"),
  );
  assertEquals(
    await announce(handle, { left: -1 }),
    failure("the client sent a malformed request: left is not a whole number"),
  );
  assertEquals((await get(handle, "/scrape")).body, "d5:filesdee");
});

Deno.test("/announce passes the store's refusal on", async () => {
  const handle = tracker();
  await announce(handle);
  assertEquals(
    await announce(handle, {}, "10.0.0.1"),
    failure("the peer id is in use at another address"),
  );
});

Deno.test("a peer without an IP address is counted and given to no peer", async () => {
  const handle = tracker();
  await announce(handle, {}, "fe80::1%eth0");
  const reply = await announce(handle, OTHER);
  assertStringIncludes(reply, "10:incompletei2e");
  assertStringIncludes(reply, "5:peers0:e");
});
