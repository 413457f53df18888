import { assertEquals } from "@std/assert";
import { AnswerCache } from "../../../lib/tracker/answer_cache.ts";

/** A cache and a maker that counts how often it was asked. */
function counting(): (swarmCount: number, nowMs: number) => unknown {
  const cache = new AnswerCache<number>();
  let made = 0;
  return (swarmCount, nowMs) =>
    cache.get({ name: "stats", swarmCount, nowMs }, () => ++made);
}

Deno.test("AnswerCache makes each answer anew while torrents are few", () => {
  const ask = counting();
  assertEquals([ask(3, 0), ask(3, 0), ask(200, 1)], [1, 2, 3]);
});

Deno.test("AnswerCache keeps an answer about many torrents for five seconds", () => {
  const ask = counting();
  assertEquals([ask(201, 0), ask(201, 1), ask(201, 4999)], [1, 1, 1]);
  assertEquals([ask(201, 5000), ask(201, 5001)], [2, 2]);
});

Deno.test("AnswerCache gives no answer of when there were many once there are few", () => {
  const ask = counting();
  assertEquals([ask(201, 0), ask(2, 1), ask(201, 2)], [1, 2, 3]);
});

Deno.test("AnswerCache keeps answers apart by name", () => {
  const cache = new AnswerCache<string>();
  const at = { swarmCount: 1000, nowMs: 0 };
  assertEquals(cache.get({ name: "a", ...at }, () => "one"), "one");
  assertEquals(cache.get({ name: "b", ...at }, () => "two"), "two");
  assertEquals(cache.get({ name: "a", ...at }, () => "three"), "one");
});
