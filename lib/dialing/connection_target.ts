/**
 * How many connections a peer makes itself. Everyone dials for the same number,
 * well below what it takes, so that who comes late finds room everywhere, and
 * makes few calls at a time, so that those who call meanwhile count: then all
 * have about as many connections, and nobody lags behind the others.
 *
 * Measured in virtual time, a thousand peers of 4000 pieces that start together:
 * with 8 calls at once the last is done at 1.45 of the least time possible, for
 * the least connected are the last by far; with 2 calls at a time, at 1.23. Forty
 * connections are no better than 18: each hop takes longer where more share an
 * uplink.
 *
 * @module
 */

/** Default limit of connections for each torrent. */
export const MAX_PEERS = 50;

/** The part of the connections that is dialed for; the rest is for who calls. */
const DIALED_PART = 0.3;

/** Calls in progress at once that may be answered any moment. */
const MAX_QUICK_CALLS = 2;

/** Calls in progress at once, with those to hosts that may be gone. */
const MAX_CALLS = 16;

/** A call that takes longer holds up no other, in milliseconds. */
export const SLOW_CALL_MS = 500;

/**
 * Connections with one host that count, of those dialed for: one that opens many
 * must not have us believe that we need nobody else.
 */
const COUNTED_PART = 0.5;

/** How a peer stands with its connections. */
export interface Mesh {
  /** Those of them that count, see {@linkcode countedConnections}. */
  readonly connectionCount: number;
  /** Calls in progress. */
  readonly callCount: number;
  /** Those of them that are slow. */
  readonly slowCallCount: number;
  /** Connections that it takes at most. */
  readonly maxPeers: number;
}

/** Whether to call one more. */
export function isCallWanted(mesh: Mesh): boolean {
  const { connectionCount, callCount, maxPeers } = mesh;
  const quickCallCount = callCount - mesh.slowCallCount;
  return callCount < MAX_CALLS && quickCallCount < MAX_QUICK_CALLS &&
    connectionCount + quickCallCount < dialedCount(maxPeers);
}

/** How many connections there are, of each host so many at most. */
export function countedConnections(
  peers: Iterable<{ readonly hostname: string }>,
  maxPeers: number,
): number {
  const most = Math.ceil(dialedCount(maxPeers) * COUNTED_PART);
  const counts = new Map<string, number>();
  let sum = 0;
  for (const { hostname } of peers) {
    const count = (counts.get(hostname) ?? 0) + 1;
    counts.set(hostname, count);
    if (count <= most) sum++;
  }
  return sum;
}

function dialedCount(maxPeers: number): number {
  return Math.ceil(maxPeers * DIALED_PART);
}
