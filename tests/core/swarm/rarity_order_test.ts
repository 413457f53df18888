import { assert, assertEquals } from "@std/assert";
import { randomBelow, seededRandom } from "../../../lib/base/random.ts";
import { RarityOrder } from "../../../lib/swarm/rarity_order.ts";

/**
 * An order, one availability a piece: `"3 1 2"` is piece 0 with three
 * peers, piece 1 with one, piece 2 with two. A `-` is a piece that is removed.
 */
function drawn(picture: string, seed = 1): RarityOrder {
  const cells = picture.split(" ");
  const order = new RarityOrder(cells.length, seededRandom(seed));
  for (const [piece, cell] of cells.entries()) {
    if (cell === "-") order.remove(piece);
    for (let count = 0; count < Number(cell || 0); count++) {
      order.increment(piece);
    }
  }
  return order;
}

const ALL = { has: () => true };

/** Removes pieces one after another, rarest first. */
function picks(order: RarityOrder, accepts: string = ""): number[] {
  const picked: number[] = [];
  for (;;) {
    const piece = order.find({ has: (index) => accepts[index] !== "." });
    if (piece === undefined) return picked;
    order.remove(piece);
    picked.push(piece);
  }
}

const PICTURES: readonly [picture: string, accepts: string, picks: number[]][] =
  [
    ["3 1 2", "xxx", [1, 2, 0]],
    ["1 2 3 4", "xxxx", [0, 1, 2, 3]],
    ["4 3 2 1", "xxxx", [3, 2, 1, 0]],
    ["3 1 2", "x.x", [2, 0]],
    ["3 1 2", "...", []],
    ["0 5 0 1", "xxxx", [3, 1]],
    ["- 2 - 1", "xxxx", [3, 1]],
    ["-", "x", []],
    ["7", "x", [0]],
  ];

for (const [picture, accepts, expected] of PICTURES) {
  Deno.test(`RarityOrder finds ${expected} in ${picture} for ${accepts}`, () => {
    assertEquals(picks(drawn(picture), accepts), expected);
  });
}

Deno.test("RarityOrder picks at random among equals", () => {
  const firsts = new Set<number | undefined>();
  for (let seed = 0; seed < 100; seed++) {
    firsts.add(drawn("3 1 2 1 1", seed).find(ALL));
  }
  assertEquals(firsts, new Set([1, 3, 4]));
});

Deno.test("RarityOrder sorts equals differently for another seed", () => {
  const orders = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    orders.add(picks(drawn("1 1 1 1", seed)).join());
  }
  assert(orders.size > 10);
});

Deno.test("RarityOrder follows a piece that gets rarer", () => {
  const order = drawn("3 2");
  assertEquals(order.find(ALL), 1);
  order.decrement(0);
  order.decrement(0);
  assertEquals(order.find(ALL), 0);
});

Deno.test("RarityOrder counts the peers of a removed piece", () => {
  const order = drawn("1 2 3");
  order.remove(0);
  for (let count = 0; count < 9; count++) order.increment(0);
  order.decrement(0);
  assertEquals(order.availability(0), 9);
  order.add(0);
  assertEquals(picks(order), [1, 2, 0]);
});

Deno.test("RarityOrder removes and adds a piece once, however often it is called", () => {
  const order = drawn("1 2");
  order.remove(0);
  order.remove(0);
  assertEquals([order.size, order.has(0)], [1, false]);
  order.add(0);
  order.add(0);
  assertEquals([order.size, order.has(0)], [2, true]);
  assertEquals(picks(order), [0, 1]);
});

Deno.test("RarityOrder of no pieces finds none", () => {
  assertEquals(new RarityOrder(0, () => 0).find(ALL), undefined);
});

for (const seed of [1, 2, 3, 4]) {
  Deno.test(`RarityOrder agrees with sorting through random changes (seed ${seed})`, () => {
    const random = seededRandom(seed);
    const pieceCount = 1 + randomBelow(30, random);
    const order = new RarityOrder(pieceCount, random);
    const availability = new Array<number>(pieceCount).fill(0);
    const inside = new Set(availability.keys());
    for (let step = 0; step < 3000; step++) {
      const piece = randomBelow(pieceCount, random);
      switch (randomBelow(4, random)) {
        case 0:
          order.increment(piece);
          availability[piece]!++;
          break;
        case 1:
          if (availability[piece] === 0) break;
          order.decrement(piece);
          availability[piece]!--;
          break;
        case 2:
          order.remove(piece);
          inside.delete(piece);
          break;
        case 3:
          order.add(piece);
          inside.add(piece);
          break;
      }
      assertEquals(order.size, inside.size);
      assertEquals(order.has(piece), inside.has(piece));
      assertEquals(order.availability(piece), availability[piece]);
      const accepted = new Set(
        availability.keys().filter(() => random() < 0.5),
      );
      const found = order.find(accepted);
      const rarest = Math.min(
        ...[...inside].filter((index) => accepted.has(index))
          .map((index) => availability[index]!)
          .filter((count) => count > 0),
      );
      if (found === undefined) assertEquals(rarest, Infinity);
      else {
        assert(inside.has(found) && accepted.has(found));
        assertEquals(availability[found], rarest);
      }
    }
  });
}
