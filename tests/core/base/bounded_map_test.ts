import { assertEquals } from "@std/assert";
import { BoundedMap } from "../../../lib/base/bounded_map.ts";

function mapOf(text: string): BoundedMap<string, string> {
  const map = new BoundedMap<string, string>(text.length);
  for (const letter of text) map.set(letter, letter.toUpperCase());
  return map;
}

function valuesOf(map: BoundedMap<string, string>): string {
  return [...map.values()].join("");
}

Deno.test("BoundedMap evicts the least recently set entry", () => {
  const map = mapOf("abc");
  map.set("d", "D");
  assertEquals(valuesOf(map), "BCD");
  assertEquals(map.size, 3);
});

Deno.test("BoundedMap evicts nothing when it replaces a value", () => {
  const map = mapOf("abc");
  map.set("a", "X");
  assertEquals(valuesOf(map), "BCX");
});

Deno.test("BoundedMap counts get() as a use, and peek() not", () => {
  const map = mapOf("abc");
  assertEquals(map.get("a"), "A");
  assertEquals(map.peek("b"), "B");
  assertEquals(map.get("z"), undefined);
  assertEquals(valuesOf(map), "BCA");
});

Deno.test("BoundedMap has room again after a delete", () => {
  const map = mapOf("abc");
  assertEquals(map.delete("b"), true);
  assertEquals(map.delete("b"), false);
  map.set("d", "D");
  assertEquals(valuesOf(map), "ACD");
});

Deno.test("BoundedMap keeps the weight of its entries below its capacity", () => {
  const map = new BoundedMap<string, number>(100, (value) => value);
  for (const name of ["a", "b", "c"]) map.set(name, 40);
  assertEquals([...map.values()], [40, 40]);
  map.set("b", 10);
  map.set("d", 50);
  assertEquals([...map.values()], [40, 10, 50]);
  map.set("e", 101);
  assertEquals([...map.values()], []);
  map.set("f", 100);
  assertEquals([...map.values()], [100]);
});

Deno.test("BoundedMap.getOrInsertComputed() creates a value once, and counts as a use", () => {
  const map = mapOf("abc");
  assertEquals(map.getOrInsertComputed("a", () => "X"), "A");
  assertEquals(map.getOrInsertComputed("d", () => "D"), "D");
  assertEquals(valuesOf(map), "CAD");
});
