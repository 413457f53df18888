/**
 * The server of a share: its list, and torrent files that come when they are hashed.
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  buildTorrent,
  FetchError,
  fetchShares,
  parseTorrent,
  sha1,
  startShareServer,
} from "../../lib/mod.ts";
import { freePort } from "./machine.ts";

const LOCAL = { hostname: "127.0.0.1", hostName: "teacher-pc" };

Deno.test("a share is listed while it is hashed, and its torrent file follows", async () => {
  await using server = await startShareServer({ ...LOCAL, port: 0 });
  const host = `127.0.0.1:${server.port}`;
  const { id, path } = server.add("a b.bin");
  assertEquals(path, "/torrents/a%20b.bin.torrent");
  const early = await fetch(`http://${host}${path}`);
  await early.body?.cancel();
  assertEquals([early.status, early.headers.get("retry-after")], [503, "1"]);
  server.setSize("a b.bin", 300_000);
  server.setPeerPort(6881);
  const common = { name: "a b.bin", sizeBytes: 300_000, path, isSource: true };
  const share = { id, ...common };
  assertEquals(await fetchShares(host), {
    hostName: "teacher-pc",
    peerPort: 6881,
    shares: [{ ...share, state: "hashing" }],
  });
  const bytes = buildTorrent({
    name: "a b.bin",
    content: { type: "file", length: 300_000 },
    pieceLength: 2 ** 18,
    pieceHashes: new Uint8Array(40),
    announce: [],
  });
  const torrent = await parseTorrent(bytes, { sha1, platform: "linux" });
  await server.offer("a b.bin", { bytes, torrent, storage: () => undefined });
  const [ready] = (await fetchShares(host)).shares;
  assertEquals([ready!.id, ready!.state], [torrent.infoHash, "ready"]);
  const reply = await fetch(`http://${host}${path}`);
  assertEquals(new Uint8Array(await reply.arrayBuffer()), bytes);
  assertThrows(() => server.add("a b.bin"), RangeError, "twice");
  const missing = await fetch(`http://${host}/torrents/b.torrent`);
  await missing.body?.cancel();
  assertEquals(missing.status, 404);
  server.remove("a b.bin");
  assertEquals((await fetchShares(host)).shares, []);
  const removed = await fetch(`http://${host}${path}`);
  await removed.body?.cancel();
  assertEquals(removed.status, 404);
});

Deno.test("startShareServer() takes the next free port", async () => {
  const port = freePort();
  using _taken = Deno.listen({ hostname: "127.0.0.1", port });
  await using server = await startShareServer({ ...LOCAL, port });
  assertEquals(server.port > port && server.port < port + 10, true);
});

Deno.test("the list answers under no name of another site", async () => {
  await using server = await startShareServer({ ...LOCAL, port: 0 });
  using connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: server.port,
  });
  const request = "GET /shares.json HTTP/1.1\r\nHost: evil.example\r\n" +
    "Connection: close\r\n\r\n";
  await connection.write(new TextEncoder().encode(request));
  const reply = await new Response(connection.readable).text();
  assertEquals(reply.split("\r\n")[0], "HTTP/1.1 421 Misdirected Request");
});

Deno.test("fetchShares() fails for a while where nothing answers, for good at another server", async () => {
  const silent = await assertRejects(
    () => fetchShares(`127.0.0.1:${freePort()}`),
    FetchError,
    "Cannot ask 127.0.0.1:",
  );
  assertEquals(silent.isTemporary, true);
  await using other = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ({ url }) =>
      url.endsWith("/shares.json")
        ? new Response("<html>")
        : new Response("", { status: 404 }),
  );
  const { port } = other.addr;
  const error = await assertRejects(
    () => fetchShares(`127.0.0.1:${port}`),
    FetchError,
    "it is not JSON",
  );
  assertEquals(error.isTemporary, false);
});
