import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  randomBelow,
  seededRandom,
  shuffle,
} from "../../../lib/base/random.ts";

Deno.test("seededRandom() repeats for the same seed and differs for another", () => {
  const draw = (seed: number): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: 5 }, random);
  };
  assertEquals(draw(7), draw(7));
  assert(draw(7)[0] !== draw(8)[0]);
});

Deno.test("seededRandom() stays in [0, 1) and fills it evenly", () => {
  const random = seededRandom(9);
  const tenths = new Array<number>(10).fill(0);
  for (let step = 0; step < 100_000; step++) {
    const value = random();
    assert(value >= 0 && value < 1);
    tenths[Math.floor(value * 10)]!++;
  }
  for (const count of tenths) assertAlmostEquals(count, 10_000, 500);
});

Deno.test("randomBelow() reaches every whole number below the bound and no other", () => {
  const random = seededRandom(10);
  const seen = new Set<number>();
  for (let step = 0; step < 500; step++) seen.add(randomBelow(6, random));
  assertEquals([...seen].sort(), [0, 1, 2, 3, 4, 5]);
  assertEquals(randomBelow(1, random), 0);
});

Deno.test("shuffle() keeps the items and produces every order", () => {
  const random = seededRandom(11);
  const counts = new Map<string, number>();
  for (let step = 0; step < 6000; step++) {
    const order = shuffle(["a", "b", "c"], random).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assertEquals([...counts.keys()].sort(), [
    "abc",
    "acb",
    "bac",
    "bca",
    "cab",
    "cba",
  ]);
  for (const count of counts.values()) assertAlmostEquals(count, 1000, 150);
});

Deno.test("shuffle() works in place, on typed arrays and on empty ones", () => {
  const items = Uint32Array.of(1, 2, 3);
  assert(shuffle(items, () => 0) === items);
  assertEquals(items, Uint32Array.of(2, 3, 1));
  assertEquals(shuffle([], () => 0), []);
});
