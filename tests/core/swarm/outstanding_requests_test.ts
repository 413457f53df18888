import { assert, assertEquals } from "@std/assert";
import { randomBelow, seededRandom } from "../../../lib/base/random.ts";
import {
  OutstandingRequests,
  RequestBalance,
  RequestWindow,
} from "../../../lib/swarm/outstanding_requests.ts";

/** Peers that accept requests, drawn by the number outstanding at each: `"3 0 12"`. */
function drawn(picture: string): OutstandingRequests[] {
  const balance = new RequestBalance();
  return picture.split(" ").map((count) => {
    const requests = new OutstandingRequests(balance, {
      isFast: true,
      now: 0,
    });
    requests.setAccepted(true);
    for (let id = 0; id < Number(count); id++) requests.add(id, 0);
    return requests;
  });
}

/** The peers that are ahead, as `^`. */
function ahead(peers: readonly OutstandingRequests[]): string {
  return peers.map(({ isAhead }) => isAhead ? "^" : ".").join(" ");
}

const PICTURES: readonly [picture: string, ahead: string, why: string][] = [
  ["200", ".", "a lone source gets all requests"],
  ["0 0", ". .", "nothing is outstanding yet"],
  ["7 7 7", ". . .", "all alike"],
  ["100 100 100", ". . .", "all alike, and many"],
  ["15 0", ". .", "within the slack"],
  ["16 0", "^ .", "8 more than the average of 8"],
  ["30 10 2", "^ . .", "16 more than the average of 14"],
  ["21 14 7", ". . .", "7 more than the average of 14"],
  ["50 50 0 0", "^ ^ . .", "two of four"],
];

for (const [picture, expected, why] of PICTURES) {
  Deno.test(`OutstandingRequests are ahead at ${expected} of ${picture}: ${why}`, () => {
    assertEquals(ahead(drawn(picture)), expected);
  });
}

Deno.test("OutstandingRequests are compared among peers that accept requests", () => {
  const peers = drawn("20 0 0 0");
  assertEquals(ahead(peers), "^ . . .");
  for (const requests of peers.slice(1)) requests.setAccepted(false);
  assertEquals(ahead(peers), ". . . .");
});

Deno.test("OutstandingRequests of a snubbed peer do not count until it delivers", () => {
  const peers = drawn("90 12 0");
  const [first, second] = peers;
  assertEquals(ahead(peers), "^ . .");
  first!.setSnubbed(true);
  assertEquals(ahead(peers), ". . .");
  first!.delete(0);
  first!.setSnubbed(false);
  assertEquals(ahead(peers), "^ . .");
  first!.clear();
  second!.add(12, 0);
  assertEquals(ahead(peers), ". ^ .");
});

Deno.test("OutstandingRequests are full at one request each once two seconds of blocks are outstanding", () => {
  const balance = new RequestBalance();
  const peers = Array.from({ length: 3 }, () => {
    const requests = new OutstandingRequests(balance, { isFast: true, now: 0 });
    requests.setAccepted(true);
    return requests;
  });
  const [first, second, third] = peers;
  // Nothing is measured yet: two windows.
  for (let id = 0; id < 16; id++) (id < 7 ? first! : second!).add(id, 0);
  assertEquals(peers.map((peer) => peer.isFull), [true, true, false]);
  third!.add(16, 0);
  assertEquals(third!.isFull, true);
  // 40 blocks a second.
  balance.received(20, 0);
  assertEquals(peers.map((peer) => peer.isFull), [false, true, false]);
  // A minute later, fewer than one a second.
  balance.received(1, 60_000);
  assertEquals(peers.map((peer) => peer.isFull), [true, true, true]);
  third!.clear();
  second!.clear();
  assertEquals(peers.map((peer) => peer.isFull), [false, false, false]);
});

Deno.test("OutstandingRequests list blocks by age", () => {
  const [requests] = drawn("6");
  requests!.delete(0);
  requests!.delete(3);
  requests!.add(0, 0);
  assertEquals([...requests!], [1, 2, 4, 5, 0]);
  assertEquals(requests!.has(3), false);
  assertEquals(requests!.delete(3), false);
  requests!.clear();
  assertEquals([...requests!], []);
});

Deno.test("OutstandingRequests are a set through random changes", () => {
  const random = seededRandom(1);
  const [requests] = drawn("0");
  const model = new Set<number>();
  for (let step = 0; step < 20_000; step++) {
    const id = randomBelow(60, random);
    if (model.has(id)) assertEquals(requests!.delete(id), model.delete(id));
    else {
      requests!.add(id, 0);
      model.add(id);
    }
    assertEquals(requests!.size, model.size);
    assertEquals(requests!.has(id), model.has(id));
    if (step % 100 === 0) assertEquals([...requests!], [...model]);
  }
});

