/**
 * Chooses the time until a peer's next announce. A peer that joins a young or
 * incomplete swarm may miss others: an address that could not be dialed, a list
 * that had no room. Such swarms announce every few seconds, an old swarm of
 * seeders hardly ever, and all peers together never more often than the tracker
 * can serve.
 *
 * @module
 */
import type { AcceptedAnnounce } from "./store/peer_store.ts";

/** Least time between two announces, in milliseconds: a peer that lacks others may ask so soon. */
export const MIN_ANNOUNCE_INTERVAL = 5_000;

/** The interval of a young swarm. */
const SHORTEST_MS = 10_000;

/** The interval as a share of the swarm's age. */
const SHARE_OF_AGE = {
  /** 10 s in the first 100 s, 2 min after 20 min. */
  complete: 1 / 10,
  /** 10 s in the first 10 min, 1 min after an hour. */
  incomplete: 1 / 60,
} as const;

/** Announces of all peers together. */
const MAX_ANNOUNCES_PER_SECOND = 1_000;

/** The load that an outcome reports. */
export type AnnounceLoad = Pick<
  AcceptedAnnounce,
  "swarm" | "swarmAgeMs" | "peerCount"
>;

/** Milliseconds from a peer's announce to its next one. */
export type AnnounceInterval = (load: AnnounceLoad) => number;

/** Always the same interval. */
export function fixedInterval(intervalMs: number): AnnounceInterval {
  return () => intervalMs;
}

/**
 * As short as the swarm's age and the tracker's load allow, and at most
 * `longestMs`, so that a silent peer can be told from a patient one.
 */
export function adaptiveInterval(longestMs: number): AnnounceInterval {
  return ({ swarm, swarmAgeMs, peerCount }) => {
    const share = swarm.incomplete > 0
      ? SHARE_OF_AGE.incomplete
      : SHARE_OF_AGE.complete;
    return Math.min(
      Math.max(
        SHORTEST_MS,
        swarmAgeMs * share,
        peerCount * 1000 / MAX_ANNOUNCES_PER_SECOND,
      ),
      longestMs,
    );
  };
}
