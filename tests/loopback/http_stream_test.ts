/**
 * Answers of the HTTP server that are made while they are sent.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import type { HttpResponse } from "../../lib/http/response.ts";
import { exchange, RawClient, startServer } from "./raw_http.ts";

const GET = "GET / HTTP/1.1\r\nhost: t\r\n\r\n";
const LAST = "GET / HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n";

const encoder = new TextEncoder();

/** A body whose parts a test gives when it likes, and that tells what becomes of it. */
class Events implements AsyncIterable<Uint8Array> {
  /** How many parts were asked for. */
  askedCount = 0;
  /** Resolves when nobody wants more. */
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
        this.askedCount++;
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

function streamed(body: AsyncIterable<Uint8Array>, headers = {}): HttpResponse {
  return { status: 200, headers, body };
}

async function* parts(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(encoder.encode(text));
}

Deno.test("the HTTP server sends events when they happen", async () => {
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
  Deno.test(`the HTTP server lets go of events when the client has gone (timeout of ${timeoutMs} ms)`, async () => {
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

Deno.test("the HTTP server asks for no more than the client takes, and lets go when it takes nothing", async () => {
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
  // What fits into the buffers of both ends, and no more.
  assert(sentLength < 64 * 1024 * 1024, `${sentLength} bytes`);
});

Deno.test("the HTTP server keeps the connection after a stream of known length", async () => {
  await using server = startServer({
    handle: ({ path }) =>
      streamed(
        parts("ab", "", "cde"),
        path === "/" ? { "content-length": "5" } : {},
      ),
  });
  const text = await exchange(server, GET + LAST);
  assertEquals(
    text.match(/content-length: 5\r\n/g)?.length,
    2,
  );
  assertEquals(text.match(/\r\n\r\nabcde/g)?.length, 2);
  // Without one it ends with the connection, and the second request is not read.
  const ended = await exchange(server, GET.replace("/", "/a") + LAST);
  assertMatch(
    ended,
    /^HTTP\/1.1 200 OK\r\n[^]*connection: close\r\n\r\nabcde$/,
  );
});

Deno.test("the HTTP server breaks off a stream that is longer or shorter than its header says", async () => {
  for (const length of ["4", "6"]) {
    await using server = startServer({
      handle: () => streamed(parts("ab", "cde"), { "content-length": length }),
    });
    const text = await exchange(server, GET + LAST);
    assertMatch(text, /\r\n\r\nab(cde)?$/);
    assertMatch(String(server.errors), /^TypeError: Cannot send body: /);
  }
});

Deno.test("the HTTP server breaks off a stream that fails, reports it and goes on", async () => {
  await using server = startServer({
    handle: () =>
      streamed(
        async function* (): AsyncGenerator<Uint8Array> {
          yield await Promise.resolve(encoder.encode("ab"));
          throw new Error("the disk is gone");
        }(),
        { "content-length": "5" },
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

Deno.test("the HTTP server lets go of a stream that HEAD does not want", async () => {
  const events = new Events();
  await using server = startServer({
    handle: () => streamed(events, { "content-length": "5" }),
  });
  const text = await exchange(server, LAST.replace("GET", "HEAD"));
  assertMatch(text, /\r\ncontent-length: 5\r\n[^]*\r\n\r\n$/);
  await events.returned.promise;
  assertEquals(events.askedCount, 0);
});

Deno.test("the HTTP server lets go of a stream whose client has gone before it began", async () => {
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
  assertEquals(events.askedCount, 0);
});

Deno.test("the HTTP server lets go of its streams when it stops", async () => {
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
