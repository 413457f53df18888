/**
 * Swarms whose peers support all extensions of the protocol, some of them, or none.
 * [BEP 6, 10, 11]
 */
import { assert, assertEquals, assertLess } from "@std/assert";
import {
  completionTimes,
  wastedShare,
} from "../../scripts/simulate/scenario.ts";
import { VirtualLan } from "../../scripts/simulate/virtual_lan.ts";
import { UPLOAD_SLOTS } from "../../lib/swarm/uploads.ts";
import { NO_EXTENSIONS, OWN_EXTENSIONS } from "../../lib/wire/handshake.ts";

const SEED = 1;
/** 4 Mbit/s: slow enough for upload turns and for peer exchange. */
const SLOW = 500_000;

/** Runs leechers that know the seeder alone. Returns the time of the last, in virtual milliseconds. */
function lastOfStrangers(extensions = OWN_EXTENSIONS): number {
  const lan = new VirtualLan({
    seed: SEED,
    pieceCount: 100,
    blocksPerPiece: 4,
  });
  const link = { extensions, upBytesPerSecond: SLOW };
  const seeder = lan.join({ ...link, isSeeder: true });
  const leechers = lan.joinMany(20, {
    ...link,
    knownHosts: [seeder.hostname],
  });
  lan.runUntilAllComplete(1_000_000);
  return Math.max(...completionTimes(leechers));
}

Deno.test(`leechers that know only their seeder find each other through it (seed ${SEED})`, () => {
  const withoutMs = lastOfStrangers(NO_EXTENSIONS);
  const withMs = lastOfStrangers();
  // Without peer exchange the seeder sends every copy; with it, nearly one.
  assertLess(withMs, withoutMs / 4);
});

for (const seed of [1, 2, 3]) {
  Deno.test(`hosts with all extensions, one of them or none make one swarm (seed ${seed})`, () => {
    const lan = new VirtualLan({ seed, pieceCount: 100, blocksPerPiece: 4 });
    lan.join({ isSeeder: true, upBytesPerSecond: SLOW });
    for (const fast of [true, false]) {
      for (const extended of [true, false]) {
        lan.joinMany(5, {
          upBytesPerSecond: SLOW,
          extensions: { fast, extended },
        });
      }
    }
    lan.runUntilAllComplete(200_000);
    for (const host of lan.hosts) {
      assertEquals([host.faults, host.banned], [[], []], host.hostname);
    }
    assertLess(wastedShare(lan.hosts.slice(1)), 0.1);
  });
}

Deno.test(`hosts that wait for an upload slot lose no request over a choke (seed ${SEED})`, () => {
  const lan = new VirtualLan({
    seed: SEED,
    pieceCount: 60,
    blocksPerPiece: 4,
    maxPeers: 500,
  });
  const seeder = lan.join({ isSeeder: true, upBytesPerSecond: 10 * SLOW });
  // They know no other host: each needs a slot of the seeder.
  const leechers = lan.joinMany(UPLOAD_SLOTS + 20, {
    knownHosts: [seeder.hostname],
    extensions: { fast: true, extended: false },
  });
  lan.runUntilAllComplete(1_000_000);
  for (const host of lan.hosts) assertEquals(host.faults, [], host.hostname);
  assert(lan.clock.now > 40_000, "there were turns");
  assertLess(wastedShare(leechers), 0.01);
});
