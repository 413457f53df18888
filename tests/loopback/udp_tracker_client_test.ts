/**
 * The client of UDP trackers on real sockets, against proper and misbehaving
 * trackers.
 */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { TrackerError } from "../../lib/base/errors.ts";
import { createPeerId, infoHashFromHex } from "../../lib/base/identifier.ts";
import {
  announce,
  scrape,
  TrackerClient,
} from "../../lib/announce/tracker_client.ts";
import { openUdpSocket } from "../../lib/net/udp_socket.ts";
import type { AnnounceRequest } from "../../lib/announce/announce.ts";
import {
  encodeUdpAnnounced,
  encodeUdpConnected,
  encodeUdpError,
} from "../../lib/announce/udp_response.ts";
import { hasIpv6 } from "./machine.ts";
import {
  type ScriptedRequest,
  type ScriptedTracker,
  startScriptedTracker,
  startUdpTracker,
} from "./udp_tracker.ts";

const INFO_HASH = infoHashFromHex("ab".repeat(20));

function announceRequest(
  changes: Partial<AnnounceRequest> = {},
): AnnounceRequest {
  return {
    infoHash: INFO_HASH,
    peerId: createPeerId(Math.random),
    port: 6881,
    uploaded: 0,
    downloaded: 0,
    left: 1,
    event: "started",
    numwant: 50,
    key: "00000001",
    trackerId: undefined,
    ...changes,
  };
}

const REQUEST = announceRequest();

/** Answers as a proper tracker, with 5 leechers in every swarm. */
function behave(request: ScriptedRequest): void {
  const { what, transactionId, answer } = request;
  answer(
    what === "connect"
      ? encodeUdpConnected(77n, transactionId)
      : encodeUdpAnnounced({
        intervalMs: 9_000,
        swarm: { complete: 0, incomplete: 5 },
        peers: new Uint8Array(),
        family: "ipv4",
      }, transactionId),
  );
}

/** The requests without those that were repeated, as on a machine that stood still. */
function distinct({ requests }: ScriptedTracker): ScriptedRequest[] {
  const byId = requests.map((request) =>
    [request.transactionId, request] as const
  );
  return [...new Map(byId).values()];
}

const HOSTS = ["127.0.0.1", "localhost", ...hasIpv6() ? ["[::1]"] : []];

for (const host of HOSTS) {
  Deno.test(`announce() and scrape() reach our UDP tracker at ${host}`, async () => {
    await using tracker = startUdpTracker();
    const url = `udp://${host}:${tracker.port}/announce`;
    const seeder = announceRequest({ port: 7001, left: 0 });
    assertEquals(await announce(url, seeder), {
      intervalMs: 7_000,
      minIntervalMs: 7_000,
      complete: 1,
      incomplete: 0,
      peers: [],
      warning: undefined,
      trackerId: undefined,
    });
    const { complete, incomplete, peers } = await announce(url, REQUEST);
    assertEquals([complete, incomplete], [1, 1]);
    assertEquals(peers.map(({ port }) => port), [7001]);
    await announce(url, { ...seeder, event: "stopped" });
    const unknown = infoHashFromHex("cd".repeat(20));
    assertEquals(await scrape(url, [unknown, INFO_HASH]), [
      { infoHash: unknown, complete: 0, incomplete: 0, downloaded: 0 },
      { infoHash: INFO_HASH, complete: 0, incomplete: 1, downloaded: 0 },
    ]);
  });
}

Deno.test("scrape() takes any number of torrents of a UDP tracker, but not all of them", async () => {
  await using tracker = startUdpTracker();
  await announce(tracker.url, REQUEST);
  const many = Array.from(
    { length: 200 },
    (_, index) => infoHashFromHex(`${index}`.padStart(40, "0")),
  );
  const entries = await scrape(tracker.url, [...many, INFO_HASH]);
  assertEquals(
    entries.map(({ infoHash }) => infoHash),
    [...many, INFO_HASH],
  );
  assertEquals(entries.at(-1)?.incomplete, 1);
  await assertRejects(
    () => scrape(tracker.url, []),
    TrackerError,
    `Cannot scrape ${tracker.url}: no info hash is given`,
  );
});

Deno.test("a TrackerClient uses a connection of a UDP tracker again, from the same port", async () => {
  await using tracker = startScriptedTracker(behave);
  const client = new TrackerClient();
  for (const _ of [1, 2, 3]) await client.announce(tracker.url, REQUEST);
  const requests = distinct(tracker);
  assertEquals(
    requests.map(({ what }) => what),
    ["connect", "announce", "announce", "announce"],
  );
  const ports = requests.map(({ from }) => from.port);
  assertEquals(new Set(ports).size, 1);
});

