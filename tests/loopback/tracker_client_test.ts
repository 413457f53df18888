/**
 * The tracker client against HTTP servers that misbehave.
 */
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";
import { TrackerError } from "../../lib/base/errors.ts";
import { createPeerId, infoHashFromHex } from "../../lib/base/identifier.ts";
import { createAddressFilter } from "../../lib/base/address_filter.ts";
import { checkRedirect, HttpError } from "../../lib/net/http_get.ts";
import {
  announce,
  scrape,
  TrackerClient,
} from "../../lib/announce/tracker_client.ts";
import type { AnnounceRequest } from "../../lib/announce/announce.ts";

const REQUEST: AnnounceRequest = {
  infoHash: infoHashFromHex("ab".repeat(20)),
  peerId: createPeerId(Math.random),
  port: 6881,
  uploaded: 0,
  downloaded: 0,
  left: 1,
  event: "started",
  numwant: 50,
  key: "00000001",
  trackerId: undefined,
};

interface TestServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
}

function serve(answer: (request: Request) => Response): TestServer {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    answer,
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** The reason for the failure of an announce to a server with this answer. */
async function reasonFor(
  answer: (request: Request) => Response,
): Promise<string> {
  await using server = serve(answer);
  const url = `${server.url}/announce`;
  const error = await assertRejects(
    () => announce(url, REQUEST),
    TrackerError,
    `Cannot announce to ${url}: `,
  );
  return error.message.slice(`Cannot announce to ${url}: `.length);
}

Deno.test("announce() keeps the query of the URL and reads the reply", async () => {
  let seen = "";
  await using server = serve((request) => {
    seen = request.url;
    return new Response("d8:intervali7ee");
  });
  const reply = await announce(`${server.url}/announce?passkey=1`, REQUEST);
  assertEquals(reply.intervalMs, 7_000);
  assertStringIncludes(seen, "/announce?passkey=1&info_hash=%AB%AB");
});

Deno.test("announce() gives the reason for a failure", async () => {
  const html = (): Response => new Response("<html>", { status: 404 });
  assertEquals(await reasonFor(html), "the answer is HTTP status 404");
  assertStringIncludes(
    await reasonFor(() => new Response("<html>")),
    "does the URL end in /announce?",
  );
  assertStringIncludes(
    await reasonFor(() => new Response("di1e")),
    "the answer is not bencode",
  );
  assertEquals(
    await reasonFor(() => new Response("d14:failure reason4:fulle")),
    "the tracker refused: full",
  );
});

Deno.test("announce() stops reading an endless answer", async () => {
  const endless = (): Response => {
    const chunk = new Uint8Array(65_536);
    return new Response(
      new ReadableStream({ pull: (stream) => stream.enqueue(chunk) }),
    );
  };
  assertEquals(
    await reasonFor(endless),
    "the answer exceeds the limit of 1048576 bytes",
  );
});

Deno.test("announce() follows at most five redirects", async () => {
  await using server = serve(({ url }) => {
    const { pathname, search } = new URL(url);
    return pathname === "/here"
      ? new Response("d8:intervali7ee")
      : Response.redirect(new URL(`/here${search}`, url));
  });
  const reply = await announce(`${server.url}/announce`, REQUEST);
  assertEquals(reply.intervalMs, 7_000);
  assertEquals(
    await reasonFor(({ url }) => Response.redirect(url)),
    "more than 5 redirects",
  );
});

Deno.test("announce() asks no host that a redirect must not lead to", async () => {
  let askedCount = 0;
  await using victim = serve(() => {
    askedCount++;
    return new Response("d8:intervali7ee");
  });
  const target = victim.url.replace("127.0.0.1", "localhost");
  await using server = serve(() => Response.redirect(`${target}/x`));
  const url = `${server.url}/announce`;
  const permits = createAddressFilter({ deny: ["127.0.0.1", "::1"] });
  await assertRejects(
    () => announce(url, REQUEST, { permits }),
    TrackerError,
    "is not allowed",
  );
  assertEquals(askedCount, 0);
  await announce(url, REQUEST);
  assertEquals(askedCount, 1);
  // By its name, this machine is this machine.
  await assertRejects(
    () => checkRedirect("http://192.168.1.5/", target),
    HttpError,
    "is not an address on the network; the server at 192.168.1.5 must ",
  );
});

Deno.test("announce() asks no system service that a redirect names", async () => {
  const answer = () => Response.redirect("http://localhost:81/admin?x=1");
  assertEquals(
    await reasonFor(answer),
    "the answer is a redirect to localhost:81, whose port 81 is below 1024",
  );
});

Deno.test("announce() follows no redirect to another scheme", async () => {
  const answer = (): Response =>
    new Response(null, { status: 302, headers: { location: "file:///etc" } });
  assertEquals(await reasonFor(answer), "the answer is a redirect to file:");
  const toUdp = (): Response =>
    new Response(null, {
      status: 302,
      headers: { location: "udp://127.0.0.1:1" },
    });
  assertEquals(
    await reasonFor(toUdp),
    "the answer is a redirect to udp:",
  );
});

Deno.test("announce() gives up on a silent tracker, and on one that is down", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}/announce`;
  await assertRejects(
    () => announce(url, REQUEST, { timeoutMs: 100 }),
    TrackerError,
    "no answer within 100 ms",
  );
  listener.close();
  await assertRejects(
    () => announce(url, REQUEST),
    TrackerError,
    "Connection refused",
  );
});

Deno.test("announce() rejects with its signal's reason", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}/announce`;
  class Enough extends Error {}
  const abort = new AbortController();
  setTimeout(() => abort.abort(new Enough()), 50);
  await assertRejects(
    () => announce(url, REQUEST, { signal: abort.signal }),
    Enough,
  );
  await assertRejects(
    () => announce(url, REQUEST, { signal: abort.signal }),
    Enough,
  );
});

Deno.test("announce() refuses other URLs", async () => {
  for (
    const [url, reason] of [
      ["udp://127.0.0.1/announce", "it has no port"],
      ["ftp://127.0.0.1/announce", "ftp: is not http:, https: or udp:"],
      ["tracker", "it is not a URL"],
    ] as const
  ) {
    await assertRejects(() => announce(url, REQUEST), TrackerError, reason);
  }
});

Deno.test("scrape() refuses a URL that cannot be scraped", async () => {
  const error = await assertRejects(
    () => scrape("http://127.0.0.1/x", []),
    TrackerError,
  );
  assert(error.message.startsWith("Cannot scrape http://127.0.0.1/x: "));
});

Deno.test("TrackerClient sends a tracker few requests at once, and each in the end", async () => {
  let [open, most] = [0, 0];
  const isFull = Promise.withResolvers<void>();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async () => {
      most = Math.max(most, ++open);
      if (most === 32) isFull.resolve();
      await deadline(isFull.promise, 60_000);
      await delay(5);
      open--;
      return new Response("d8:intervali60e5:peers0:e");
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}/announce`;
  const client = new TrackerClient();
  const replies = Array.from(
    { length: 300 },
    () => client.announce(url, REQUEST),
  );
  // One that gives up while it waits holds up nobody.
  const givenUp = client.announce(url, REQUEST, { timeoutMs: 1 });
  await assertRejects(() => givenUp, TrackerError, "no answer within 1 ms");
  assertEquals((await Promise.all(replies)).length, 300);
  assertEquals(most, 32);
});
