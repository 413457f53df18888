/**
 * The seed of this run of the long tests: random, or the one in the environment
 * variable `FUZZ_SEED`.
 */

/** Every test that uses it reports it. */
export const SEED = Number(Deno.env.get("FUZZ_SEED") ?? Date.now() % 2 ** 32);
