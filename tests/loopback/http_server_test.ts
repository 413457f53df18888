/**
 * The HTTP server on real sockets, with well-formed and malformed requests.
 */
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { delay } from "@std/async/delay";
import type { HttpResponse } from "../../lib/http/response.ts";
import { exchange, RawClient, startServer } from "./raw_http.ts";

const GET = "GET /a?b HTTP/1.1\r\nhost: t\r\n\r\n";
const LAST = "GET /a?b HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n";

/** The test server's response to `GET`, without its date. */
const ANSWER = "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nGET /a b";
const LAST_ANSWER =
  "HTTP/1.1 200 OK\r\ncontent-length: 8\r\nconnection: close\r\n\r\nGET /a b";

function withoutDate(text: string): string {
  return text.replaceAll(/date: .*\r\n/g, "");
}

Deno.test("the HTTP server closes the connection after the response if the client asks for it", async () => {
  await using server = startServer();
  assertEquals(withoutDate(await exchange(server, LAST)), LAST_ANSWER);
});

Deno.test("the HTTP server dates its responses", async () => {
  await using server = startServer();
  const [, date] = /\r\ndate: (.*)\r\n/.exec(await exchange(server, LAST))!;
  assertMatch(date!, /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
  assert(Math.abs(Date.parse(date!) - Date.now()) < 60_000);
});

Deno.test("the HTTP server keeps the connection for the next request", async () => {
  await using server = startServer();
  using client = await RawClient.connect(server);
  for (let count = 0; count < 3; count++) {
    await client.send(GET);
    assertEquals(withoutDate(await client.receiveUntil("GET /a b")), ANSWER);
  }
});

Deno.test("the HTTP server answers pipelined requests in their order", async () => {
  await using server = startServer();
  let requests = "";
  let answers = "";
  for (let index = 1000; index < 2000; index++) {
    requests += `GET /${index} HTTP/1.1\r\nhost: t\r\n\r\n`;
    answers += `GET /${index} ;`;
  }
  const text = await exchange(server, requests + LAST);
  const bodies = text.match(/GET \/\d{4} /g)!.map((body) => `${body};`);
  assertEquals(bodies.join(""), answers);
  assert(withoutDate(text).endsWith(LAST_ANSWER));
});

Deno.test("the HTTP server reads a request split at any byte", async () => {
  await using server = startServer();
  for (let cut = 1; cut < LAST.length; cut++) {
    using client = await RawClient.connect(server);
    await client.send(LAST.slice(0, cut));
    // Sent in a segment of its own.
    await delay(1);
    await client.send(LAST.slice(cut));
    assertEquals(withoutDate(await client.receiveAll()), LAST_ANSWER);
  }
});

Deno.test("the HTTP server answers a client that has closed its side of the connection", async () => {
  await using server = startServer();
  using client = await RawClient.connect(server);
  await client.send(GET);
  await client.sendEnd();
  assertEquals(withoutDate(await client.receiveAll()), ANSWER);
});

Deno.test("the HTTP server speaks HTTP/1.0", async () => {
  await using server = startServer();
  assertEquals(
    withoutDate(await exchange(server, "GET /a?b HTTP/1.0\r\n\r\n")),
    LAST_ANSWER,
  );
  using client = await RawClient.connect(server);
  await client.send("GET /a?b HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
  assertStringIncludes(
    await client.receiveUntil("GET /a b"),
    "\r\nconnection: keep-alive\r\n",
  );
  await client.send("GET / HTTP/1.0\r\n\r\n");
  assertMatch(await client.receiveAll(), /\r\nconnection: close\r\n/);
});

Deno.test("the HTTP server answers HEAD without the body", async () => {
  await using server = startServer();
  const head = LAST.replace("GET", "HEAD");
  assertEquals(
    withoutDate(await exchange(server, head)),
    LAST_ANSWER.slice(0, -"GET /a b".length).replace("8", "9"),
  );
});

Deno.test("the HTTP server passes the query on byte for byte", async () => {
  let every = "";
  for (let byte = 0x21; byte <= 0xff; byte++) {
    every += String.fromCharCode(byte);
  }
  await using server = startServer({
    handle: ({ query }) => ({
      status: 200,
      headers: {},
      body: Uint8Array.from(query, (character) => character.charCodeAt(0)),
    }),
  });
  const text = await exchange(server, LAST.replace("?b", `?${every}`));
  assert(text.endsWith(`\r\n\r\n${every}`));
});

Deno.test("the HTTP server skips bodies, and does not wait for one after Expect: 100-continue", async () => {
  await using server = startServer();
  const put = "PUT /a?b HTTP/1.1\r\nhost: t\r\ncontent-length: 3000\r\n";
  using client = await RawClient.connect(server);
  await client.send(`${put}\r\n${"x".repeat(1000)}`);
  await client.receiveUntil("PUT /a b");
  await client.send("GET / HTTP/1.1\r\n".repeat(125) + GET);
  assertEquals(withoutDate(await client.receiveUntil("GET /a b")), ANSWER);
  assertMatch(
    await exchange(server, `${put}expect: 100-continue\r\n\r\n`),
    /^HTTP\/1.1 200 OK\r\n[^]*\r\nconnection: close\r\n\r\nPUT \/a b$/,
  );
});

const REFUSED: readonly [status: string, text: string][] = [
  ["400 Bad Request", "\x13BitTorrent protocol"],
  ["400 Bad Request", "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"],
  ["400 Bad Request", `${GET}nonsense\r\n\r\n`],
  ["414 URI Too Long", `GET /${"x".repeat(100_000)} HTTP/1.1\r\n\r\n`],
  [
    "431 Request Header Fields Too Large",
    `GET / HTTP/1.1\r\nhost: t\r\n${"a: b\r\n".repeat(10_000)}\r\n`,
  ],
  [
    "413 Content Too Large",
    `PUT / HTTP/1.1\r\nhost: t\r\ncontent-length: 3000000\r\n\r\n${
      "x".repeat(500_000)
    }`,
  ],
  [
    "411 Length Required",
    "PUT / HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n",
  ],
  ["505 HTTP Version Not Supported", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
];

for (const [status, text] of REFUSED) {
  Deno.test(`the HTTP server answers ${status} to ${JSON.stringify(text.slice(0, 24))} and closes the connection`, async () => {
    await using server = startServer();
    using client = await RawClient.connect(server);
    await client.send(text);
    await client.sendEnd();
    const answer = await client.receiveAll();
    assertStringIncludes(answer, `HTTP/1.1 ${status}\r\n`);
    assertMatch(
      answer,
      /\r\nconnection: close\r\n\r\nCannot read request: .*\n$/,
    );
    assertEquals(server.errors, []);
  });
}

Deno.test("the HTTP server answers 500 when its handler fails, and serves on", async () => {
  let count = 0;
  await using server = startServer({
    handle: (): HttpResponse | Promise<HttpResponse> => {
      switch (++count) {
        case 1:
          throw new Error("thrown");
        case 2:
          return Promise.reject(new Error("rejected"));
        case 3:
          return { status: 200, headers: { a: "\n" }, body: "" };
        default:
          return { status: 200, headers: {}, body: "fine" };
      }
    },
  });
  using client = await RawClient.connect(server);
  await client.send(GET.repeat(3) + LAST);
  const answers = await client.receiveAll();
  assertEquals(
    answers.match(/HTTP\/1.1 \d+/g)!.map((line) => line.slice(-3)),
    ["500", "500", "500", "200"],
  );
  assertMatch(answers, /Error: thrown[^]*Error: rejected[^]*TypeError: /);
  assertEquals(server.errors.length, 3);
});

Deno.test("the HTTP server waits for slow responses and keeps their order", async () => {
  const pending: (() => void)[] = [];
  await using server = startServer({
    handle: ({ path }) =>
      path === "/now" ? { status: 200, headers: {}, body: path } : new Promise(
        (resolve) =>
          pending.push(() => resolve({ status: 200, headers: {}, body: path })),
      ),
  });
  using client = await RawClient.connect(server);
  const request = (path: string): string => GET.replace("/a?b", path);
  await client.send(["/now", "/1", "/now", "/2"].map(request).join(""));
  // A ready response does not wait for a later one.
  await client.receiveUntil("/now");
  pending.shift()!();
  await client.receiveUntil("/1");
  await client.receiveUntil("/now");
  pending.shift()!();
  await client.receiveUntil("/2");
});

Deno.test("the HTTP server survives clients that hang up at any byte", async () => {
  await using server = startServer({
    handle: async ({ path }) => {
      await delay(1);
      return { status: 200, headers: {}, body: path.repeat(100_000) };
    },
  });
  for (let cut = 0; cut <= GET.length; cut++) {
    const client = await RawClient.connect(server);
    await client.send(GET.slice(0, cut));
    client[Symbol.dispose]();
  }
  const answer = await exchange(server, LAST);
  assert(answer.endsWith("/a/a"));
  assertEquals(server.errors, []);
});

Deno.test("the HTTP server serves on while 1,000 connections are silent", async () => {
  await using server = startServer({ maxConnectionsPerAddress: 2000 });
  const clients: RawClient[] = [];
  using _ = {
    [Symbol.dispose]: () =>
      clients.forEach((client) => client[Symbol.dispose]()),
  };
  for (let count = 0; count < 1000; count++) {
    clients.push(await RawClient.connect(server));
  }
  assertEquals(withoutDate(await exchange(server, LAST)), LAST_ANSWER);
  await clients[0]!.send(LAST);
  assertEquals(withoutDate(await clients[0]!.receiveAll()), LAST_ANSWER);
});

Deno.test("the HTTP server closes its oldest idle connection for a new one", async () => {
  await using server = startServer({ maxConnectionsPerAddress: 2 });
  using oldest = await RawClient.connect(server);
  await oldest.send(GET);
  await oldest.receiveUntil("GET /a b");
  using busy = await RawClient.connect(server);
  await busy.send("GET");
  for (let count = 0; count < 3; count++) {
    assertEquals(withoutDate(await exchange(server, LAST)), LAST_ANSWER);
  }
  assertEquals(await oldest.receiveAll(), "");
  await busy.send(LAST.slice(3));
  assertEquals(withoutDate(await busy.receiveAll()), LAST_ANSWER);
});

Deno.test("the HTTP server stops at once while connections are silent, and may be stopped again", async () => {
  const server = startServer();
  using _silent = await RawClient.connect(server);
  using kept = await RawClient.connect(server);
  await kept.send(GET);
  await kept.receiveUntil("GET /a b");
  using begun = await RawClient.connect(server);
  await begun.send("GET /");
  await Promise.all([server.server.stop(), server.server.stop()]);
  assertEquals(await kept.receiveAll(), "");
  assertEquals(await begun.receiveAll(), "");
});

Deno.test("the HTTP server finishes responses that are being made before it stops, within a limit", async () => {
  const called = Promise.withResolvers<void>();
  const server = startServer({
    handle: async ({ path }) => {
      if (path === "/never") {
        called.resolve();
        await new Promise(() => {});
      }
      await delay(20);
      return { status: 200, headers: {}, body: "late" };
    },
  });
  using never = await RawClient.connect(server);
  await never.send(GET.replace("/a?b", "/never"));
  await called.promise;
  using late = await RawClient.connect(server);
  await late.send(GET);
  // The server has read that request once it answers a later connection.
  await exchange(server, LAST);
  await late.send(GET);
  await delay(5);
  await server.server.stop();
  assertMatch(await late.receiveAll(), /late/);
  assertEquals(await never.receiveAll(), "");
});
