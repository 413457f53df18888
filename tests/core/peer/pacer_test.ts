import { assert, assertEquals } from "@std/assert";
import { Pacer } from "../../../lib/peer/pacer.ts";

const { signal } = new AbortController();
/** Far less than the waits that are cut short, and more than a busy machine adds. */
const SOON_MS = 20_000;

Deno.test("Pacer shortens a wait when its rate rises, and ends it without a limit", async () => {
  const pacer = new Pacer(1);
  const startMs = performance.now();
  // A thousand seconds each.
  const waits = [1_000, 1_000].map((length) => pacer.pass(length, signal));
  pacer.setRate(1_000_000);
  await waits[0];
  await waits[1];
  pacer.setRate(1);
  const wait = pacer.pass(1_000, signal);
  pacer.setRate(0);
  await wait;
  assert(performance.now() - startMs < SOON_MS);
});

Deno.test("Pacer forgets nothing that was moved when its rate changes", async () => {
  const pacer = new Pacer(1_000);
  const startMs = performance.now();
  const wait = pacer.pass(600, signal);
  for (const rate of [2_000, 1_000, 3_000, 1_000]) pacer.setRate(rate);
  await wait;
  // 600 bytes less the burst of a tenth of a second.
  assert(performance.now() - startMs > 400);
});

Deno.test("Pacer keeps to an outer limit as well", async () => {
  const outer = new Pacer(1_000);
  const pacer = new Pacer(0, outer);
  assertEquals(pacer.stepLength, 100);
  pacer.setRate(500);
  assertEquals(pacer.stepLength, 50);
  pacer.setRate(0);
  const startMs = performance.now();
  await pacer.pass(300, signal);
  assert(performance.now() - startMs > 150);
  const ending = new AbortController();
  const wait = pacer.pass(1_000_000, ending.signal);
  ending.abort();
  await wait;
});
