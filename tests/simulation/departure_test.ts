import { assert, assertEquals, assertLess } from "@std/assert";
import { SNUB_TIMEOUT_MS } from "../../lib/swarm/slow_peers.ts";
import { completionTimes } from "../../scripts/simulate/scenario.ts";
import type { VirtualHost } from "../../scripts/simulate/virtual_host.ts";
import { VirtualLan } from "../../scripts/simulate/virtual_lan.ts";

const SEEDS = [1, 2, 3];

/** True if the hosts have every piece between them. */
function haveOneCopy(
  hosts: readonly VirtualHost[],
  pieceCount: number,
): boolean {
  for (let index = 0; index < pieceCount; index++) {
    if (!hosts.some((host) => host.swarm.have.has(index))) return false;
  }
  return true;
}

for (const seed of SEEDS) {
  Deno.test(`all complete when the seeder leaves as soon as the leechers have one copy (seed ${seed})`, () => {
    const lan = new VirtualLan({ seed, pieceCount: 200 });
    const seeder = lan.join({ isSeeder: true });
    const leechers = lan.joinMany(5);
    lan.runUntil(() => haveOneCopy(leechers, 200), 60_000);
    assert(leechers.some((host) => !host.isComplete), "there is work left");
    seeder.leave();
    lan.runUntilAllComplete(60_000);
    assert(leechers.every((host) => host.isComplete));
  });

  Deno.test(`the others complete when leechers leave midway (seed ${seed})`, () => {
    const lan = new VirtualLan({ seed, pieceCount: 200 });
    lan.join({ isSeeder: true });
    const leechers = lan.joinMany(6);
    lan.runUntil(() => leechers[0]!.swarm.have.count >= 60, 60_000);
    for (const host of leechers.slice(0, 3)) host.leave();
    lan.runUntilAllComplete(60_000);
    assert(leechers.slice(3).every((host) => host.isComplete));
    assertLess(Math.max(...completionTimes(leechers)), 2000);
  });

  Deno.test(`no leecher waits long for a frozen seeder while there is another (seed ${seed})`, () => {
    const lan = new VirtualLan({ seed, pieceCount: 400 });
    const [frozen] = lan.joinMany(2, { isSeeder: true });
    const leechers = lan.joinMany(2);
    lan.runUntil(() => leechers[0]!.swarm.have.count >= 50, 60_000);
    frozen!.freeze();
    lan.runUntilAllComplete(120_000);
    assertLess(Math.max(...completionTimes(leechers)), SNUB_TIMEOUT_MS + 3000);
  });

  Deno.test(`a seeder that was frozen finishes its work (seed ${seed})`, () => {
    const lan = new VirtualLan({ seed, pieceCount: 400 });
    const seeder = lan.join({ isSeeder: true });
    const leechers = lan.joinMany(2);
    lan.runUntil(() => leechers[0]!.swarm.have.count >= 50, 60_000);
    seeder.freeze();
    lan.pass(2 * SNUB_TIMEOUT_MS);
    assert(leechers.every((host) => !host.isComplete));
    const thawedAt = lan.clock.now;
    seeder.thaw();
    lan.runUntilAllComplete(120_000);
    const lastMs = Math.max(...completionTimes(leechers)) - thawedAt;
    assertLess(lastMs, 3000);
  });
}

for (const seed of SEEDS) {
  Deno.test(`a leecher that was frozen for a minute continues over its connections (seed ${seed})`, () => {
    const lan = new VirtualLan({ seed, pieceCount: 400 });
    lan.joinMany(2, { isSeeder: true });
    const [frozen] = lan.joinMany(2);
    lan.runUntil(() => frozen!.swarm.have.count >= 50, 60_000);
    const before = [...frozen!.swarm.peers.keys()];
    frozen!.freeze();
    lan.pass(60_000);
    frozen!.thaw();
    const thawedAt = lan.clock.now;
    lan.pass(1_500);
    const after = [...frozen!.swarm.peers.keys()];
    // Complete hosts have disconnected from one another by then.
    assert(after.every((key) => before.includes(key)), "none is new");
    lan.runUntilAllComplete(120_000);
    assertLess(Math.max(...frozen!.completions) - thawedAt, 3_000);
  });
}

Deno.test("a leecher whose only seeder left completes with the next one (seed 1)", () => {
  const lan = new VirtualLan({ seed: 1, pieceCount: 100 });
  const first = lan.join({ isSeeder: true });
  const leecher = lan.join();
  lan.runUntil(() => leecher.swarm.have.count >= 20, 60_000);
  first.leave();
  lan.pass(5000);
  assertEquals(leecher.isComplete, false);
  lan.join({ isSeeder: true });
  lan.runUntilAllComplete(60_000);
  assertEquals(leecher.completions.length, 1);
});
