import { assertAlmostEquals, assertEquals } from "@std/assert";
import { RateMeter } from "../../../lib/base/rate_meter.ts";

Deno.test("RateMeter that saw nothing reads zero", () => {
  const meter = new RateMeter(1000);
  assertEquals(meter.perSecond(1000), 0);
});

Deno.test("RateMeter reads a steady rate, whatever the clock's origin", () => {
  for (const start of [0, 700, 1_763_800_000_123]) {
    const meter = new RateMeter(start);
    for (let ms = 100; ms <= 20_000; ms += 100) meter.add(100, start + ms);
    assertAlmostEquals(meter.perSecond(start + 20_000), 1000, 50);
  }
});

Deno.test("RateMeter reads a young connection over its own age", () => {
  const meter = new RateMeter(10_000);
  meter.add(2000, 11_000);
  meter.add(2000, 12_000);
  assertEquals(meter.perSecond(12_000), 2000);
});

Deno.test("RateMeter does not exaggerate the first milliseconds", () => {
  const meter = new RateMeter(0);
  meter.add(1000, 1);
  assertEquals(meter.perSecond(1), 2000);
});

Deno.test("RateMeter forgets after five seconds", () => {
  const meter = new RateMeter(0);
  meter.add(5000, 500);
  assertEquals(meter.perSecond(4999) > 0, true);
  assertEquals(meter.perSecond(5000), 0);
});

Deno.test("RateMeter forgets through any length of silence", () => {
  for (const silence of [5000, 6000, 9999, 3_600_000]) {
    const meter = new RateMeter(0);
    for (let ms = 0; ms < 10_000; ms += 500) meter.add(100, ms);
    assertEquals(meter.perSecond(10_000 + silence), 0);
    meter.add(300, 10_000 + silence);
    assertAlmostEquals(meter.perSecond(10_000 + silence), 75, 20);
  }
});

Deno.test("RateMeter takes a clock that steps back", () => {
  const meter = new RateMeter(10_000);
  meter.add(100, 10_500);
  meter.add(100, 8000);
  assertEquals(meter.perSecond(11_000), 200);
});
