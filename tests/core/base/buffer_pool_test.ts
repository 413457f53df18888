import { assert, assertEquals } from "@std/assert";
import { BufferPool } from "../../../lib/base/buffer_pool.ts";

Deno.test("BufferPool reuses a buffer that was given back", () => {
  const pool = new BufferPool({ length: 8, keepBytes: 16 });
  const first = pool.take(8);
  const second = pool.take(8);
  assert(first.buffer !== second.buffer);
  pool.give(first);
  assert(pool.take(8).buffer === first.buffer);
});

Deno.test("BufferPool lends a part of a buffer to a short piece and takes back the whole", () => {
  const pool = new BufferPool({ length: 8, keepBytes: 8 });
  const short = pool.take(3);
  assertEquals(short.length, 3);
  pool.give(short);
  assertEquals(pool.take(8).length, 8);
});

Deno.test("BufferPool keeps no more bytes than its limit", () => {
  const pool = new BufferPool({ length: 8, keepBytes: 15 });
  const [first, second] = [pool.take(8), pool.take(8)];
  pool.give(first);
  pool.give(second);
  assert(pool.take(8).buffer === first.buffer);
  assert(pool.take(8).buffer !== second.buffer);
});
