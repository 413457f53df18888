/**
 * Peers that accept requests and answer late or never, at the end of a download
 * above all: the time for which they can hold up a good seeder.
 */
import { assertEquals, assertLess } from "@std/assert";
import { BLOCK_SIZE } from "../../lib/metainfo/geometry.ts";
import { completionTimes } from "../../scripts/simulate/scenario.ts";
import { VirtualLan } from "../../scripts/simulate/virtual_lan.ts";

const MIB = 1024 * 1024;

/** Contents of several shapes: many small pieces, few large ones. */
const SHAPES = [
  { pieceCount: 200, blocksPerPiece: 16 },
  { pieceCount: 20, blocksPerPiece: 16 },
  { pieceCount: 16, blocksPerPiece: 1024 },
  { pieceCount: 1, blocksPerPiece: 1024 },
];

/** Delays of a hoarder's blocks, in seconds; the longest is for ever. */
const PACES = [100_000, 14, 3, 0.5];

/** More than a good seeder alone would take, in milliseconds. */
const MOST_MS = 12_000;

for (const shape of SHAPES) {
  const { pieceCount, blocksPerPiece } = shape;
  const pieceMib = blocksPerPiece * BLOCK_SIZE / MIB;
  const size = `${pieceCount * pieceMib} MiB in pieces of ${pieceMib} MiB`;
  for (const hoarderCount of [5, 40]) {
    Deno.test(`${hoarderCount} hoarders do not hold up ${size}`, async (t) => {
      for (const secondsPerBlock of PACES) {
        const lan = new VirtualLan({ seed: hoarderCount, ...shape });
        lan.joinMany(hoarderCount, {
          isSeeder: true,
          upBytesPerSecond: BLOCK_SIZE / secondsPerBlock,
        });
        lan.join({ isSeeder: true });
        const leecher = lan.join();
        lan.runUntilAllComplete(600_000);
        const [lastMs] = completionTimes([leecher]);
        const name = `a block in ${secondsPerBlock} s: ${lastMs!.toFixed()} ms`;
        await t.step(name, () => assertLess(lastMs!, MOST_MS));
      }
    });
  }
}

Deno.test("hoarders gain nothing by others that send corrupt blocks beside them (seed 1)", async (t) => {
  for (const secondsPerBlock of PACES) {
    // One peer alone must deliver a suspect piece: 1024 blocks.
    const lan = new VirtualLan({
      seed: 1,
      pieceCount: 16,
      blocksPerPiece: 1024,
    });
    lan.joinMany(20, {
      isSeeder: true,
      upBytesPerSecond: BLOCK_SIZE / secondsPerBlock,
    });
    const culprits = lan.joinMany(3, {
      isSeeder: true,
      upBytesPerSecond: 12_500_000,
      isCorrupt: ({ offsetInPiece }) => offsetInPiece % 7 === 0,
    });
    lan.join({ isSeeder: true });
    const leechers = lan.joinMany(2);
    lan.runUntilAllComplete(600_000);
    const names = culprits.map(({ hostname }) => hostname);
    for (const { banned } of leechers) {
      assertEquals(banned.filter((name) => !names.includes(name)), []);
    }
    const lastMs = Math.max(...completionTimes(leechers));
    const name = `a block in ${secondsPerBlock} s: ${lastMs.toFixed()} ms`;
    await t.step(name, () => assertLess(lastMs, 2 * MOST_MS));
  }
});
