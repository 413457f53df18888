/**
 * Fetching torrents from servers that behave and from servers that do not.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { buildTorrent, PIECE_LENGTH } from "../../mod.ts";
import { createAddressFilter } from "../../lib/base/address_filter.ts";
import { FetchError } from "../../lib/base/errors.ts";
import { MAX_TORRENT_FILE_LENGTH } from "../../lib/disk/torrent_file.ts";
import { HttpError, httpGet } from "../../lib/net/http_get.ts";
import { MetainfoError } from "../../lib/metainfo/metainfo_error.ts";
import { fetchTorrent } from "../../lib/catalogue/fetch_torrent.ts";
import { freePort, usedMemory } from "./machine.ts";

const FILE = buildTorrent({
  name: "a",
  content: { type: "file", length: 1 },
  pieceLength: PIECE_LENGTH,
  pieceHashes: new Uint8Array(20),
  announce: ["http://192.0.2.1:8000/announce"],
});

const MIB = 1024 * 1024;

const HTML = "<!DOCTYPE html>\n<title>Log in</title>";

interface TestServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
}

function serve(answer: (request: Request) => Response): TestServer {
  const closing = new AbortController();
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
    signal: closing.signal,
  }, answer);
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => {
      closing.abort();
      return server.finished;
    },
  };
}

/** The reason in the error of fetching from a server that answers like this. */
async function reasonFor(
  answer: (request: Request) => Response,
  path = "/a.torrent",
): Promise<string> {
  await using server = serve(answer);
  const url = server.url + path;
  const error = await assertRejects(() => fetchTorrent(url), FetchError);
  const prefix = `Cannot fetch ${url}: `;
  assertEquals(error.message.slice(0, prefix.length), prefix);
  return error.message.slice(prefix.length);
}

/** A server that sends these bytes on each connection and then stays silent. */
function speakOnce(bytes: string): TestServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.Conn[] = [];
  const running = (async () => {
    for await (const connection of listener) {
      connections.push(connection);
      await connection.write(new TextEncoder().encode(bytes));
    }
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    [Symbol.asyncDispose]: () => {
      listener.close();
      for (const connection of connections) connection.close();
      return running;
    },
  };
}

Deno.test("fetchTorrent() reads a torrent file from a server", async () => {
  await using server = serve(() => new Response(FILE));
  const torrent = await fetchTorrent(`${server.url}/a.torrent`);
  assertEquals([torrent.name, torrent.geometry.length], ["a", 1]);
});

Deno.test("fetchTorrent() follows a few redirects", async () => {
  const step = (request: Request): Response => {
    const left = Number(new URL(request.url).searchParams.get("left"));
    return left === 0 ? new Response(FILE) : new Response(null, {
      status: 302,
      headers: { location: `?left=${left - 1}` },
    });
  };
  await using server = serve(step);
  assertEquals((await fetchTorrent(`${server.url}/?left=5`)).name, "a");
  assertEquals(
    await reasonFor(step, "/?left=6"),
    "more than 5 redirects; check the URL and that the server is running",
  );
});

Deno.test("fetchTorrent() refuses redirects to other schemes", async () => {
  for (
    const [location, reason] of [
      ["file:///etc/passwd", "the answer is a redirect to file:"],
      ["data:text/plain,x", "the answer is a redirect to data:"],
      ["http://[", "the answer is a redirect to an invalid URL"],
    ] as const
  ) {
    const headers = { location };
    const answer = () => new Response(null, { status: 301, headers });
    assertEquals((await reasonFor(answer)).split("; ")[0], reason);
  }
});

Deno.test("fetchTorrent() asks no host that a redirect must not lead to", async () => {
  let askedCount = 0;
  await using victim = serve(() => {
    askedCount++;
    return new Response(FILE);
  });
  const location = victim.url.replace("127.0.0.1", "localhost");
  await using server = serve(() => Response.redirect(location));
  const permits = createAddressFilter({ deny: ["127.0.0.1", "::1"] });
  await assertRejects(
    () => fetchTorrent(server.url, { permits }),
    FetchError,
    "is not allowed",
  );
  assertEquals(askedCount, 0);
  assertEquals((await fetchTorrent(server.url)).name, "a");
});

Deno.test("fetchTorrent() reports the status of the server", async () => {
  for (
    const [status, reason] of [
      [
        404,
        "the server has no such file (HTTP status 404); check the name",
      ],
      [
        421,
        "the tracker does not answer to that name (HTTP status 421); use its IP address, or start it with --page-name and the name",
      ],
      [
        500,
        "the answer is HTTP status 500; open the URL in a browser to see why",
      ],
      [
        502,
        "the answer is HTTP status 502; if a proxy sent it, name the host in NO_PROXY",
      ],
    ] as const
  ) {
    assertEquals(await reasonFor(() => new Response(HTML, { status })), reason);
  }
});

