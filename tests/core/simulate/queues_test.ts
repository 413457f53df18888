import { assertEquals } from "@std/assert";
import { randomBelow, seededRandom } from "../../../lib/base/random.ts";
import { DueQueue } from "../../../scripts/simulate/due_queue.ts";

interface Item {
  readonly at: number;
  readonly key: number;
}

/** Removes all items. */
function drain(queue: DueQueue<Item>): Item[] {
  const taken: Item[] = [];
  for (let item; (item = queue.take(Infinity)) !== undefined;) taken.push(item);
  return taken;
}

Deno.test("DueQueue sorts by time, and keeps equals in the order of insertion", () => {
  const queue = new DueQueue<Item>();
  for (const [at, key] of [[2, 0], [1, 1], [2, 2], [1, 3], [0, 4]]) {
    queue.push({ at: at!, key: key! });
  }
  assertEquals(
    drain(queue).map(({ at, key }) => [at, key]),
    [[0, 4], [1, 1], [1, 3], [2, 0], [2, 2]],
  );
});

Deno.test("DueQueue keeps only the items of a filter", () => {
  const queue = new DueQueue<Item>();
  for (let at = 0; at < 100; at++) queue.push({ at, key: at % 3 });
  queue.take(Infinity);
  queue.filter(({ key }) => key !== 1);
  assertEquals(
    drain(queue).map(({ at }) => at),
    Array.from({ length: 99 }, (_, index) => index + 1)
      .filter((at) => at % 3 !== 1),
  );
});

Deno.test("DueQueue agrees with sorting through random changes (seed 1)", () => {
  const random = seededRandom(1);
  const queue = new DueQueue<Item>();
  const model: Item[] = [];
  for (let key = 0; key < 2000; key++) {
    const item = { at: randomBelow(500, random), key };
    queue.push(item);
    model.push(item);
    model.sort((one, other) => one.at - other.at);
    if (random() > 0.4) continue;
    assertEquals(queue.take(Infinity), model.shift());
  }
  assertEquals(drain(queue), model);
});

Deno.test("DueQueue gives back what is due, in order, also what comes meanwhile", () => {
  const queue = new DueQueue<{ at: number }>();
  for (let at = 0; at < 1000; at++) queue.push({ at });
  const taken: number[] = [];
  for (let item; (item = queue.take(599)) !== undefined;) {
    taken.push(item.at);
    if (item.at === 599) queue.push({ at: 1000 });
  }
  assertEquals(taken, Array.from({ length: 600 }, (_, at) => at));
  assertEquals(queue.firstAt, 600);
  while (queue.take(1000) !== undefined);
  assertEquals(queue.firstAt, Infinity);
});
