import { assert, assertEquals } from "@std/assert";
import { GIGABIT } from "../../scripts/simulate/virtual_link.ts";
import { fingerprint } from "../../scripts/simulate/scenario.ts";
import type { VirtualHost } from "../../scripts/simulate/virtual_host.ts";
import { VirtualLan } from "../../scripts/simulate/virtual_lan.ts";

const SEEDS = [1, 2, 3, 4, 5];

/** Asserts that no host but `culprit` is banned. */
function assertOnlyBanned(
  hosts: readonly VirtualHost[],
  culprit: VirtualHost,
): void {
  for (const host of hosts) {
    const others = host.banned.filter((name) => name !== culprit.hostname);
    assertEquals(others, [], `${host.hostname} bans honest hosts`);
    assert(new Set(host.banned).size === host.banned.length, "banned once");
  }
}

for (const seed of SEEDS) {
  Deno.test(`a host that sends only corrupt blocks is banned by all, and only it (seed ${seed})`, () => {
    const lan = new VirtualLan({ seed, pieceCount: 200 });
    lan.joinMany(2, { isSeeder: true });
    const culprit = lan.join({ isSeeder: true, isCorrupt: () => true });
    const leechers = lan.joinMany(6);
    lan.runUntilAllComplete(60_000);
    assertOnlyBanned(leechers, culprit);
    for (const host of leechers) {
      assertEquals(host.banned, [culprit.hostname]);
      const hostnames = host.swarm.peers.values().map(({ peer }) =>
        peer.hostname
      );
      assert(![...hostnames].includes(culprit.hostname));
    }
  });

  Deno.test(`a host with one corrupt block in fifty does no lasting harm (seed ${seed})`, () => {
    const lan = new VirtualLan({ seed, pieceCount: 200 });
    lan.joinMany(2, { isSeeder: true });
    const culprit = lan.join({
      isSeeder: true,
      isCorrupt: ({ index, offsetInPiece }) =>
        (index * 7 + offsetInPiece) % 50 === 0,
    });
    const leechers = lan.joinMany(6);
    lan.runUntilAllComplete(60_000);
    assertOnlyBanned(leechers, culprit);
    assert(leechers.some((host) => host.banned.length === 1));
  });

  Deno.test(`many slow helpers on each piece do not hide the culprit (seed ${seed})`, () => {
    // So few pieces that hosts share them: corrupt copies have several sources.
    const lan = new VirtualLan({ seed, pieceCount: 4, blocksPerPiece: 128 });
    const slow = { isSeeder: true, upBytesPerSecond: GIGABIT / 100 };
    lan.joinMany(5, slow);
    const culprit = lan.join({
      ...slow,
      isCorrupt: ({ offsetInPiece }) => offsetInPiece % 2 === 0,
    });
    const leechers = lan.joinMany(2);
    lan.runUntilAllComplete(120_000);
    assertOnlyBanned(leechers, culprit);
    for (const host of leechers) {
      assertEquals(host.banned, [culprit.hostname]);
    }
  });
}

Deno.test("a run with corrupt blocks repeats with its seed (seed 6)", () => {
  const run = (): unknown => {
    const lan = new VirtualLan({ seed: 6, pieceCount: 50 });
    lan.join({ isSeeder: true });
    lan.join({ isSeeder: true, isCorrupt: ({ index }) => index % 5 === 0 });
    lan.joinMany(4);
    lan.runUntilAllComplete(60_000);
    return fingerprint(lan);
  };
  assertEquals(run(), run());
});
