/**
 * Responses of the HTTP server that are made while they are sent, or are long.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import type { HttpResponse } from "../../lib/http/response.ts";
import { exchange, RawClient, startServer } from "./raw_http.ts";

const GET = "GET / HTTP/1.1\r\nhost: t\r\n\r\n";
const LAST = "GET / HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n";

const encoder = new TextEncoder();

/** A body whose parts a test sends, and that reports what becomes of it. */
class Events implements AsyncIterable<Uint8Array> {
  /** Parts that were requested. */
  requestedCount = 0;
  /** Resolves when `return` is called. */
  readonly returned = Promise.withResolvers<void>();
  #next: ((result: IteratorResult<Uint8Array, undefined>) => void) | undefined;
  readonly #waiting: Uint8Array[] = [];

  send(text: string): void {
    const value = encoder.encode(text);
    if (this.#next === undefined) this.#waiting.push(value);
    else this.#next({ done: false, value });
    this.#next = undefined;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return {
      next: () => {
        this.requestedCount++;
        const value = this.#waiting.shift();
        if (value !== undefined) return Promise.resolve({ done: false, value });
        return new Promise((resolve) => this.#next = resolve);
      },
      return: () => {
        this.returned.resolve();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }
}

function streamed(body: AsyncIterable<Uint8Array>): HttpResponse {
  return { status: 200, headers: {}, body };
}

async function* parts(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(encoder.encode(text));
}

Deno.test("the HTTP server sends each event when it happens", async () => {
  const events = new Events();
  await using server = startServer({ handle: () => streamed(events) });
  using client = await RawClient.connect(server);
  await client.send(GET);
  assertMatch(
    await client.receiveUntil("\r\n\r\n"),
    /\r\nconnection: close\r\n/,
  );
  for (const event of ["one", "two", "three"]) {
    events.send(event);
    assertEquals(await client.receive(event.length), event);
  }
});

for (const timeoutMs of [100, 60_000]) {
  Deno.test(`the HTTP server ends a stream when the client hangs up (timeout of ${timeoutMs} ms)`, async () => {
    const events = new Events();
    await using server = startServer({
      timeoutMs,
      handle: () => streamed(events),
    });
    const client = await RawClient.connect(server);
    await client.send(GET);
    events.send("one");
    await client.receiveUntil("one");
    await delay(300);
    events.send("two");
    await client.receiveUntil("two");
    client[Symbol.dispose]();
    await events.returned.promise;
    assertEquals(server.errors, []);
  });
}

Deno.test("the HTTP server requests no more of a stream than the client receives, and ends it when the client receives nothing", async () => {
  let sentLength = 0;
  const ended = Promise.withResolvers<void>();
  await using server = startServer({
    timeoutMs: 300,
    handle: () =>
      streamed(async function* (): AsyncGenerator<Uint8Array> {
        try {
          for (;;) {
            sentLength += 65536;
            yield await Promise.resolve(new Uint8Array(65536));
          }
        } finally {
          ended.resolve();
        }
      }()),
  });
  using client = await RawClient.connect(server);
  await client.send(GET);
  await ended.promise;
  // No more than the buffers of both ends hold.
  assert(sentLength < 64 * 1024 * 1024, `${sentLength} bytes`);
});

Deno.test("the HTTP server ends a stream with the connection and reads no further request", async () => {
  await using server = startServer({
    handle: () => streamed(parts("ab", "", "cde")),
  });
  assertMatch(
    await exchange(server, GET + LAST),
    /^HTTP\/1.1 200 OK\r\n[^]*connection: close\r\n\r\nabcde$/,
  );
});

Deno.test("the HTTP server sends a long body unchanged and keeps the connection", async () => {
  const body = Uint8Array.from(
    { length: 1_000_000 },
    (_, index) => index % 251,
  );
  await using server = startServer({
    handle: () => ({ status: 200, headers: {}, body }),
  });
  using client = await RawClient.connect(server);
  for (const request of [GET, LAST.replace("GET", "HEAD")]) {
    await client.send(request);
    assertMatch(
      await client.receiveUntil("\r\n\r\n"),
      /\r\ncontent-length: 1000000\r\n/,
    );
    if (request !== GET) break;
    const received = await client.receive(body.length);
    assert(body.every((byte, index) => byte === received.charCodeAt(index)));
  }
  assertEquals(await client.receiveAll(), "");
});

Deno.test("the HTTP server closes the connection of a stream that fails, reports the error and serves on", async () => {
  await using server = startServer({
    handle: () =>
      streamed(
        async function* (): AsyncGenerator<Uint8Array> {
          yield await Promise.resolve(encoder.encode("ab"));
          throw new Error("the disk is gone");
        }(),
      ),
  });
  for (let count = 1; count <= 2; count++) {
    assertMatch(await exchange(server, GET), /\r\n\r\nab$/);
    assertEquals(
      server.errors.map(String),
      Array(count).fill("Error: the disk is gone"),
    );
  }
});

Deno.test("the HTTP server ends a stream that a HEAD request does not read", async () => {
  const events = new Events();
  await using server = startServer({
    handle: () => streamed(events),
  });
  const text = await exchange(server, LAST.replace("GET", "HEAD"));
  assertMatch(text, /^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\n$/);
  await events.returned.promise;
  assertEquals(events.requestedCount, 0);
});

Deno.test("the HTTP server ends a stream whose connection is closed before it begins", async () => {
  const events = new Events();
  const called = Promise.withResolvers<void>();
  const begin = Promise.withResolvers<void>();
  const server = startServer({
    handle: async () => {
      called.resolve();
      await begin.promise;
      return streamed(events);
    },
  });
  using client = await RawClient.connect(server);
  await client.send(GET);
  await called.promise;
  await server.server.stop();
  begin.resolve();
  await events.returned.promise;
  assertEquals(events.requestedCount, 0);
});

Deno.test("the HTTP server ends its streams when it stops", async () => {
  const events = new Events();
  const server = startServer({ handle: () => streamed(events) });
  using client = await RawClient.connect(server);
  await client.send(GET);
  events.send("one");
  await client.receiveUntil("one");
  await server.server.stop();
  await events.returned.promise;
  assertEquals(await client.receiveAll(), "");
});
