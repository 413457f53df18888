/**
 * Hostile bytes for the tracker's handler.
 */
import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../../lib/base/random.ts";
import { Tracker } from "../../../lib/tracker/tracker.ts";
import { parseIpAddress } from "../../../lib/base/ip_address.ts";
import {
  createTrackerHandler,
  forwardedHostname,
} from "../../../lib/tracker/http_handler.ts";
import { MemoryStore } from "../../../lib/tracker/store/memory_store.ts";
import { fuzz, FUZZ_SEED } from "../fuzz.ts";
import { QUERY_SAMPLE } from "../decoders/tracker_decoders.ts";
import { bytes, text } from "../announce/samples.ts";

Deno.test(`the handler answers any query with status 200 (seed ${FUZZ_SEED})`, async () => {
  const handle = createTrackerHandler({
    tracker: new Tracker({
      store: new MemoryStore({ peerTimeoutMs: 1_000, random: seededRandom(1) }),
      intervalMs: () => 120_000,
    }),
    minIntervalMs: 30_000,
  });
  await fuzz({
    examples: [QUERY_SAMPLE],
    decode: async (input) => {
      const { status } = await handle({
        method: "GET",
        path: input[0]! % 2 === 0 ? "/announce" : "/scrape",
        query: text(input),
        remoteHostname: "192.0.2.1",
        header: () => undefined,
        isFromBrowser: false,
      }, 0);
      assertEquals(status, 200);
      return status;
    },
  });
});

Deno.test(`forwardedHostname() returns an IP address or undefined for any headers (seed ${FUZZ_SEED})`, async () => {
  const examples = [
    'for="[2001:db8::1]:4711";proto=http, for=192.0.2.1',
    "192.0.2.7, 2001:db8::7",
    "[::ffff:192.0.2.1]:80",
  ];
  let foundCount = 0;
  await fuzz({
    examples: examples.map(bytes),
    decode: (input) => {
      const name = ["forwarded", "x-forwarded-for", "x-real-ip"][input[0]! % 3];
      const hostname = forwardedHostname({
        header: (asked) => asked === name ? text(input) : undefined,
      });
      if (hostname !== undefined) {
        foundCount++;
        assert(parseIpAddress(hostname) !== undefined, hostname);
      }
      return true;
    },
  });
  assert(foundCount > 0);
});
