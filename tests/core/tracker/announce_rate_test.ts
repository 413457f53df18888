import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../../lib/base/random.ts";
import { AnnounceRate } from "../../../lib/tracker/tracker.ts";

function rate(perSecond?: number, burst?: number): AnnounceRate {
  return new AnnounceRate({
    random: seededRandom(1),
    ...(perSecond !== undefined && { perSecond }),
    ...(burst !== undefined && { burst }),
  });
}

Deno.test("AnnounceRate lets an address announce a burst, then at the rate", () => {
  const announces = rate(10, 3);
  const take = (nowMs: number): number => announces.take("192.0.2.1", nowMs);
  assertEquals([take(0), take(0), take(0)], [0, 0, 0]);
  assertEquals([take(0), take(0), take(99)], [100, 100, 1]);
  assertEquals([take(100), take(100)], [0, 100]);
  assertEquals([take(10_000), take(10_000), take(10_000)], [0, 0, 0]);
  assertEquals(take(10_000), 100);
});

Deno.test("AnnounceRate limits each address by itself, and none of this machine", () => {
  const announces = rate(1, 1);
  for (const hostname of ["192.0.2.1", "192.0.2.2", "2001:db8::1"]) {
    assertEquals(announces.take(hostname, 0), 0);
    assert(announces.take(hostname, 0) > 0);
  }
  for (const hostname of ["127.0.0.1", "127.9.9.9", "::1"]) {
    for (let count = 0; count < 100; count++) {
      assertEquals(announces.take(hostname, 0), 0);
    }
  }
});

Deno.test("AnnounceRate lets a site of hundreds behind one address pass", () => {
  const announces = rate();
  let refusedCount = 0;
  // 500 machines with 8 torrents each start at once and go on every ten seconds.
  for (let second = 0; second < 60; second += 10) {
    for (let count = 0; count < 4_000; count++) {
      if (announces.take("192.0.2.1", second * 1000) > 0) refusedCount++;
    }
  }
  assertEquals(refusedCount, 0);
});

Deno.test("AnnounceRate remembers a busy address while many others announce once", () => {
  const announces = rate(10, 100);
  const busy = "192.0.2.1";
  for (let count = 0; count < 100; count++) announces.take(busy, 0);
  // More addresses than there are buckets, one announce each.
  for (let number = 0; number < 200_000; number++) {
    const hostname = `10.${number >> 16}.${number >> 8 & 255}.${number & 255}`;
    assertEquals(announces.take(hostname, 1), 0);
  }
  assert(announces.take(busy, 2) > 0);
});
