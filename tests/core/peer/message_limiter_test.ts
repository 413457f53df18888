import { assertAlmostEquals, assertEquals, assertGreater } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import { MessageLimiter } from "../../../lib/peer/peer_connection.ts";
import { METADATA_ID } from "../../../lib/wire/extended_handshake.ts";
import type { Message } from "../../../lib/wire/message.ts";

const HAVE: Message = { type: "have", index: 0 };
const REQUEST: Message = {
  type: "request",
  index: 0,
  offsetInPiece: 0,
  length: BLOCK_SIZE,
};

/** Messages without a payload that may come at once. */
const BURST = 16_000;
const PER_SECOND = 4_000;

function receive(limiter: MessageLimiter, count: number, message = HAVE): void {
  for (let taken = 0; taken < count; taken++) limiter.take(message);
}

Deno.test("MessageLimiter lets a peer announce every piece at once, and a burst of others", () => {
  const limiter = new MessageLimiter(400_000);
  receive(limiter, 400_000 + BURST);
  assertEquals(limiter.nextTurn(0), 0);
  receive(limiter, PER_SECOND);
  assertEquals(limiter.nextTurn(0), 1000);
});

Deno.test("MessageLimiter allows 4000 units a second, and no greater burst after a pause", () => {
  const limiter = new MessageLimiter(10);
  receive(limiter, BURST + 10 + 2 * PER_SECOND);
  assertEquals(limiter.nextTurn(0), 2000);
  assertEquals(limiter.nextTurn(500), 1500);
  assertEquals(limiter.nextTurn(2000), 0);
  assertEquals(limiter.nextTurn(1_000_000), 0);
  receive(limiter, BURST + PER_SECOND);
  assertEquals(limiter.nextTurn(1_000_000), 1000);
});

Deno.test("MessageLimiter ends a turn after 2000 units", () => {
  const limiter = new MessageLimiter(10);
  receive(limiter, 1_999);
  assertEquals(limiter.isTurnOver, false);
  receive(limiter, 1);
  assertEquals(limiter.isTurnOver, true);
  assertEquals(limiter.nextTurn(0), 0);
  assertEquals(limiter.isTurnOver, false);
});

Deno.test("MessageLimiter.blockSent() pays for a request; blocks received are free", () => {
  const limiter = new MessageLimiter(10);
  const block = new Uint8Array(BLOCK_SIZE);
  const piece: Message = { type: "piece", index: 0, offsetInPiece: 0, block };
  receive(limiter, 1_000_000, piece);
  assertEquals(limiter.isTurnOver, false);
  for (let count = 0; count < 100_000; count++) {
    limiter.take(REQUEST);
    assertEquals(limiter.nextTurn(0), 0);
    limiter.blockSent(BLOCK_SIZE);
  }
});

Deno.test("MessageLimiter.blockSent() pays next to nothing for a block of a byte", () => {
  const limiter = new MessageLimiter(0);
  for (let count = 0; count < BURST + PER_SECOND; count++) {
    limiter.take(REQUEST);
    limiter.nextTurn(0);
    limiter.blockSent(1);
  }
  assertAlmostEquals(limiter.nextTurn(0), 1000, 2);
});

Deno.test("MessageLimiter charges more for messages that take longer to handle", () => {
  const waits = ([
    { type: "unknown", id: 99, length: 1024 * 1024 },
    { type: "bitfield", bytes: new Uint8Array(50_000) },
    { type: "extended", id: 0, payload: new Uint8Array(16_384) },
  ] satisfies Message[]).map((message) => {
    const limiter = new MessageLimiter(0);
    receive(limiter, BURST);
    receive(limiter, 1, message);
    return limiter.nextTurn(0);
  });
  const [unknown, bitfield, extended] = waits as [number, number, number];
  assertGreater(unknown, 200);
  assertGreater(extended, 400);
  assertGreater(bitfield, 2_000);
});

Deno.test("MessageLimiter charges metadata for the part that is decoded", () => {
  const costOf = (id: number): number => {
    const limiter = new MessageLimiter(0);
    const payload = new Uint8Array(BLOCK_SIZE + 60);
    receive(limiter, 1_000, { type: "extended", id, payload });
    return (limiter.nextTurn(0) / 1000 * PER_SECOND + BURST) / 1_000;
  };
  // 16 units, and one for each 8 bytes of at most 256.
  assertAlmostEquals(costOf(METADATA_ID), 16 + 256 / 8, 0.01);
  assertAlmostEquals(costOf(1), 16 + (BLOCK_SIZE + 60) / 8, 0.01);
});
