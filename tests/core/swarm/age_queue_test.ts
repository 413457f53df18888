import { assertEquals } from "@std/assert";
import { randomBelow, seededRandom } from "../../../lib/base/random.ts";
import { AgeQueue } from "../../../lib/swarm/age_queue.ts";

Deno.test("AgeQueue lists what is in it, oldest first", () => {
  const queue = new AgeQueue<string>();
  for (const item of "abcdef") queue.add(item);
  queue.delete("a");
  queue.delete("d");
  queue.add("a");
  assertEquals([...queue].join(""), "bcefa");
  assertEquals(queue.has("d"), false);
  assertEquals(queue.delete("d"), false);
  queue.clear();
  assertEquals([...queue], []);
});

Deno.test("AgeQueue is a set, whatever comes and goes (seed 1)", () => {
  const random = seededRandom(1);
  const queue = new AgeQueue<number>();
  const model = new Set<number>();
  for (let step = 0; step < 20_000; step++) {
    const item = randomBelow(60, random);
    if (model.has(item)) {
      assertEquals(queue.delete(item), model.delete(item));
    } else {
      queue.add(item);
      model.add(item);
    }
    assertEquals(queue.size, model.size);
    assertEquals(queue.has(item), model.has(item));
    if (step % 100 === 0) assertEquals([...queue], [...model]);
  }
});
