import { assertEquals } from "@std/assert";
import { DialLimiter } from "../../../lib/dialing/dial_limiter.ts";

const HOST = "192.0.2.1";

/** Starts dials while one more may start. Returns their number. */
function dialAll({ rate }: DialLimiter, now: number): number {
  let count = 0;
  while (rate.tryTake(1, now)) count++;
  return count;
}

Deno.test("DialLimiter lets 64 dials start at once, and 20 in each second after", () => {
  const limiter = new DialLimiter();
  assertEquals(dialAll(limiter, 1_000), 64);
  assertEquals(dialAll(limiter, 1_000), 0);
  assertEquals(dialAll(limiter, 2_000), 20);
  assertEquals(dialAll(limiter, 1_000_000), 64);
});

Deno.test("DialLimiter delays a host for longer with each failure", () => {
  const limiter = new DialLimiter();
  const delays: number[] = [];
  let now = 0;
  for (let count = 0; count < 17; count++) {
    limiter.failed(HOST, now);
    const delay = limiter.delayOf(HOST, now);
    delays.push(delay / 1000);
    now += delay;
  }
  assertEquals(delays.slice(0, 11), [0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8]);
  assertEquals(delays.slice(-4), [64, 120, 120, 120]);
  assertEquals(limiter.delayOf("192.0.2.2", now), 0);
});

Deno.test("DialLimiter forgets the failures of a host that answers", () => {
  const limiter = new DialLimiter();
  for (let count = 0; count < 12; count++) limiter.failed(HOST, 0);
  assertEquals(limiter.delayOf(HOST, 0), 16_000);
  limiter.answered(HOST);
  assertEquals(limiter.delayOf(HOST, 0), 0);
  limiter.failed(HOST, 0);
  assertEquals(limiter.delayOf(HOST, 0), 0);
});

Deno.test("DialLimiter allows few dials to a thousand ports of one host", () => {
  const limiter = new DialLimiter();
  let dialCount = 0;
  // Ten minutes in which there is always another port to try.
  for (let now = 0; now < 600_000; now += 100) {
    while (limiter.delayOf(HOST, now) === 0 && limiter.rate.tryTake(1, now)) {
      limiter.failed(HOST, now);
      dialCount++;
    }
  }
  assertEquals(dialCount, 18);
});

Deno.test("DialLimiter never delays this machine", () => {
  const limiter = new DialLimiter();
  for (let count = 0; count < 100; count++) limiter.failed("127.0.0.1", 0);
  assertEquals(limiter.delayOf("127.0.0.1", 0), 0);
});

Deno.test("DialLimiter remembers the 1024 hosts that failed last", () => {
  const limiter = new DialLimiter();
  for (let count = 0; count < 20; count++) limiter.failed(HOST, 0);
  for (let host = 0; host < 1_023; host++) {
    limiter.failed(`host ${host}`, 0);
  }
  assertEquals(limiter.delayOf(HOST, 0) > 0, true);
  limiter.failed("one more", 0);
  assertEquals(limiter.delayOf(HOST, 0), 0);
});
