import { assertAlmostEquals, assertEquals, assertGreater } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import { PeerBudget } from "../../../lib/peer/message_limiter.ts";
import type { Message } from "../../../lib/wire/message.ts";

const HAVE: Message = { type: "have", index: 0 };
const REQUEST: Message = {
  type: "request",
  index: 0,
  offsetInPiece: 0,
  length: BLOCK_SIZE,
};

/** What may be said at once, in messages without a payload. */
const SAVED = 16_000;
const PER_SECOND = 4_000;

function say(budget: PeerBudget, count: number, message = HAVE): void {
  for (let said = 0; said < count; said++) budget.spend(message);
}

Deno.test("PeerBudget lets a peer announce every piece at once, and much else", () => {
  const budget = new PeerBudget({ pieceCount: 400_000, now: 0 });
  say(budget, 400_000 + SAVED);
  assertEquals(budget.nextTurn(0), 0);
  say(budget, PER_SECOND);
  assertEquals(budget.nextTurn(0), 1000);
});

Deno.test("PeerBudget gives back so much a second, and saves no more than its bound", () => {
  const budget = new PeerBudget({ pieceCount: 10, now: 0 });
  say(budget, SAVED + 10 + 2 * PER_SECOND);
  assertEquals(budget.nextTurn(500), 1500);
  assertEquals(budget.nextTurn(2000), 0);
  assertEquals(budget.nextTurn(1_000_000), 0);
  say(budget, SAVED + PER_SECOND);
  assertEquals(budget.nextTurn(1_000_000), 1000);
});

Deno.test("PeerBudget ends a turn after some messages, and the next begins", () => {
  const budget = new PeerBudget({ pieceCount: 10, now: 0 });
  say(budget, 1_999);
  assertEquals(budget.isTurnOver, false);
  say(budget, 1);
  assertEquals(budget.isTurnOver, true);
  assertEquals(budget.nextTurn(0), 0);
  assertEquals(budget.isTurnOver, false);
});

Deno.test("PeerBudget takes nothing for content, and a request is paid by its block", () => {
  const budget = new PeerBudget({ pieceCount: 10, now: 0 });
  const block = new Uint8Array(BLOCK_SIZE);
  const piece: Message = { type: "piece", index: 0, offsetInPiece: 0, block };
  say(budget, 1_000_000, piece);
  assertEquals(budget.isTurnOver, false);
  for (let count = 0; count < 1_000_000; count++) {
    budget.spend(REQUEST);
    budget.earn(BLOCK_SIZE);
  }
  assertEquals(budget.nextTurn(0), 0);
});

Deno.test("PeerBudget is not paid by blocks of a byte", () => {
  const budget = new PeerBudget({ pieceCount: 0, now: 0 });
  for (let count = 0; count < SAVED + PER_SECOND; count++) {
    budget.spend(REQUEST);
    budget.earn(1);
  }
  assertAlmostEquals(budget.nextTurn(0), 1000, 2);
});

Deno.test("PeerBudget takes more for what takes longer to read", () => {
  const waits = ([
    { type: "unknown", id: 99, length: 1024 * 1024 },
    { type: "bitfield", bytes: new Uint8Array(50_000) },
    { type: "extended", id: 0, payload: new Uint8Array(16_384) },
  ] satisfies Message[]).map((message) => {
    const budget = new PeerBudget({ pieceCount: 0, now: 0 });
    say(budget, SAVED);
    say(budget, 1, message);
    return budget.nextTurn(0);
  });
  const [unknown, bitfield, extended] = waits as [number, number, number];
  assertGreater(unknown, 200);
  assertGreater(extended, 400);
  assertGreater(bitfield, 2_000);
});
