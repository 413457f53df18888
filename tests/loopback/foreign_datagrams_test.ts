/**
 * The tracker client against every class of datagrams: the result is a reply
 * within bounds or a `TrackerError`, soon.
 */
import { assert, assertEquals, assertLess } from "@std/assert";
import { TrackerError } from "../../lib/base/errors.ts";
import { createPeerId, infoHashFromHex } from "../../lib/base/identifier.ts";
import {
  type Random,
  randomBelow,
  seededRandom,
} from "../../lib/base/random.ts";
import { announce } from "../../lib/announce/tracker_client.ts";
import {
  encodeUdpAnnounced,
  encodeUdpConnected,
  encodeUdpError,
} from "../../lib/announce/udp_response.ts";
import { FUZZ_SEED } from "../core/fuzz.ts";
import { startScriptedTracker } from "./udp_tracker.ts";

const ROUNDS = 20;
/** Time for an answer that comes. */
const ANSWER_TIMEOUT_MS = 60_000;
/** Time for one that may not come. */
const SILENCE_TIMEOUT_MS = 100;

const REQUEST = {
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
} as const;

/** A response to an announce with any bytes as peers. */
function announced(
  transactionId: number,
  peers = new Uint8Array(12).fill(9),
): Uint8Array<ArrayBuffer> {
  const head = encodeUdpAnnounced({
    intervalMs: 120_000,
    swarm: { complete: 1, incomplete: 2 },
    peers: new Uint8Array(),
    family: "ipv4",
  }, transactionId);
  return join(head, peers);
}

/** A refusal with any bytes as its text. */
function refused(transactionId: number, text: Uint8Array): Uint8Array {
  return join(encodeUdpError("", transactionId).subarray(0, 8), text);
}

function join(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(one.length + other.length);
  joined.set(one);
  joined.set(other, one.length);
  return joined;
}

function randomBytes(length: number, random: Random): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => random() * 256);
}

/** The responses to a connect request and to an announce. */
interface DatagramClass {
  readonly name: string;
  readonly connect?: (id: number, random: Random) => Uint8Array[];
  readonly announce?: (id: number, random: Random) => Uint8Array[];
  /** The result. @default either */
  readonly outcome?: "reply" | "refusal";
}

const CLASSES: readonly DatagramClass[] = [
  {
    name: "random bytes for a connect response",
    connect: (_, random) => [randomBytes(randomBelow(40, random), random)],
    outcome: "refusal",
  },
  {
    name: "a truncated connect response",
    connect: (id, random) => [
      encodeUdpConnected(7n, id).subarray(0, randomBelow(16, random)),
    ],
    outcome: "refusal",
  },
  {
    name: "a connect response with more bytes behind it",
    connect: (id, random) => [
      join(encodeUdpConnected(7n, id), randomBytes(50, random)),
    ],
    outcome: "reply",
  },
  {
    name: "a truncated announce response",
    announce: (id, random) => [
      announced(id).subarray(0, randomBelow(20, random)),
    ],
    outcome: "refusal",
  },
  {
    name: "peers of any length",
    announce: (id, random) => [
      announced(id, randomBytes(randomBelow(100, random), random)),
    ],
    outcome: "reply",
  },
  {
    name: "ten thousand peers",
    announce: (id, random) => [announced(id, randomBytes(60_000, random))],
    outcome: "reply",
  },
  {
    name: "numbers of all sizes",
    announce: (id, random) => {
      const datagram = announced(id);
      const view = new DataView(datagram.buffer);
      const sizes = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff];
      for (const offset of [8, 12, 16]) {
        view.setUint32(offset, sizes[randomBelow(sizes.length, random)]!);
      }
      return [datagram];
    },
    outcome: "reply",
  },
  {
    name: "another action",
    announce: (id, random) => {
      const datagram = announced(id);
      new DataView(datagram.buffer).setUint32(0, 4 + randomBelow(9, random));
      return [datagram];
    },
    outcome: "refusal",
  },
  {
    name: "odd refusals",
    announce: (id, random) => {
      const texts = ["", "\x1b[2J\n", "no\0\0", "x".repeat(60_000)];
      const text = texts[randomBelow(texts.length, random)]!;
      return [refused(id, new TextEncoder().encode(text))];
    },
    outcome: "refusal",
  },
  {
    name: "refusals with random bytes as text",
    announce: (id, random) => [
      refused(id, randomBytes(randomBelow(200, random), random)),
    ],
    outcome: "refusal",
  },
  {
    name: "a flood of answers to other requests",
    announce: (id, random) =>
      Array.from(
        { length: 500 },
        () => announced(id ^ (1 + randomBelow(1000, random))),
      ),
    outcome: "refusal",
  },
  {
    name: "an answer among other datagrams",
    announce: (id, random) => [
      announced(id ^ 1),
      randomBytes(30, random),
      new Uint8Array(),
      announced(id),
      announced(id),
      encodeUdpError("too late", id),
    ],
    outcome: "reply",
  },
];

for (const { name, connect, announce: answer, outcome } of CLASSES) {
  Deno.test(`announce() over UDP survives ${name} (seed ${FUZZ_SEED})`, async () => {
    const random = seededRandom(FUZZ_SEED);
    const timeoutMs = outcome === "reply"
      ? ANSWER_TIMEOUT_MS
      : SILENCE_TIMEOUT_MS;
    for (let round = 0; round < ROUNDS; round++) {
      await using tracker = startScriptedTracker((request) => {
        const { what, transactionId } = request;
        const datagrams = what === "connect"
          ? connect?.(transactionId, random) ??
            [encodeUdpConnected(7n, transactionId)]
          : answer?.(transactionId, random) ?? [announced(transactionId)];
        for (const datagram of datagrams) request.answer(datagram);
      });
      const startMs = performance.now();
      let isReply = false;
      try {
        const { intervalMs, minIntervalMs, peers } = await announce(
          tracker.url,
          REQUEST,
          { timeoutMs },
        );
        isReply = true;
        for (const ms of [intervalMs, minIntervalMs]) {
          assert(ms >= 1_000 && ms <= 86_400_000, `${ms}`);
        }
        for (const { port } of peers) assert(port > 0 && port < 65_536);
      } catch (error) {
        if (!(error instanceof TrackerError)) throw error;
        assertEquals(error.message.split("\n").length, 1);
        assertLess(error.message.length, 1_000);
      }
      assertLess(performance.now() - startMs, timeoutMs + 30_000);
      if (outcome !== undefined) assertEquals(isReply, outcome === "reply");
    }
  });
}