/**
 * Keeps a window full for `blocks` blocks, each of which arrives `delayMs` after
 * its request.
 */
function use(
  window: RequestWindow,
  options: { blocks: number; delayMs: number },
): RequestWindow {
  for (let id = 0; id < options.blocks; id++) {
    window.requested(id, 1000);
    window.received(id, 1000 + options.delayMs);
    // A block that is not timed opens the window.
    window.received(-1, 1000 + options.delayMs);
  }
  return window;
}

Deno.test("RequestWindow opens by one for each block that did not queue", () => {
  const window = new RequestWindow();
  const first = window.size;
  use(window, { blocks: 10, delayMs: 1 });
  assertEquals(window.size, first + 10);
});

Deno.test("RequestWindow stays below the limit of other clients", () => {
  const window = use(new RequestWindow(), { blocks: 10_000, delayMs: 1 });
  assertEquals(window.size, 250);
});

Deno.test("RequestWindow does not take latency for a queue", () => {
  const window = use(new RequestWindow(), { blocks: 1000, delayMs: 150 });
  assertEquals(window.size, 250);
});

Deno.test("RequestWindow closes to the number that does not queue, and opens again", () => {
  const window = use(new RequestWindow(), { blocks: 1000, delayMs: 10 });
  use(window, { blocks: 1, delayMs: 300 });
  assertEquals(window.size, 50);
  use(window, { blocks: 1, delayMs: 29 });
  assertEquals(window.size, 51);
});

Deno.test("RequestWindow closes further the more peers accept requests, from nine on", () => {
  const sizes = [0, 1, 8, 16, 100].map((sourceCount) => {
    const window = use(new RequestWindow(), { blocks: 1000, delayMs: 10 });
    window.requested(1, 1000);
    window.received(1, 1300, sourceCount);
    return window.size;
  });
  assertEquals(sizes, [50, 50, 50, 18, 16]);
});

Deno.test("RequestWindow of a slow peer closes to eight requests and no further", () => {
  const window = use(new RequestWindow(), { blocks: 5, delayMs: 1 });
  use(window, { blocks: 50, delayMs: 900 });
  assertEquals(window.size, 8);
});

Deno.test("RequestWindow of a peer that takes a second for a block closes to two", () => {
  const window = use(new RequestWindow(), { blocks: 5, delayMs: 1 });
  use(window, { blocks: 50, delayMs: 5000 });
  assertEquals(window.size, 2);
  use(window, { blocks: 10, delayMs: 1 });
  assertEquals(window.size, 12);
});

Deno.test("RequestWindow reports the delay of the last timed block and the wait for the next", () => {
  const window = new RequestWindow();
  assertEquals([window.delayMs, window.waitingMs(5)], [undefined, 0]);
  window.requested(1, 1000);
  window.requested(2, 1500);
  assertEquals([window.delayMs, window.waitingMs(3000)], [undefined, 2000]);
  window.received(1, 3500);
  assertEquals([window.delayMs, window.waitingMs(9000)], [2500, 0]);
});

Deno.test("RequestWindow times another block once its requests were dropped", () => {
  const window = use(new RequestWindow(), { blocks: 1, delayMs: 1 });
  const { size } = window;
  window.requested(7, 0);
  window.dropped();
  window.requested(8, 60_000);
  window.received(8, 60_001);
  window.received(9, 60_001);
  assert(window.size === size + 1, "the dropped block is not timed any more");
});

Deno.test("RequestWindow keeps to the peer's limit, however fast it answers", () => {
  for (const limit of [1, 5, 8, 30]) {
    const window = new RequestWindow();
    const first = window.size;
    window.limit(limit);
    assertEquals(window.size, Math.min(limit, first));
    assertEquals(use(window, { blocks: 1000, delayMs: 1 }).size, limit);
    // Slow blocks close it, within the limit.
    use(window, { blocks: 10, delayMs: 60_000 });
    assert(window.size >= 1 && window.size <= limit);
  }
});

Deno.test("RequestWindow opens no further for a peer with a larger limit", () => {
  const [one, other] = [new RequestWindow(), new RequestWindow()];
  other.limit(1_000_000);
  for (const window of [one, other]) use(window, { blocks: 5000, delayMs: 1 });
  assertEquals(one.size, other.size);
});

Deno.test("RequestWindow takes the latest limit of a peer, a larger one too", () => {
  const window = new RequestWindow();
  window.limit(5);
  window.limit(30);
  assertEquals(use(window, { blocks: 1000, delayMs: 1 }).size, 30);
});
