import { assertEquals } from "@std/assert";
import { randomBelow, seededRandom } from "../../../lib/base/random.ts";
import { BlockQueue } from "../../../scripts/simulate/virtual_link.ts";
import { DueQueue } from "../../../scripts/simulate/due_queue.ts";

/** Removes all items. Returns the order and the block of each. */
function drain(line: BlockQueue): [number, number][] {
  const taken: [number, number][] = [];
  while (!line.isEmpty) {
    taken.push([line.firstOrder, line.shift().block]);
  }
  return taken;
}

Deno.test("BlockQueue sorts by order, and keeps equals in the order of insertion", () => {
  const line = new BlockQueue();
  for (const [order, block] of [[2, 0], [1, 1], [2, 2], [1, 3], [0, 4]]) {
    line.add(order!, { far: 0, key: 0, block: block! });
  }
  assertEquals(drain(line), [[0, 4], [1, 1], [1, 3], [2, 0], [2, 2]]);
});

Deno.test("BlockQueue removes only a connection's blocks", () => {
  const line = new BlockQueue();
  for (let block = 0; block < 100; block++) {
    line.add(block, { far: 1, key: block % 3, block });
  }
  line.shift();
  line.remove(1);
  const left = drain(line).map(([, block]) => block);
  assertEquals(
    left,
    Array.from({ length: 99 }, (_, block) => block + 1)
      .filter((block) => block % 3 !== 1),
  );
});

Deno.test("BlockQueue agrees with sorting through random changes (seed 1)", () => {
  const random = seededRandom(1);
  const line = new BlockQueue();
  const model: { order: number; block: number }[] = [];
  for (let block = 0; block < 2000; block++) {
    const order = randomBelow(500, random);
    line.add(order, { far: 0, key: 0, block });
    model.push({ order, block });
    model.sort((one, other) => one.order - other.order);
    if (random() > 0.4) continue;
    assertEquals(line.shift().block, model.shift()!.block);
  }
  assertEquals(drain(line), model.map(({ order, block }) => [order, block]));
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
