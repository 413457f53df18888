import { assert, assertEquals, assertThrows } from "@std/assert";
import { ByteQueue } from "../../../lib/base/byte_queue.ts";
import { type HttpRequest, RequestError } from "../../../lib/http/request.ts";
import { RequestReader } from "../../../lib/http/request_reader.ts";
import { latin1 } from "../bencode/bytes.ts";
import { fuzz, FUZZ_SEED } from "../fuzz.ts";

/** A request's properties, for comparing. */
interface Parsed {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly keepsConnection: boolean;
}

function parsed(request: HttpRequest): Parsed {
  const { method, path, query, keepsConnection } = request;
  return { method, path, query, keepsConnection };
}

function readerOf(received: ByteQueue): RequestReader {
  return new RequestReader(received, { remoteHostname: "192.0.2.7" });
}

/** The requests in bytes that arrive in parts. */
function readAll(parts: readonly Uint8Array[]): Parsed[] {
  const received = new ByteQueue(16);
  const reader = readerOf(received);
  const requests: Parsed[] = [];
  for (const part of parts) {
    received.push(part);
    for (;;) {
      const request = reader.next();
      if (request === undefined) break;
      requests.push(parsed(request));
    }
  }
  return requests;
}

function read(text: string): Parsed[] {
  return readAll([latin1(text)]);
}

/** The first request, unchanged. */
function readOne(text: string): HttpRequest {
  const received = new ByteQueue(16);
  received.push(latin1(text));
  const request = readerOf(received).next();
  assert(request !== undefined);
  return request;
}

const ANNOUNCE = "GET /announce?info_hash=%AA&left=1 HTTP/1.1\r\n" +
  "Host: tracker\r\n\r\n";

const ANNOUNCED: Parsed = {
  method: "GET",
  path: "/announce",
  query: "info_hash=%AA&left=1",
  keepsConnection: true,
};

/** Three at once: an empty line between them, a body, HTTP/1.0 without headers. */
const THREE = ANNOUNCE + "\r\n" +
  "POST /stats HTTP/1.1\r\nhost: t\r\ncontent-length: 5\r\n\r\nGET /" +
  "HEAD / HTTP/1.0\r\n\r\n";

const ALL_THREE: readonly Parsed[] = [
  ANNOUNCED,
  { method: "POST", path: "/stats", query: "", keepsConnection: true },
  { method: "HEAD", path: "/", query: "", keepsConnection: false },
];

Deno.test("RequestReader reads a request", () => {
  const request = readOne(ANNOUNCE);
  assertEquals(parsed(request), ANNOUNCED);
  assertEquals(request.remoteHostname, "192.0.2.7");
  assertEquals(request.isHttp10, false);
});

Deno.test("RequestReader reads pipelined requests and skips bodies", () => {
  assertEquals(read(THREE), [...ALL_THREE]);
});

Deno.test("RequestReader reads requests split at any byte", () => {
  const bytes = latin1(THREE);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const parts = [bytes.subarray(0, cut), bytes.subarray(cut)];
    assertEquals(readAll(parts), [...ALL_THREE], `cut at ${cut}`);
  }
});

Deno.test("RequestReader reads requests byte by byte", () => {
  const parts = [...latin1(THREE)].map((byte) => Uint8Array.of(byte));
  assertEquals(readAll(parts), [...ALL_THREE]);
});

Deno.test("RequestReader waits for the last byte of a head and leaves the bytes after it", () => {
  const bytes = latin1(ANNOUNCE);
  const received = new ByteQueue(16);
  const reader = readerOf(received);
  received.push(bytes.subarray(0, -1));
  assertEquals(reader.next(), undefined);
  assert(reader.isInRequest);
  received.push(Uint8Array.of(bytes.at(-1)!, 0x47)); // G
  assert(reader.next() !== undefined);
  assertEquals(received.length, 1);
  assert(reader.isInRequest);
});

Deno.test("RequestReader is in a request until its body has arrived", () => {
  const received = new ByteQueue(16);
  const reader = readerOf(received);
  received.push(
    latin1("PUT / HTTP/1.1\r\nhost: t\r\ncontent-length: 3\r\n\r\nab"),
  );
  assert(reader.next() !== undefined);
  assertEquals(reader.next(), undefined);
  assert(reader.isInRequest);
  received.push(latin1("c"));
  assertEquals(reader.next(), undefined);
  assert(!reader.isInRequest);
});

Deno.test("RequestReader accepts lines that end with a line feed alone", () => {
  assertEquals(read(ANNOUNCE.replaceAll("\r", "")), [ANNOUNCED]);
});

