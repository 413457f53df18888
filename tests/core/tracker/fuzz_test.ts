/**
 * Hostile bytes for every decoder of the tracker: each is accepted or ends in
 * the one error that its documentation names.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { seededRandom } from "../../../lib/base/random.ts";
import { createTrackerHandler } from "../../../lib/tracker/handler.ts";
import { MemoryStore } from "../../../lib/tracker/memory_store.ts";
import { fuzz, FUZZ_SEED } from "../fuzz.ts";
import { QUERY_DECODERS, QUERY_SAMPLE } from "./query_decoders.ts";
import { REPLY_DECODERS } from "./reply_decoders.ts";
import { text } from "./samples.ts";

for (const decoder of [...REPLY_DECODERS, ...QUERY_DECODERS]) {
  Deno.test(`${decoder.name} (seed ${FUZZ_SEED})`, async () => {
    await fuzz(decoder);
  });
}

Deno.test(`the handler answers any query with status 200 (seed ${FUZZ_SEED})`, async () => {
  const handle = createTrackerHandler({
    store: new MemoryStore({ peerTimeoutMs: 1_000, random: seededRandom(1) }),
    intervalMs: 120_000,
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
      }, 0);
      assertEquals(status, 200);
      return status;
    },
  });
});