Deno.test("fetchTorrent() recognizes a web page", async () => {
  for (
    const [body, reason] of [
      [HTML, "is a web page"],
      ["\ufeff\r\n  <html>", "is a web page"],
      ["<?xml?>", "is not bencode: "],
      ["", "is not bencode: "],
    ] as const
  ) {
    await using server = serve(() => new Response(body));
    const url = `${server.url}/login`;
    const error = await assertRejects(() => fetchTorrent(url), MetainfoError);
    const text = `Cannot read ${url}: torrent: ${reason}`;
    assertEquals(error.message.slice(0, text.length), text);
  }
});

Deno.test("fetchTorrent() names the invalid field", async () => {
  const text = new TextDecoder("latin1").decode(FILE);
  const bytes = Uint8Array.from(
    text.replace("i262144e", "i0e"),
    (character) => character.charCodeAt(0),
  );
  await using server = serve(() => new Response(bytes));
  await assertRejects(
    () => fetchTorrent(`${server.url}/a.torrent`),
    MetainfoError,
    `${server.url}/a.torrent: info.piece length: is 0, below 1`,
  );
});

Deno.test("fetchTorrent() stops at the limit for torrent files", async () => {
  let sentLength = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      sentLength += 1024 * 1024;
      yield new Uint8Array(1024 * 1024);
      await delay(0);
    }
  }
  const answer = () => new Response(ReadableStream.from(endless()));
  assertEquals(
    await reasonFor(answer),
    "the answer exceeds the limit of 33554432 bytes; check the URL and that the server is running",
  );
  // The system's buffers come on top.
  assert(sentLength < 128 * 1024 * 1024);
});

interface Zlib {
  readonly constants: { readonly BROTLI_PARAM_QUALITY: number };
  brotliCompressSync(
    bytes: Uint8Array,
    options: { readonly params: Readonly<Record<number, number>> },
  ): Uint8Array;
  gzipSync(bytes: Uint8Array): Uint8Array;
}

// Not by import, for which the oldest Deno adds the package of Node's types.
const { process } = globalThis as unknown as {
  process: { getBuiltinModule(name: "node:zlib"): Zlib };
};
const { brotliCompressSync, constants, gzipSync } = process.getBuiltinModule(
  "node:zlib",
);

function brotli(bytes: Uint8Array): Uint8Array {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 1 };
  return brotliCompressSync(bytes, { params });
}

for (
  const [encoding, pack] of [
    ["gzip", gzipSync],
    ["br", brotli],
  ] as const
) {
  Deno.test(`httpGet() unpacks ${encoding} in bounded memory`, async () => {
    const packed = Uint8Array.from(pack(new Uint8Array(40 * MIB)));
    assert(packed.length < MIB / 8);
    const headers = { "content-encoding": encoding };
    await using server = serve(() => new Response(packed, { headers }));
    let most = 0;
    const error = await assertRejects(() =>
      httpGet(server.url, {
        signal: new AbortController().signal,
        maxLength: MAX_TORRENT_FILE_LENGTH,
        onBytes: () => most = Math.max(most, usedMemory()),
      }), HttpError);
    assertEquals(
      error.message,
      "the answer exceeds the limit of 33554432 bytes",
    );
    // Measured: 220 MiB, most of it not collected yet; with all chunks kept, 635.
    assert(most > 0 && most < 400 * MIB, `${most} bytes`);
  });
}

Deno.test("fetchTorrent() gives up on a server that falls silent", async () => {
  const beginnings = [
    "",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nd8:",
  ];
  for (const beginning of beginnings) {
    await using server = speakOnce(beginning);
    await assertRejects(
      () => fetchTorrent(server.url, { silenceLimitMs: 200 }),
      FetchError,
      "no answer in time; check the URL",
    );
  }
});

Deno.test("fetchTorrent() waits for a slow server as long as bytes arrive", async () => {
  async function* slow(): AsyncGenerator<Uint8Array> {
    for (let offset = 0; offset < FILE.length; offset += 5) {
      yield FILE.subarray(offset, offset + 5);
      await delay(250);
    }
  }
  await using server = serve(() => new Response(ReadableStream.from(slow())));
  const options = { silenceLimitMs: 6_000 };
  assertEquals((await fetchTorrent(server.url, options)).name, "a");
});

Deno.test("fetchTorrent() ends with the reason of its signal", async () => {
  await using server = speakOnce("");
  const reason = new Error("the user cancelled");
  const controller = new AbortController();
  const fetching = fetchTorrent(server.url, { signal: controller.signal });
  setTimeout(() => controller.abort(reason), 50);
  await assertRejects(() => fetching, Error, reason.message);
});

Deno.test("fetchTorrent() reports a refused connection and a malformed URL", async () => {
  const url = `http://127.0.0.1:${freePort()}/a.torrent`;
  await assertRejects(() => fetchTorrent(url), FetchError, "refused");
  for (const url of ["a.torrent", "http://", "ftp://127.0.0.1/a.torrent"]) {
    await assertRejects(
      () => fetchTorrent(url),
      FetchError,
      `Cannot fetch ${url}: it is not an http or https URL`,
    );
  }
});
