import { assertEquals } from "@std/assert";
import { HandleLimit } from "../../../lib/peer/session_context.ts";

/** Adds `count` connections. Returns the numbers of those that are closed, live. */
function fill(limit: HandleLimit, count: number): number[] {
  const closed: number[] = [];
  for (let number = 0; number < count; number++) {
    const connection = {
      close: () => {
        closed.push(number);
        limit.delete(connection);
      },
    };
    assertEquals(limit.add(connection, 0), true);
  }
  return closed;
}

const nobody = { close: () => {} };

Deno.test("HandleLimit has no limit before a shortage", () => {
  const limit = new HandleLimit();
  assertEquals(fill(limit, 1000), []);
});

Deno.test("HandleLimit.release() closes the newest connections, and add() takes none for a while", () => {
  const limit = new HandleLimit();
  const closed = fill(limit, 20);
  limit.release(1_000);
  assertEquals(closed, [12, 13, 14, 15, 16, 17, 18, 19]);
  assertEquals(limit.add(nobody, 2_000), false);
  assertEquals(limit.add(nobody, 61_000), true);
});

Deno.test("HandleLimit.add() takes one where another is over", () => {
  const limit = new HandleLimit();
  const first = { close: () => {} };
  limit.add(first, 0);
  fill(limit, 19);
  limit.release(0);
  assertEquals(limit.add(nobody, 1), false);
  limit.delete(first);
  assertEquals(limit.add(nobody, 2), true);
});

Deno.test("HandleLimit.release() keeps a few connections in any shortage", () => {
  const limit = new HandleLimit();
  const closed = fill(limit, 6);
  for (let now = 0; now < 5; now++) limit.release(now);
  assertEquals(closed, [4, 5]);
});
