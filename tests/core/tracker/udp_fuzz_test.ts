/**
 * Hostile datagrams for both sides of the UDP tracker protocol.
 *
 * @module
 */
import { assert, assertLessOrEqual } from "@std/assert";
import { TrackerError } from "../../../lib/base/errors.ts";
import { seededRandom } from "../../../lib/base/random.ts";
import { MemoryStore } from "../../../lib/tracker/memory_store.ts";
import { QueryError } from "../../../lib/tracker/query.ts";
import { UdpDialogue } from "../../../lib/tracker/udp_dialogue.ts";
import { createUdpHandler } from "../../../lib/tracker/udp_handler.ts";
import {
  encodeUdpAnnounce,
  encodeUdpConnect,
  encodeUdpScrape,
  parseUdpAnnounce,
  parseUdpScrape,
} from "../../../lib/tracker/udp_request.ts";
import {
  encodeUdpAnnounced,
  encodeUdpConnected,
  encodeUdpError,
  encodeUdpScraped,
  MAX_UDP_RESPONSE_LENGTH,
  parseUdpAnnounced,
  parseUdpConnected,
  parseUdpScraped,
} from "../../../lib/tracker/udp_response.ts";
import { fuzz, FUZZ_SEED } from "../fuzz.ts";
import { announceRequest, infoHash } from "./samples.ts";

const ASKED = [infoHash("a"), infoHash("b")];
const COUNTS = { complete: 1, incomplete: 2, downloaded: 3 };
const TRACKER = { hostname: "192.0.2.1", port: 8000 };

const CONNECTED = encodeUdpConnected(7n, 1);
const ANNOUNCED = encodeUdpAnnounced({
  intervalMs: 120_000,
  swarm: COUNTS,
  peers: new Uint8Array(36).fill(9),
  family: "ipv4",
}, 1);
const SCRAPED = encodeUdpScraped([COUNTS, COUNTS], 1);
const REFUSED = encodeUdpError("no", 1);

Deno.test(`parseUdpAnnounce() and parseUdpScrape() survive mutated requests (seed ${FUZZ_SEED})`, async () => {
  const call = { connectionId: 7n, transactionId: 1 };
  await fuzz({
    examples: [encodeUdpAnnounce(announceRequest(), call)],
    decode: parseUdpAnnounce,
    refusal: QueryError,
  });
  await fuzz({
    examples: [encodeUdpScrape(ASKED, call).subarray(0, 40)],
    decode: parseUdpScrape,
    refusal: QueryError,
  });
});

Deno.test(`the readers of UDP responses survive mutated ones (seed ${FUZZ_SEED})`, async () => {
  const readers: ((datagram: Uint8Array) => unknown)[] = [
    parseUdpConnected,
    (datagram) => parseUdpAnnounced(datagram, "ipv4"),
    (datagram) => parseUdpAnnounced(datagram, "ipv6"),
    (datagram) => parseUdpScraped(datagram, ASKED),
  ];
  for (const decode of readers) {
    await fuzz({
      examples: [CONNECTED, ANNOUNCED, SCRAPED, REFUSED],
      decode,
      refusal: TrackerError,
    });
  }
});

Deno.test(`the UDP handler survives any datagram and amplifies none (seed ${FUZZ_SEED})`, async () => {
  const handle = createUdpHandler({
    store: new MemoryStore({ peerTimeoutMs: 1_000, random: seededRandom(1) }),
    intervalMs: () => 120_000,
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

Deno.test(`UdpDialogue survives whatever a tracker answers (seed ${FUZZ_SEED})`, async () => {
  const dialogue = (): UdpDialogue<unknown> => {
    const dialogue = new UdpDialogue({
      question: {
        encode: (call) => encodeUdpScrape(ASKED, call),
        parse: (datagram) => parseUdpScraped(datagram, ASKED),
      },
      addresses: [TRACKER],
      connection: undefined,
      createTransactionId: () => 1,
    });
    dialogue.next(0);
    return dialogue;
  };
  const examples = [CONNECTED, ANNOUNCED, SCRAPED, REFUSED];
  await fuzz({
    examples,
    decode: (input) => {
      const connecting = dialogue();
      connecting.receive(input, TRACKER, 0);
      return connecting.connection;
    },
    refusal: TrackerError,
  });
  await fuzz({
    examples,
    decode: (input) => {
      const asking = dialogue();
      asking.receive(CONNECTED, TRACKER, 0);
      asking.next(0);
      const heard = asking.receive(input, TRACKER, 0);
      return heard.type === "answer" ? heard.answer : undefined;
    },
    refusal: TrackerError,
  });
});
