import { assertEquals } from "@std/assert";
import {
  describeFigures,
  describeScenario,
} from "../../../scripts/simulate/figures.ts";

const MEBIBYTE = 1024 * 1024;
const SCENARIO = {
  seed: 7,
  leecherCount: 1000,
  pieceCount: 4000,
  pieceLength: MEBIBYTE / 4,
  upBytesPerSecond: 125_000_000,
  downBytesPerSecond: 125_000_000,
};
const FAST = {
  boundMs: 8000,
  completionsMs: [8400, 8800, 9600],
  incompleteCount: 0,
};
const FIGURES = {
  blockBytes: MEBIBYTE / 4,
  turnMs: 16.78,
  fast: FAST,
  slow: undefined,
  seederCopies: 1.058,
  wastedShare: 0.0014,
  connections: { mean: 17.66, most: 28 },
};

Deno.test("describeScenario() describes a simple scenario in one line", () => {
  assertEquals(describeScenario(SCENARIO), [
    "1 seeder, 1000 leechers, links of 1 Gbit/s; 4000 pieces of 256 KiB, " +
    "1 GiB; seed 7",
  ]);
});

Deno.test("describeScenario() names slow and leaving leechers", () => {
  const lines = describeScenario({
    ...SCENARIO,
    downBytesPerSecond: 250_000_000,
    slowCount: 200,
    leavingCount: 1,
    doesSeederLeave: true,
  });
  assertEquals(lines, [
    "1 seeder, 1000 leechers, links of 1 Gbit/s up, 2 Gbit/s down; " +
    "4000 pieces of 256 KiB, 1 GiB; seed 7",
    "200 leechers on links of 100 Mbit/s",
    "1 leecher will leave midway",
    "the seeder will leave once the leechers have one copy",
  ]);
});

Deno.test("describeFigures() compares each time with the bound", () => {
  assertEquals(describeFigures(FIGURES), [
    "simulated in blocks of 256 KiB, turns of 16.8 ms",
    "",
    "bound       8.000 s   1.000 × the bound",
    "first       8.400 s   1.050 × the bound",
    "median      8.800 s   1.100 × the bound",
    "p99         9.600 s   1.200 × the bound",
    "last        9.600 s   1.200 × the bound",
    "",
    "the seeder sent 1.06 copies; 0.1 % of the received bytes were wasted",
    "connections of a peer: 17.7 on average, 28 at most",
    "all remaining leechers are complete",
  ]);
});

Deno.test("describeFigures() compares slow leechers with a bound of their own", () => {
  const slow = {
    boundMs: 80_000,
    completionsMs: [88_000],
    incompleteCount: 1,
  };
  assertEquals(describeFigures({ ...FIGURES, turnMs: 0, slow }), [
    "simulated in blocks of 256 KiB",
    "",
    "fast bound       8.000 s   1.000 × the bound",
    "fast first       8.400 s   1.050 × the bound",
    "fast median      8.800 s   1.100 × the bound",
    "fast p99         9.600 s   1.200 × the bound",
    "fast last        9.600 s   1.200 × the bound",
    "",
    "slow bound      80.000 s   1.000 × the bound",
    "slow first      88.000 s   1.100 × the bound",
    "slow median     88.000 s   1.100 × the bound",
    "slow p99        88.000 s   1.100 × the bound",
    "slow last       88.000 s   1.100 × the bound",
    "",
    "the seeder sent 1.06 copies; 0.1 % of the received bytes were wasted",
    "connections of a peer: 17.7 on average, 28 at most",
    "1 of the remaining leechers are not complete",
  ]);
});

Deno.test("describeFigures() shows no time for leechers that never completed", () => {
  const fast = { boundMs: 8000, completionsMs: [], incompleteCount: 3 };
  assertEquals(describeFigures({ ...FIGURES, fast }).slice(2, 7), [
    "bound       8.000 s   1.000 × the bound",
    "first  -",
    "median -",
    "p99    -",
    "last   -",
  ]);
});
