/**
 * The progress of a whole swarm: its hosts by state, and the time until the
 * slowest fetching host is done.
 *
 * @module
 */
import type { Host, HostState } from "./host.ts";

/** The progress of all hosts of a torrent together. */
export interface SwarmProgress {
  /** Hosts in each state. */
  readonly counts: Readonly<Record<HostState, number>>;
  /** Until the last fetching host has everything; `undefined` if none is fetching. */
  readonly secondsLeft: number | undefined;
}

/** Adds up the hosts of a torrent. */
export function swarmProgress(hosts: Iterable<Host>): SwarmProgress {
  const counts = { stuck: 0, silent: 0, waiting: 0, fetching: 0, done: 0 };
  let secondsLeft: number | undefined;
  for (const host of hosts) {
    counts[host.state]++;
    if (host.secondsLeft !== undefined) {
      secondsLeft = Math.max(secondsLeft ?? 0, host.secondsLeft);
    }
  }
  return { counts, secondsLeft };
}
