import { assertAlmostEquals, assertEquals } from "@std/assert";
import { RateLimiter } from "../../../lib/base/rate_limiter.ts";

Deno.test("RateLimiter without a limit never asks to wait", () => {
  const limiter = new RateLimiter({ perSecond: 0 });
  for (let step = 0; step < 10; step++) assertEquals(limiter.take(1e12, 0), 0);
  assertEquals(limiter.tryTake(1e12, 0), true);
});

Deno.test("RateLimiter lets a burst pass at once", () => {
  const limiter = new RateLimiter({ perSecond: 1000 });
  assertEquals(limiter.take(100, 0), 0);
  assertEquals(limiter.take(50, 0), 50);
});

Deno.test("RateLimiter makes the next one wait for what exceeded the burst", () => {
  const limiter = new RateLimiter({ perSecond: 1000 });
  assertEquals(limiter.take(2100, 0), 2000);
  assertEquals(limiter.take(0, 1500), 500);
  assertEquals(limiter.take(0, 2000), 0);
});

Deno.test("RateLimiter saves up no more than a burst", () => {
  const limiter = new RateLimiter({ perSecond: 1000, burst: 100 });
  assertEquals(limiter.take(100, 60_000), 0);
  assertEquals(limiter.take(1, 60_000), 1);
});

Deno.test("RateLimiter refuses what would exceed the burst, and takes nothing for it", () => {
  const limiter = new RateLimiter({ perSecond: 10, burst: 3 });
  for (let step = 0; step < 3; step++) {
    assertEquals(limiter.tryTake(1, 0), true);
  }
  for (let step = 0; step < 3; step++) {
    assertEquals(limiter.tryTake(1, 0), false);
  }
  assertEquals(limiter.waitMs(1, 0), 100);
  assertEquals(limiter.waitMs(2, 40), 160);
  assertEquals(limiter.tryTake(1, 100), true);
  assertEquals(limiter.tryTake(1, 100), false);
});

Deno.test("RateLimiter takes back what was not used, up to a burst", () => {
  const limiter = new RateLimiter({ perSecond: 10, burst: 3 });
  assertEquals(limiter.tryTake(3, 0), true);
  limiter.giveBack(2);
  assertEquals(limiter.tryTake(2, 0), true);
  limiter.giveBack(1000);
  assertEquals(limiter.tryTake(4, 0), false);
  assertEquals(limiter.tryTake(3, 0), true);
});

Deno.test("RateLimiter accepts a clock that steps back", () => {
  const limiter = new RateLimiter({ perSecond: 1000 });
  assertEquals(limiter.take(100, 10_000), 0);
  assertEquals(limiter.take(1, 9_999), 2);
});

Deno.test("RateLimiter keeps the average to the limit, whatever the amounts", () => {
  for (const amount of [1, 70, 16_384, 1_000_000]) {
    const limiter = new RateLimiter({ perSecond: 50_000 });
    let now = 0;
    let taken = 0;
    while (now < 60_000) {
      now += limiter.take(amount, now);
      taken += amount;
      // A byte costs less than the burst lasts: advance the clock anyway.
      now += 0.001;
    }
    assertAlmostEquals(taken / (now / 1000), 50_000, 50_000 * 0.02 + amount);
  }
});
