/**
 * How a whole swarm gets on: how many of its hosts are in which state, and when
 * the last of those that fetch will be done.
 *
 * @module
 */
import type { HostProgress, HostState } from "./host.ts";

/** What is told of all hosts of a torrent together. */
export interface Outlook {
  /** Hosts in each state. */
  readonly counts: Readonly<Record<HostState, number>>;
  /** Until the slowest of those that fetch has everything; `undefined` if none does. */
  readonly secondsLeft: number | undefined;
}

/** Looks at all hosts of a torrent. */
export function outlookOf(hosts: Iterable<HostProgress>): Outlook {
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
