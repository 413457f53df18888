import { assertEquals } from "@std/assert";
import { randomBelow, seededRandom } from "../../../lib/base/random.ts";
import { BlockQueue } from "../../../scripts/simulate/virtual_link.ts";
import { Mailboxes } from "../../../scripts/simulate/mailboxes.ts";

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

Deno.test("Mailboxes keep each box in order through random changes (seed 1)", () => {
  const random = seededRandom(1);
  const boxes = new Mailboxes();
  const models = Array.from({ length: 5 }, (): [number, number, number][] => {
    boxes.open();
    return [];
  });
  for (let at = 0; at < 5000; at++) {
    const box = randomBelow(models.length, random);
    const model = models[box]!;
    boxes.push(box, at, at % 7, at % 11);
    model.push([at % 7, at % 11, at]);
    assertEquals(boxes.firstAt(box), model[0]![2]);
    if (random() > 0.05) continue;
    const until = at - 20;
    const due = model.filter(([, , dueAt]) => dueAt <= until);
    const taken: [number, number, number][] = [];
    boxes.drain(box, until, (...item) => taken.push(item));
    assertEquals(taken, due);
    models[box] = model.slice(due.length);
  }
});

Deno.test("Mailboxes accept items while they are drained", () => {
  const boxes = new Mailboxes();
  const box = boxes.open();
  boxes.push(box, 1, 0, 0);
  const contents: number[] = [];
  boxes.drain(box, 1, (_, content) => {
    contents.push(content);
    if (content < 100) boxes.push(box, 1, 0, content + 1);
  });
  assertEquals(contents.length, 101);
  assertEquals(boxes.firstAt(box), Infinity);
});
