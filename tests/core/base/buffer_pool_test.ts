import { assert, assertEquals } from "@std/assert";
import { BufferPool } from "../../../lib/base/buffer_pool.ts";

Deno.test("BufferPool hands a buffer out again once it is given back", () => {
  const pool = new BufferPool({ length: 8, keepBytes: 16 });
  const first = pool.take(8);
  const second = pool.take(8);
  assert(first.buffer !== second.buffer);
  pool.give(first);
  assert(pool.take(8).buffer === first.buffer);
});

Deno.test("BufferPool gives a short piece a part of a buffer and has it whole again", () => {
  const pool = new BufferPool({ length: 8, keepBytes: 8 });
  const short = pool.take(3);
  assertEquals(short.length, 3);
  pool.give(short);
  assertEquals(pool.take(8).length, 8);
});

Deno.test("BufferPool keeps no more than its budget", () => {
  const pool = new BufferPool({ length: 8, keepBytes: 15 });
  const [first, second] = [pool.take(8), pool.take(8)];
  pool.give(first);
  pool.give(second);
  assert(pool.take(8).buffer === first.buffer);
  assert(pool.take(8).buffer !== second.buffer);
});
