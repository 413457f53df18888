/**
 * Slow clients of the HTTP server, on a server with a short timeout.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { exchange, RawClient, startServer } from "./raw_http.ts";

const GET = "GET / HTTP/1.1\r\nhost: t\r\n\r\n";
const LAST = "GET / HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n";

const TIMEOUT_MS = 300;
/** Delay that a machine under load may add. */
const GRACE_MS = 30_000;

/** More bytes than the buffers of both ends of a connection hold. */
const HUGE_LENGTH = 32 * 1024 * 1024;

/** Waits for the end of a connection, which must be neither early nor late. */
async function assertTimesOut(
  client: RawClient,
  startMs: number,
): Promise<string> {
  const text = await client.receiveAll();
  const elapsedMs = performance.now() - startMs;
  assert(elapsedMs >= TIMEOUT_MS * 0.9, `closed after ${elapsedMs} ms`);
  assert(elapsedMs < TIMEOUT_MS + GRACE_MS, `closed after ${elapsedMs} ms`);
  return text;
}

Deno.test("the HTTP server closes a silent connection", async () => {
  await using server = startServer({ timeoutMs: TIMEOUT_MS });
  const startMs = performance.now();
  using client = await RawClient.connect(server);
  assertEquals(await assertTimesOut(client, startMs), "");
});

Deno.test("the HTTP server closes a connection whose request arrives byte by byte without an end", async () => {
  await using server = startServer({ timeoutMs: TIMEOUT_MS });
  const startMs = performance.now();
  using client = await RawClient.connect(server);
  let isClosed = false;
  const dripping = (async (): Promise<void> => {
    await client.send("GET /");
    try {
      while (!isClosed) {
        await client.send("x");
        await delay(TIMEOUT_MS / 10);
      }
    } catch (error) {
      // The socket was closed before this client noticed.
      const isLoss = error instanceof Deno.errors.BrokenPipe ||
        error instanceof Deno.errors.ConnectionReset;
      if (!isLoss) throw error;
    }
  })();
  assertEquals(await assertTimesOut(client, startMs), "");
  isClosed = true;
  await dripping;
});

Deno.test("the HTTP server closes a connection whose body does not end", async () => {
  await using server = startServer({ timeoutMs: TIMEOUT_MS });
  using client = await RawClient.connect(server);
  const startMs = performance.now();
  await client.send(
    "PUT / HTTP/1.1\r\nhost: t\r\ncontent-length: 100\r\n\r\nx",
  );
  assertMatch(await assertTimesOut(client, startMs), /PUT \/ $/);
});

Deno.test("the HTTP server closes a kept connection that is idle", async () => {
  await using server = startServer({ timeoutMs: TIMEOUT_MS });
  using client = await RawClient.connect(server);
  for (let count = 0; count < 3; count++) {
    await client.send(GET);
    await client.receiveUntil("GET / ");
    await delay(TIMEOUT_MS / 4);
  }
  const startMs = performance.now();
  await client.send(GET);
  assertMatch(await assertTimesOut(client, startMs), /GET \/ $/);
});

Deno.test("the HTTP server closes a connection whose client does not hang up after the last response", async () => {
  await using server = startServer({ timeoutMs: TIMEOUT_MS });
  using client = await RawClient.connect(server);
  await client.send("\x13BitTorrent protocol");
  await client.receiveUntil("\n\r\n".slice(1));
  await client.receiveAll();
  // The server has closed only its own side so far.
  const startMs = performance.now();
  for (;;) {
    try {
      await client.send("x");
    } catch (error) {
      assert(
        error instanceof Deno.errors.BrokenPipe ||
          error instanceof Deno.errors.ConnectionReset,
      );
      break;
    }
    assert(performance.now() - startMs < TIMEOUT_MS + GRACE_MS);
    await delay(10);
  }
});

Deno.test("the HTTP server closes a connection whose client does not read the response", async () => {
  const body = new Uint8Array(HUGE_LENGTH);
  await using server = startServer({
    timeoutMs: TIMEOUT_MS,
    handle: () => ({ status: 200, headers: {}, body }),
  });
  using client = await RawClient.connect(server);
  await client.send(LAST);
  await delay(TIMEOUT_MS * 20);
  const text = await client.receiveAll();
  assert(text.length > 0);
  assert(text.length < HUGE_LENGTH);
  assertEquals(server.errors, []);
});

Deno.test("the HTTP server is patient with a client that reads the response slowly", async () => {
  const body = new Uint8Array(HUGE_LENGTH);
  const timeoutMs = 6_000;
  const partCount = 32;
  await using server = startServer({
    timeoutMs,
    handle: () => ({ status: 200, headers: {}, body }),
  });
  using client = await RawClient.connect(server);
  await client.send(LAST);
  await client.receiveUntil("\r\n\r\n");
  const startMs = performance.now();
  for (let part = 0; part < partCount; part++) {
    await client.receive(HUGE_LENGTH / partCount);
    await delay(timeoutMs / partCount * 1.5);
  }
  assert(performance.now() - startMs > timeoutMs);
  assertEquals(await client.receiveAll(), "");
});

Deno.test("the HTTP server does not close a connection that waits for the handler", async () => {
  await using server = startServer({
    timeoutMs: TIMEOUT_MS,
    handle: async () => {
      await delay(TIMEOUT_MS * 3);
      return { status: 200, headers: {}, body: "late" };
    },
  });
  assertMatch(await exchange(server, LAST), /\r\n\r\nlate$/);
});
