import { assert } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import { FUZZ_MS, FUZZ_SEED, seedsFrom } from "../fuzz.ts";
import { liveRandomLife } from "./random_life.ts";

/** Lives of one run without {@linkcode FUZZ_MS}. */
const LIFE_COUNT = 40;

/** Seeds of lives that failed once. */
const FAILED_SEEDS = [
  // A block of a piece was requested that the choking peer had allowed and then rejected.
  2459144237,
  684768803,
];

/** Seeds of lives with requests of several blocks; the fixed seed of a run finds more. */
const LARGE_SEEDS = [8, 14, 18, 19, 39];

function live(seed: number): number {
  try {
    return liveRandomLife(seed);
  } catch (cause) {
    throw new Error(`Life replayed by FUZZ_SEED=${seed} failed`, { cause });
  }
}

Deno.test("Swarm keeps its promises in every random life that failed once", () => {
  for (const seed of FAILED_SEEDS) live(seed);
});

Deno.test("Swarm requests several blocks at once in some random lives", () => {
  const longest = Math.max(...LARGE_SEEDS.map(live));
  assert(longest > BLOCK_SIZE, `${longest} bytes`);
});

Deno.test(`Swarm keeps its promises in random lives (seed ${FUZZ_SEED})`, () => {
  const end = performance.now() + (FUZZ_MS ?? Infinity);
  const lifeCount = FUZZ_MS === undefined ? LIFE_COUNT : Infinity;
  let count = 0;
  for (const seed of seedsFrom(FUZZ_SEED)) {
    if (count >= lifeCount || performance.now() >= end) break;
    live(seed);
    count++;
  }
});