Deno.test("RequestReader keeps the target as it was sent, one character for each byte", () => {
  let every = "";
  for (let byte = 0x21; byte <= 0xff; byte++) {
    every += String.fromCharCode(byte);
  }
  const [request] = read(`GET /a?${every} HTTP/1.1\r\nhost: t\r\n\r\n`);
  assertEquals(request?.query, every);
  const [second] = read(`GET /\xe9%e9//..?a?b%zz+ HTTP/1.1\r\nhost: t\r\n\r\n`);
  assertEquals([second?.path, second?.query], ["/\xe9%e9//..", "a?b%zz+"]);
});

const TARGETS: readonly [target: string, path: string, query: string][] = [
  ["/", "/", ""],
  ["/?", "/", ""],
  ["/a?b", "/a", "b"],
  ["//a", "//a", ""],
  ["*", "*", ""],
  ["http://t/a?b", "/a", "b"],
  ["HTTPS://t:1/a?http://x/y", "/a", "http://x/y"],
  ["http://[::1]:8000", "/", ""],
  ["http://t?b/c", "/", "b/c"],
];

for (const [target, path, query] of TARGETS) {
  Deno.test(`RequestReader parses the target ${target}`, () => {
    const [request] = read(`GET ${target} HTTP/1.1\r\nhost: t\r\n\r\n`);
    assertEquals([request?.path, request?.query], [path, query]);
  });
}

const KEPT: readonly [version: string, headers: string, isKept: boolean][] = [
  ["1.1", "", true],
  ["1.1", "connection: close\r\n", false],
  ["1.1", "Connection: Close\r\n", false],
  ["1.1", "connection: te, CLOSE\r\n", false],
  ["1.1", "connection: te\r\nconnection: close\r\n", false],
  ["1.1", "connection: closed\r\n", true],
  ["1.1", "connection: keep-alive\r\n", true],
  ["1.1", "expect: 100-continue\r\n", false],
  ["1.2", "", true],
  ["1.0", "", false],
  ["1.0", "connection: keep-alive\r\n", true],
  ["1.0", "connection: Keep-Alive, te\r\n", true],
];

for (const [version, headers, isKept] of KEPT) {
  Deno.test(`RequestReader ${isKept ? "keeps" : "does not keep"} a connection of HTTP/${version} with ${JSON.stringify(headers)}`, () => {
    const [request] = read(
      `GET / HTTP/${version}\r\nhost: t\r\n${headers}\r\n`,
    );
    assertEquals(request?.keepsConnection, isKept);
  });
}

Deno.test("HttpRequest.header() finds headers by name and joins several of one name", () => {
  const request = readOne(
    "GET / HTTP/1.1\r\nHost: t\r\nX-Forwarded-For:  192.0.2.1 \r\n" +
      "Accept:\r\nx-forwarded-for:\t\xff\r\nAccept-Language: a:b\r\n\r\n",
  );
  assertEquals(request.header("host"), "t");
  assertEquals(request.header("x-forwarded-for"), "192.0.2.1, \xff");
  assertEquals(request.header("accept"), "");
  assertEquals(request.header("accept-language"), "a:b");
  assertEquals(request.header("x-forwarded"), undefined);
});

/** Longest path and query, and most bytes of headers. */
const MAX_LENGTH = 16 * 1024;
const MAX_HEADER_COUNT = 100;
const MAX_BODY_LENGTH = 64 * 1024;

const LONG = "x".repeat(MAX_LENGTH + 100);
const HOST = "host: t\r\n";