Deno.test("a TrackerClient sends several requests to one UDP tracker at a time", async () => {
  await using tracker = startScriptedTracker(behave);
  const client = new TrackerClient();
  const ask = () => client.announce(tracker.url, REQUEST);
  await ask();
  for (const reply of await Promise.all([ask(), ask(), ask()])) {
    assertEquals(reply.incomplete, 5);
  }
  // One of the three had the older connection.
  const connects = distinct(tracker).filter(({ what }) => what === "connect");
  assertEquals(connects.length, 3);
});

Deno.test("announce() repeats datagrams that a UDP tracker has not received", async () => {
  const heard = new Set<string>();
  await using tracker = startScriptedTracker((request) => {
    if (heard.has(request.what)) behave(request);
    heard.add(request.what);
  });
  const { intervalMs } = await announce(tracker.url, REQUEST);
  assertEquals(intervalMs, 9_000);
  const asked = tracker.requests.map(({ what }) => what);
  assertEquals(new Set(asked), new Set(["connect", "announce"]));
  // Two of each, more on a machine that takes seconds to answer.
  assert(asked.length >= 4);
});

Deno.test("a TrackerClient connects again to a UDP tracker that was restarted", async () => {
  const client = new TrackerClient();
  const first = startUdpTracker();
  await client.announce(first.url, REQUEST);
  await first[Symbol.asyncDispose]();
  await using second = startUdpTracker(first.port);
  const { incomplete } = await client.announce(second.url, REQUEST);
  assertEquals(incomplete, 1);
});

Deno.test("announce() gives up on a silent UDP tracker when its time is over", async () => {
  await using tracker = startScriptedTracker(() => {});
  await assertRejects(
    () => announce(tracker.url, REQUEST, { timeoutMs: 200 }),
    TrackerError,
    `Cannot announce to ${tracker.url}: no answer within 200 ms`,
  );
});

Deno.test("announce() gives up on a silent UDP tracker after seven seconds", async () => {
  await using tracker = startScriptedTracker(() => {});
  await assertRejects(
    () => announce(tracker.url, REQUEST, { timeoutMs: 60_000 }),
    TrackerError,
    "no answer within ",
  );
  assertEquals(
    tracker.requests.map(({ what }) => what),
    ["connect", "connect", "connect"],
  );
});

Deno.test("announce() to a UDP tracker rejects with its signal's reason", async () => {
  await using tracker = startScriptedTracker(() => {});
  class Enough extends Error {}
  const abort = new AbortController();
  setTimeout(() => abort.abort(new Enough()), 50);
  for (const _ of ["aborted meanwhile", "aborted before"]) {
    await assertRejects(
      () => announce(tracker.url, REQUEST, { signal: abort.signal }),
      Enough,
    );
  }
});

Deno.test("announce() gives the reason for a refusal of a UDP tracker", async () => {
  await using tracker = startScriptedTracker((request) => {
    const { what, transactionId, answer } = request;
    if (what === "connect") behave(request);
    else answer(encodeUdpError("not listed", transactionId));
  });
  await assertRejects(
    () => announce(tracker.url, REQUEST),
    TrackerError,
    `Cannot announce to ${tracker.url}: the tracker refused: not listed`,
  );
});

Deno.test("announce() ignores answers of another sender, and to another request", async () => {
  await using liar = openUdpSocket({
    hostname: "127.0.0.1",
    port: 0,
    onDatagram: () => {},
    onError: () => {},
  });
  await using tracker = startScriptedTracker((request) => {
    const { transactionId, from, answer } = request;
    answer(encodeUdpError("another request", transactionId ^ 1));
    answer(new Uint8Array(7));
    liar.send(encodeUdpError("another sender", transactionId), from);
    setTimeout(() => behave(request), 50);
  });
  assertEquals((await announce(tracker.url, REQUEST)).incomplete, 5);
});

Deno.test("announce() reports that a UDP tracker's name is unknown", async () => {
  // Names that are too long for DNS, so no server is asked.
  const names = [["a".repeat(64), /aaaa$/], ["ö".repeat(70), /xn--/]] as const;
  for (const [name, named] of names) {
    const url = `udp://${name}:8000/announce`;
    const error = await assertRejects(
      () => announce(url, REQUEST),
      TrackerError,
      `Cannot announce to ${url}: its address cannot be found: `,
    );
    assertMatch(error.message, named);
  }
});
