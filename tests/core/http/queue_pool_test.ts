import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { QueuePool } from "../../../lib/http/http_server.ts";

Deno.test("QueuePool lends a queue again, emptied", () => {
  const pool = new QueuePool(16);
  const queue = pool.take();
  queue.push(Uint8Array.of(1, 2, 3));
  pool.giveBack(queue);
  const again = pool.take();
  assertStrictEquals(again, queue);
  assertEquals([again.length, again.capacity], [0, 16]);
  assert(pool.take() !== queue);
});

Deno.test("QueuePool drops a queue that has grown", () => {
  const pool = new QueuePool(16);
  const queue = pool.take();
  queue.push(new Uint8Array(17));
  pool.giveBack(queue);
  assert(pool.take() !== queue);
});
