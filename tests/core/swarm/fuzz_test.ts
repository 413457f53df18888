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

Deno.test(`Swarm keeps its promises in random lives (seed ${FUZZ_SEED})`, () => {
  const end = performance.now() + (FUZZ_MS ?? Infinity);
  const lifeCount = FUZZ_MS === undefined ? LIFE_COUNT : Infinity;
  let [count, longestRequest] = [0, 0];
  for (const seed of seedsFrom(FUZZ_SEED)) {
    if (count >= lifeCount || performance.now() >= end) break;
    longestRequest = Math.max(longestRequest, live(seed));
    count++;
  }
  assert(longestRequest > BLOCK_SIZE, "some requests are for several blocks");
});
