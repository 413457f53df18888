import { assertEquals } from "@std/assert";
import { ConnectionLimit } from "../../../lib/peer/handle_limit.ts";

/** Adds so many connections; the numbers of those that are closed. */
function fill(limit: ConnectionLimit, count: number): number[] {
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

Deno.test("a ConnectionLimit takes everybody until handles lack", () => {
  const limit = new ConnectionLimit();
  assertEquals(fill(limit, 1000), []);
});

Deno.test("a ConnectionLimit hangs up on the newest when handles lack, and takes nobody for a while", () => {
  const limit = new ConnectionLimit();
  const closed = fill(limit, 20);
  limit.giveWay(1_000);
  assertEquals(closed, [12, 13, 14, 15, 16, 17, 18, 19]);
  assertEquals(limit.add(nobody, 2_000), false);
  assertEquals(limit.add(nobody, 61_000), true);
});

Deno.test("a ConnectionLimit takes one where another has left", () => {
  const limit = new ConnectionLimit();
  const first = { close: () => {} };
  limit.add(first, 0);
  fill(limit, 19);
  limit.giveWay(0);
  assertEquals(limit.add(nobody, 1), false);
  limit.delete(first);
  assertEquals(limit.add(nobody, 2), true);
});

Deno.test("a ConnectionLimit keeps a few, whatever lacks", () => {
  const limit = new ConnectionLimit();
  const closed = fill(limit, 6);
  for (let now = 0; now < 5; now++) limit.giveWay(now);
  assertEquals(closed, [4, 5]);
});
