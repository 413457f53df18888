/**
 * Intervals in trackers' replies, kept within reason: a tracker that asks for no
 * pause would be asked without one, and one that asks for silence for ever is
 * asked once a day.
 *
 * @module
 */

/** In milliseconds. */
const SHORTEST_MS = 1_000;

/** A day, in milliseconds. */
const LONGEST_MS = 86_400_000;

/** What a tracker that tells no minimum is spared, in milliseconds. */
const DEFAULT_MIN_MS = 60_000;

/** The interval to keep when a tracker asks for one, in milliseconds. */
export function intervalOf(seconds: number): number {
  return Math.min(Math.max(seconds * 1000, SHORTEST_MS), LONGEST_MS);
}

/** The minimum interval of a reply that tells none, in milliseconds. */
export function defaultMinInterval(intervalMs: number): number {
  return Math.min(intervalMs, DEFAULT_MIN_MS);
}
