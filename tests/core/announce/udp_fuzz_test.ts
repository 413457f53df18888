/**
 * Hostile datagrams for the UDP handler of the tracker.
 */
import { assert, assertLessOrEqual } from "@std/assert";
import { seededRandom } from "../../../lib/base/random.ts";
import { MemoryStore } from "../../../lib/tracker/store/memory_store.ts";
import { Tracker } from "../../../lib/tracker/tracker.ts";
import { createUdpHandler } from "../../../lib/tracker/udp_handler.ts";
import {
  encodeUdpAnnounce,
  encodeUdpConnect,
  encodeUdpScrape,
} from "../../../lib/announce/udp_request.ts";
import {
  MAX_UDP_RESPONSE_LENGTH,
  parseUdpConnected,
} from "../../../lib/announce/udp_response.ts";
import { fuzz, FUZZ_SEED } from "../fuzz.ts";
import { announceRequest } from "./samples.ts";
import { ASKED } from "../decoders/tracker_decoders.ts";

Deno.test(`the UDP handler survives any datagram and amplifies none (seed ${FUZZ_SEED})`, async () => {
  const handle = createUdpHandler({
    tracker: new Tracker({
      store: new MemoryStore({ peerTimeoutMs: 1_000, random: seededRandom(1) }),
      intervalMs: () => 120_000,
    }),
    secret: new Uint8Array(16),
  });
  const connect = encodeUdpConnect(1);
  const [hostname, stranger] = ["192.0.2.1", "192.0.2.2"];
  const call = {
    connectionId: parseUdpConnected((await handle(connect, hostname, 0))!),
    transactionId: 1,
  };
  let strangersAnswerCount = 0;
  await fuzz({
    examples: [
      connect,
      encodeUdpAnnounce(announceRequest(), call),
      encodeUdpScrape(ASKED, call),
    ],
    decode: async (input) => {
      const answer = await handle(input, hostname, 0);
      assertLessOrEqual(answer?.length ?? 0, MAX_UDP_RESPONSE_LENGTH);
      const toStranger = await handle(input, stranger, 0);
      assertLessOrEqual(toStranger?.length ?? 0, input.length);
      if (toStranger !== undefined) strangersAnswerCount++;
      return answer;
    },
  });
  assert(strangersAnswerCount > 0);
});