const REFUSED: readonly [
  status: number,
  what: string,
  text: string,
][] = [
  [400, "a BitTorrent handshake", "\x13BitTorrent protocol"],
  [400, "a TLS greeting", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  [400, "zeros", "\0\0\0\0"],
  [400, "a line that is not a request", "hello\r\n"],
  [400, "HTTP/0.9", "GET /\r\n"],
  [400, "a version in lower case", "GET / http/1.1\r\n"],
  [400, "a version without a number", "GET / HTTP/1.x\r\n"],
  [400, "a request without a target", "GET HTTP/1.1\r\n"],
  [400, "a target with a space", "GET /a b HTTP/1.1\r\n"],
  [400, "a target with a control byte", "GET /\x01 HTTP/1.1\r\n"],
  [400, "a target with a carriage return", "GET /\r HTTP/1.1\r\n"],
  [400, "a target that is not a path", "GET announce HTTP/1.1\r\n"],
  [400, "a target of another scheme", "GET ftp://t/a HTTP/1.1\r\n"],
  [400, "a method that is not a token", "G(T / HTTP/1.1\r\n"],
  [400, "two spaces", "GET  / HTTP/1.1\r\n"],
  [505, "HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  [505, "HTTP/0.9 by its number", "GET / HTTP/0.9\r\n"],
  [414, "a target that is too long", `GET /${LONG} HTTP/1.1\r\n`],
  [414, "a target without an end", `GET /${LONG}`],
  [400, "no host", "GET / HTTP/1.1\r\n\r\n"],
  [400, "two hosts", `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`],
  [400, "a header without a name", `GET / HTTP/1.1\r\n${HOST}: a\r\n\r\n`],
  [400, "a header without a colon", `GET / HTTP/1.1\r\n${HOST}a\r\n\r\n`],
  [400, "a space after a name", `GET / HTTP/1.1\r\n${HOST}a : b\r\n\r\n`],
  [400, "a folded line", `GET / HTTP/1.1\r\n${HOST}a: b\r\n c\r\n\r\n`],
  [400, "a zero in a header", `GET / HTTP/1.1\r\n${HOST}a: \0\r\n\r\n`],
  [400, "a lone carriage return", `GET / HTTP/1.1\r\n${HOST}a: \rb\r\n\r\n`],
  [431, "a header that is too long", `GET / HTTP/1.1\r\na: ${LONG}\r\n\r\n`],
  [431, "headers without an end", `GET / HTTP/1.1\r\na: ${LONG}`],
  [
    431,
    "too many headers",
    `GET / HTTP/1.1\r\n${"a: b\r\n".repeat(MAX_HEADER_COUNT + 1)}\r\n`,
  ],
  [
    413,
    "a body that is too long",
    post(`content-length: ${MAX_BODY_LENGTH + 1}`),
  ],
  [413, "a body of endless length", post("content-length: 999999999999999")],
  [400, "a negative length", post("content-length: -1")],
  [400, "a length of two numbers", post("content-length: 5, 5")],
  [400, "two lengths", post("content-length: 5\r\ncontent-length: 5")],
  [411, "a body in chunks", post("transfer-encoding: chunked")],
  [
    411,
    "a body in chunks and with a length",
    post("content-length: 5\r\ntransfer-encoding: chunked"),
  ],
];

function post(header: string): string {
  return `POST / HTTP/1.1\r\n${HOST}${header}\r\n\r\n`;
}

for (const [status, what, text] of REFUSED) {
  Deno.test(`RequestReader refuses ${what} with ${status}, whole and byte by byte`, () => {
    const error = assertThrows(() => read(text), RequestError);
    assertEquals(error.status, status);
    const parts = [...latin1(text)].map((byte) => Uint8Array.of(byte));
    const slow = assertThrows(() => readAll(parts), RequestError);
    assertEquals(slow.status, status);
  });
}

Deno.test("RequestReader accepts a request exactly at the limits", () => {
  const target = `/${"x".repeat(MAX_LENGTH - 1)}`;
  const value = "x".repeat(MAX_LENGTH - HOST.length - "a: \r\n".length);
  const within = `PUT ${target} HTTP/1.1\r\n${HOST}a: ${value}\r\n\r\n`;
  assertEquals(read(within).length, 1);
  const headers = "a: b\r\n".repeat(MAX_HEADER_COUNT - 2) +
    `content-length: ${MAX_BODY_LENGTH}\r\n`;
  const body = "0".repeat(MAX_BODY_LENGTH);
  const full = `PUT / HTTP/1.1\r\n${HOST}${headers}\r\n${body}`;
  assertEquals(read(full + ANNOUNCE).length, 2);
});

Deno.test(`RequestReader accepts or refuses mutated requests (seed ${FUZZ_SEED})`, async () => {
  await fuzz({
    examples: [THREE, ...REFUSED.map(([, , text]) => text)].map(latin1),
    decode: (bytes) => readAll([bytes])[0],
    refusal: RequestError,
  });
});

Deno.test(`RequestReader reads the same from whole input and byte by byte (seed ${FUZZ_SEED})`, async () => {
  /** Requests before the first refusal, and the refusal. */
  const outcome = (parts: readonly Uint8Array[]): unknown[] => {
    const received = new ByteQueue(16);
    const reader = readerOf(received);
    const outcomes: unknown[] = [];
    try {
      for (const part of parts) {
        received.push(part);
        for (;;) {
          const request = reader.next();
          if (request === undefined) break;
          outcomes.push(parsed(request));
        }
      }
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      // A longer input may be refused for another of its faults.
      outcomes.push("refused");
    }
    return outcomes;
  };
  await fuzz({
    examples: [THREE, ANNOUNCE + ANNOUNCE].map(latin1),
    decode: (bytes) => {
      const slowly = [...bytes].map((byte) => Uint8Array.of(byte));
      assertEquals(outcome(slowly), outcome([bytes]));
      return true;
    },
  });
});
