/**
 * Hostile bytes for every decoder of the tracker: each is accepted or ends in
 * the one error that its documentation names. Each run draws a new seed, which
 * stands in the tests' names; to see a failure again, put it in `SEED`.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { TrackerError } from "../../../lib/base/errors.ts";
import { randomBelow, seededRandom } from "../../../lib/base/random.ts";
import {
  parseAnnounceQuery,
  parseScrapeQuery,
} from "../../../lib/tracker/announce_query.ts";
import {
  encodeAnnounceReply,
  parseAnnounceReply,
} from "../../../lib/tracker/announce_reply.ts";
import { parseCompactPeers } from "../../../lib/tracker/compact_peers.ts";
import { createTrackerHandler } from "../../../lib/tracker/handler.ts";
import { QueryError } from "../../../lib/tracker/query.ts";
import { PeerRegistry } from "../../../lib/tracker/registry.ts";
import {
  encodeScrapeReply,
  parseScrapeReply,
} from "../../../lib/tracker/scrape_reply.ts";
import { announceQuery, bytes, infoHash, peerId, text } from "./samples.ts";

const SEED = Math.floor(Math.random() * 0x1_0000_0000);

/** Time for each decoder, in milliseconds. */
const DURATION_MS = 300;

type ErrorClass = abstract new (...args: never[]) => Error;

/** Changes, adds, removes or repeats a few bytes. */
function mutate(sample: Uint8Array, random: () => number): Uint8Array {
  const mutated = [...sample];
  for (let change = randomBelow(6, random); change >= 0; change--) {
    const offset = randomBelow(mutated.length + 1, random);
    // Often a byte with a meaning: d e i l : 0 9 - %
    const byte = random() < 0.5
      ? randomBelow(256, random)
      : "deil:09-%&=".charCodeAt(randomBelow(11, random));
    switch (randomBelow(4, random)) {
      case 0:
        mutated[offset] = byte;
        break;
      case 1:
        mutated.splice(offset, 0, byte);
        break;
      case 2:
        mutated.splice(offset, randomBelow(20, random));
        break;
      case 3:
        mutated.splice(offset, 0, ...mutated.slice(offset, offset + 20));
        break;
    }
  }
  return Uint8Array.from(mutated);
}

/** What is expected of code that must not fail at all. */
class NoError extends Error {}

/** Feeds `decode` for a while; anything but success or `expected` fails the test. */
function fuzz(
  sample: Uint8Array,
  decode: (input: Uint8Array) => unknown,
  expected: ErrorClass,
): void {
  const random = seededRandom(SEED);
  const end = performance.now() + DURATION_MS;
  while (performance.now() < end) {
    const input = mutate(sample, random);
    try {
      decode(input);
    } catch (error) {
      if (error instanceof expected) continue;
      throw new Error(`${JSON.stringify(text(input))} breaks the decoder`, {
        cause: error,
      });
    }
  }
}

const COUNTS = {
  infoHash: infoHash("a"),
  complete: 1,
  incomplete: 2,
  downloaded: 3,
};

for (const peerForm of ["compact", "dictionaries"] as const) {
  Deno.test(`parseAnnounceReply() survives mutated ${peerForm} replies (seed ${SEED})`, () => {
    const sample = encodeAnnounceReply({
      intervalMs: 120_000,
      minIntervalMs: 30_000,
      swarm: COUNTS,
      peers: [{
        peerId: peerId("x"),
        addresses: [
          { hostname: "192.0.2.1", port: 1 },
          { hostname: "2001:db8::1", port: 2 },
        ],
      }],
      peerForm,
    });
    fuzz(sample, parseAnnounceReply, TrackerError);
  });
}

Deno.test(`parseScrapeReply() survives mutated replies (seed ${SEED})`, () => {
  fuzz(encodeScrapeReply([COUNTS]), parseScrapeReply, TrackerError);
});

Deno.test(`parseCompactPeers() survives any bytes (seed ${SEED})`, () => {
  const sample = Uint8Array.from({ length: 36 }, (_, index) => index);
  fuzz(sample, (input) => parseCompactPeers(input, "ipv4"), RangeError);
  fuzz(sample, (input) => parseCompactPeers(input, "ipv6"), RangeError);
});

const QUERY = bytes(announceQuery({
  event: "started",
  numwant: 9,
  compact: 0,
  key: "%00abc",
}));

Deno.test(`parseAnnounceQuery() and parseScrapeQuery() survive mutated queries (seed ${SEED})`, () => {
  fuzz(QUERY, (input) => parseAnnounceQuery(text(input)), QueryError);
  fuzz(QUERY, (input) => parseScrapeQuery(text(input)), QueryError);
});

Deno.test(`the handler answers any query with status 200 (seed ${SEED})`, () => {
  const handle = createTrackerHandler({
    store: new PeerRegistry({ peerTimeoutMs: 1_000, random: seededRandom(1) }),
    intervalMs: 120_000,
    minIntervalMs: 30_000,
    startedAtMs: 0,
  });
  fuzz(QUERY, (input) => {
    const { status } = handle({
      method: "GET",
      path: input[0]! % 2 === 0 ? "/announce" : "/scrape",
      query: text(input),
      remoteHostname: "192.0.2.1",
    }, 0);
    assertEquals(status, 200);
  }, NoError);
});
