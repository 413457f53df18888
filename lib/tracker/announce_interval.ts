/**
 * How long a peer is to wait until it announces again. Who joins a swarm in its
 * first minutes, or while others still download, may miss somebody: an address
 * that could not be dialed, a list that had no room. Such a swarm is asked about
 * every few seconds; one that is old, and in which all have everything, hardly
 * ever. All peers together never ask more often than the tracker can carry.
 *
 * @module
 */
import type { AcceptedAnnounce } from "./store/peer_store.ts";

/** Time to wait at least, in milliseconds: a peer that lacks others may ask so soon. */
export const MIN_ANNOUNCE_INTERVAL = 5_000;

/** The interval of a young swarm, in milliseconds. */
const SHORTEST_MS = 10_000;

/** How much of its age a swarm waits between two announces. */
const SHARE_OF_AGE = {
  /** 10 s in the first 100 s, 2 min after 20 min. */
  complete: 1 / 10,
  /** 10 s in the first 10 min, 1 min after an hour. */
  incomplete: 1 / 60,
} as const;

/** Announces that all peers together may make in a second. */
const BUDGET_PER_SECOND = 1_000;

/** What an announce's answer tells of the load. */
export type AnnounceLoad = Pick<
  AcceptedAnnounce,
  "swarm" | "swarmAgeMs" | "peerCount"
>;

/** How long a peer is to wait after its announce, in milliseconds. */
export type AnnounceInterval = (load: AnnounceLoad) => number;

/** Always the same. */
export function fixedInterval(intervalMs: number): AnnounceInterval {
  return () => intervalMs;
}

/**
 * As short as the swarm's age and the tracker's load allow, up to `longestMs`.
 * Peers that are forgotten after a silence know of no more than that.
 */
export function adaptiveInterval(longestMs: number): AnnounceInterval {
  return ({ swarm, swarmAgeMs, peerCount }) => {
    const share = swarm.incomplete > 0
      ? SHARE_OF_AGE.incomplete
      : SHARE_OF_AGE.complete;
    const carriedMs = peerCount * 1000 / BUDGET_PER_SECOND;
    return Math.min(
      Math.max(SHORTEST_MS, swarmAgeMs * share, carriedMs),
      longestMs,
    );
  };
}
