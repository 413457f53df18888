import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { SharedLimit } from "../../../lib/rollout/shared_limit.ts";

const LIMIT = 1_000_000;

/** Reports of hosts once a second, each of which uses as much of its part as it can. */
class Hosts {
  readonly limit = new SharedLimit(LIMIT);
  readonly parts: Record<string, number> = {};
  #nowMs = 0;

  /** @param links What each host can receive, in bytes a second. */
  pass(seconds: number, links: Record<string, number>): void {
    for (let second = 0; second < seconds; second++) {
      this.#nowMs += 1_000;
      for (const [name, link] of Object.entries(links)) {
        const used = Math.min(link, this.parts[name] ?? 0);
        this.parts[name] = this.limit.partOf(name, used, this.#nowMs);
      }
    }
  }

  /** The sum of their rates. */
  sum(links: Record<string, number>): number {
    return Object.entries(links).reduce(
      (sum, [name, link]) => sum + Math.min(link, this.parts[name] ?? 0),
      0,
    );
  }
}

Deno.test("SharedLimit gives hosts even parts, also of those that come later and leave", () => {
  const hosts = new Hosts();
  const [a, b, c] = [Infinity, Infinity, Infinity];
  hosts.pass(1, { a });
  assertEquals(hosts.parts, { a: LIMIT });
  hosts.pass(2, { a, b });
  assertEquals(hosts.parts, { a: LIMIT / 2, b: LIMIT / 2 });
  hosts.pass(2, { a, b, c });
  assertAlmostEquals(hosts.sum({ a, b, c }), LIMIT, 1);
  hosts.limit.leave("a");
  hosts.pass(2, { b, c });
  assertEquals([hosts.parts.b, hosts.parts.c], [LIMIT / 2, LIMIT / 2]);
  // One that falls silent has no part any more.
  hosts.pass(6, { b });
  assertEquals(hosts.parts.b, LIMIT);
});

Deno.test("SharedLimit gives others what a slow host does not use, and takes it back", () => {
  const hosts = new Hosts();
  const slow = { a: 100_000, b: Infinity, c: Infinity };
  hosts.pass(20, slow);
  assert(hosts.sum(slow) > 0.98 * LIMIT, `${hosts.sum(slow)}`);
  assert(hosts.sum(slow) <= LIMIT + 1);
  const quick = { a: Infinity, b: Infinity, c: Infinity };
  hosts.pass(6, quick);
  assertAlmostEquals(hosts.parts.a!, LIMIT / 3, 1);
  assertAlmostEquals(hosts.sum(quick), LIMIT, 1);
});

Deno.test("SharedLimit leaves a host that pretends to receive nothing little", () => {
  const hosts = new Hosts();
  hosts.pass(20, { a: 0, b: Infinity });
  assertEquals(Math.round(hosts.parts.a!), LIMIT / 20);
  assertEquals(Math.round(hosts.parts.b!), LIMIT * 19 / 20);
});

Deno.test("SharedLimit never gives more than the limit, whatever hosts report", () => {
  const limit = new SharedLimit(LIMIT);
  const parts = new Map<string, number>();
  let seed = 7;
  for (let turn = 0; turn < 3_000; turn++) {
    seed = seed * 48_271 % 2_147_483_647;
    const key = `${seed % 40}`;
    if (seed % 17 === 0) {
      limit.leave(key);
      parts.delete(key);
    } else parts.set(key, limit.partOf(key, seed % 100_000, turn * 20));
    assert(limit.nextPart <= LIMIT);
  }
  // All of them report once more at one time.
  for (const nowMs of [100_000, 100_300, 100_301]) {
    for (const key of parts.keys()) {
      parts.set(key, limit.partOf(key, 0, nowMs));
    }
  }
  const sum = parts.values().reduce((sum, part) => sum + part, 0);
  assert(sum <= LIMIT + 1, `${sum}`);
});
