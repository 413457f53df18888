import { assertAlmostEquals, assertEquals } from "@std/assert";
import { TokenBucket } from "../../../lib/base/token_bucket.ts";

Deno.test("TokenBucket without a limit never asks to wait", () => {
  const bucket = new TokenBucket(0, 0);
  for (let step = 0; step < 10; step++) assertEquals(bucket.take(1e12, 0), 0);
});

Deno.test("TokenBucket lets a tenth of a second's worth pass at once", () => {
  const bucket = new TokenBucket(1000, 0);
  assertEquals(bucket.take(100, 0), 0);
  assertEquals(bucket.take(50, 0), 50);
});

Deno.test("TokenBucket lets more than it holds pass and has it paid for afterwards", () => {
  const bucket = new TokenBucket(1000, 0);
  assertEquals(bucket.take(2100, 0), 2000);
  assertEquals(bucket.take(0, 1500), 500);
  assertEquals(bucket.take(0, 2000), 0);
});

Deno.test("TokenBucket does not save up beyond its size", () => {
  const bucket = new TokenBucket(1000, 0);
  assertEquals(bucket.take(100, 60_000), 0);
  assertEquals(bucket.take(1, 60_000), 1);
});

Deno.test("TokenBucket holds the average to the limit, whatever the amounts", () => {
  for (const amount of [1, 70, 16_384, 1_000_000]) {
    const bucket = new TokenBucket(50_000, 0);
    let now = 0;
    let taken = 0;
    while (now < 60_000) {
      now += bucket.take(amount, now);
      taken += amount;
      // One byte costs less than the burst lasts: let the clock move anyway.
      now += 0.001;
    }
    assertAlmostEquals(taken / (now / 1000), 50_000, 50_000 * 0.02 + amount);
  }
});
