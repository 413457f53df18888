/**
 * The tracker with the HTTP of old and new clients.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startTracker } from "../../lib/mod.ts";
import { exchange, RawClient } from "./raw_http.ts";

/** Bytes that clients leave unescaped. */
const RAW_HASH = "\xff\x80\x81\xc3\xa9\xe2\x82\xac+~!$'()*,;:@";
const ESCAPED_HASH =
  "%ff%80%81%c3%a9%e2%82%ac%2b%7e%21%24%27%28%29%2a%2c%3b%3a%40";

/** The target of an announce of the peer `name`, 1 letter; "x" is on port 6881. */
function target(name: string, infoHash = ESCAPED_HASH): string {
  const port = 6881 + name.charCodeAt(0) - "x".charCodeAt(0);
  return `/announce?info_hash=${infoHash}&peer_id=${name.repeat(20)}` +
    `&port=${port}&left=1`;
}

/** The counts in a reply, `[complete, incomplete]`. */
function counts(reply: string): number[] {
  return ["complete", "incomplete"].map((name) =>
    Number(new RegExp(`\\d:${name}i(\\d+)e`).exec(reply)?.[1])
  );
}

Deno.test("the tracker reads raw and escaped bytes of an info hash alike", async () => {
  await using tracker = await startTracker({ port: 0, hostname: "127.0.0.1" });
  assertEquals(RAW_HASH.length, 20);
  for (const [name, infoHash] of [["x", RAW_HASH], ["y", ESCAPED_HASH]]) {
    const reply = await exchange(
      tracker,
      `GET ${
        target(name!, infoHash)
      } HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n`,
    );
    assertEquals(counts(reply), [0, name === "x" ? 1 : 2], reply);
  }
});

Deno.test("the tracker answers HTTP/1.0, absolute URLs and pipelined announces", async () => {
  await using tracker = await startTracker({ port: 0, hostname: "127.0.0.1" });
  const old = await exchange(tracker, `GET ${target("a")} HTTP/1.0\r\n\r\n`);
  assertEquals(counts(old), [0, 1]);
  const url = `http://tracker:${tracker.port}${target("b")}`;
  const both = await exchange(
    tracker,
    `GET ${url} HTTP/1.1\r\nhost: t\r\n\r\n` +
      `GET ${target("c")} HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n`,
  );
  const [, second, third] = both.split("HTTP/1.1 200 OK");
  assertEquals([counts(second!), counts(third!)], [[0, 2], [0, 3]]);
});

Deno.test("the tracker does not take HEAD for an announce", async () => {
  await using tracker = await startTracker({ port: 0, hostname: "127.0.0.1" });
  const head = await exchange(
    tracker,
    `HEAD ${target("x")} HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n`,
  );
  assert(head.startsWith("HTTP/1.1 200 OK\r\n"), head);
  assert(head.endsWith("\r\n\r\n"), head);
  const reply = await exchange(
    tracker,
    `GET ${target("y")} HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n`,
  );
  assertEquals(counts(reply), [0, 1]);
});

Deno.test("the tracker registers an IPv4 peer by its IPv4 address on a socket for both families", async () => {
  await using tracker = await startTracker({ port: 0 });
  const request = (name: string): string =>
    `GET ${target(name)} HTTP/1.0\r\n\r\n`;
  await exchange(tracker, request("x"));
  assertStringIncludes(
    await exchange(tracker, request("y")),
    "5:peers6:\x7f\0\0\x01\x1a\xe1",
  );
});

Deno.test("the tracker disconnects silent and slow clients within 10 seconds", async () => {
  await using tracker = await startTracker({ port: 0, hostname: "127.0.0.1" });
  const startMs = performance.now();
  using silent = await RawClient.connect(tracker);
  using unfinished = await RawClient.connect(tracker);
  await unfinished.send("GET /announce?info_hash=");
  using kept = await RawClient.connect(tracker);
  await kept.send(`GET ${target("x")} HTTP/1.1\r\nhost: t\r\n\r\n`);
  const texts = await Promise.all(
    [silent, unfinished, kept].map((client) => client.receiveAll()),
  );
  const elapsedMs = performance.now() - startMs;
  assertEquals(texts.map(({ length }) => length > 0), [false, false, true]);
  // 10 s, and more for a machine under load.
  assert(elapsedMs < 40_000, `after ${elapsedMs} ms`);
});
