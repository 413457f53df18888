/**
 * Randomness as an argument: pure code takes a {@linkcode Random}, so a seed
 * replays it exactly.
 *
 * @module
 */

/** A source of numbers in [0, 1), such as `Math.random`. */
export type Random = () => number;

/**
 * A generator that yields the same numbers for the same seed (mulberry32). For
 * tests, simulations and ties; not for secrets.
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** A whole number in [0, bound). */
export function randomBelow(bound: number, random: Random): number {
  return Math.floor(random() * bound);
}

/** Shuffles in place (Fisher–Yates) and returns the same array. */
export function shuffle<T extends { [index: number]: unknown; length: number }>(
  items: T,
  random: Random,
): T {
  for (let last = items.length - 1; last > 0; last--) {
    const other = randomBelow(last + 1, random);
    const held = items[last];
    items[last] = items[other];
    items[other] = held;
  }
  return items;
}
