import { assert, assertEquals, assertThrows } from "@std/assert";
import { ByteQueue } from "../../../lib/base/byte_queue.ts";
import { randomBelow, seededRandom } from "../../../lib/base/random.ts";

Deno.test("ByteQueue returns bytes in the order in which they came", () => {
  const queue = new ByteQueue(8);
  queue.push(Uint8Array.of(1, 2, 3));
  queue.push(Uint8Array.of(4, 5));
  assertEquals(queue.length, 5);
  assertEquals(queue.bytes, Uint8Array.of(1, 2, 3, 4, 5));
  queue.consume(2);
  assertEquals(queue.bytes, Uint8Array.of(3, 4, 5));
});

Deno.test("ByteQueue grows when the unread bytes exceed its size", () => {
  const queue = new ByteQueue(2);
  queue.push(Uint8Array.of(1, 2));
  queue.push(Uint8Array.of(3, 4, 5, 6, 7));
  assertEquals(queue.bytes, Uint8Array.of(1, 2, 3, 4, 5, 6, 7));
});

Deno.test("ByteQueue without capacity grows on first use", () => {
  const queue = new ByteQueue(0);
  assertEquals(queue.bytes.length, 0);
  queue.push(Uint8Array.of(9));
  assertEquals(queue.bytes, Uint8Array.of(9));
});

Deno.test("ByteQueue at least doubles, so that growing stays cheap", () => {
  const queue = new ByteQueue(4);
  queue.push(Uint8Array.of(1, 2, 3, 4));
  assertEquals(queue.space(1).length, 4);
});

Deno.test("ByteQueue moves the unread bytes to the front before it grows", () => {
  const queue = new ByteQueue(4);
  queue.push(Uint8Array.of(1, 2, 3, 4));
  const buffer = queue.bytes.buffer;
  queue.consume(3);
  assertEquals(queue.space(3).length, 3);
  queue.push(Uint8Array.of(5, 6, 7));
  assertEquals(queue.bytes, Uint8Array.of(4, 5, 6, 7));
  assert(queue.bytes.buffer === buffer, "no new buffer is made");
});

Deno.test("ByteQueue starts at the front again without a copy when all is read", () => {
  const queue = new ByteQueue(4);
  queue.push(Uint8Array.of(1, 2, 3));
  queue.consume(3);
  assertEquals(queue.space(0).length, 4);
});

Deno.test("ByteQueue accepts what a socket wrote into its space", () => {
  const queue = new ByteQueue(8);
  const space = queue.space(4);
  space.set([7, 8, 9]);
  queue.commit(2);
  assertEquals(queue.bytes, Uint8Array.of(7, 8));
});

Deno.test("ByteQueue returns a view of its bytes", () => {
  const queue = new ByteQueue(4);
  queue.push(Uint8Array.of(1));
  assert(queue.bytes.buffer === queue.bytes.buffer);
});

Deno.test("ByteQueue keeps a view valid while bytes are consumed", () => {
  const queue = new ByteQueue(4);
  queue.push(Uint8Array.of(1, 2, 3));
  const view = queue.bytes.subarray(0, 2);
  queue.consume(3);
  assertEquals(view, Uint8Array.of(1, 2));
});

Deno.test("ByteQueue refuses to commit or consume more than it has", () => {
  const queue = new ByteQueue(4);
  queue.push(Uint8Array.of(1, 2));
  assertThrows(() => queue.consume(3), RangeError, "only 2 are unread");
  assertThrows(() => queue.commit(3), RangeError, "only 2 are free");
  assertEquals(queue.bytes, Uint8Array.of(1, 2));
});

Deno.test("ByteQueue agrees with an array through random pushes and reads (seed 2)", () => {
  const random = seededRandom(2);
  const queue = new ByteQueue(16);
  const model: number[] = [];
  let next = 0;
  for (let step = 0; step < 3000; step++) {
    if (random() < 0.5) {
      const bytes = Uint8Array.from(
        { length: randomBelow(40, random) },
        () => next++,
      );
      queue.push(bytes);
      model.push(...bytes);
    } else {
      const count = randomBelow(model.length + 1, random);
      queue.consume(count);
      model.splice(0, count);
    }
    assertEquals(queue.length, model.length);
    assertEquals(queue.bytes, Uint8Array.from(model));
  }
});
