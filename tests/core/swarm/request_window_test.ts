import { assert, assertEquals } from "@std/assert";
import { RequestWindow } from "../../../lib/swarm/outstanding_requests.ts";

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
