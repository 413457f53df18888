/**
 * Finds the peers that keep a download waiting which others could finish. A slow
 * peer harms nobody while there is work for everybody. But when no piece is left to
 * begin, or no memory to begin it in, a quick peer may idle because the last blocks
 * are outstanding at peers that are slow, silent or malicious.
 *
 * Measured in virtual time, one seeder and 40 peers that accept requests and answer
 * one in 14 seconds, or none: 50 MiB took 61 s and 256 MiB in pieces of 16 MiB
 * 140 s, now 5 s each; alone with the seeder it is 0.4 s and 2.2 s. With peers that
 * send corrupt blocks beside them, so that one peer alone must deliver a piece, it
 * took up to 100 minutes and takes 10 s.
 *
 * @module
 */
import type { RateMeter } from "../base/rate_meter.ts";
import type { OutstandingRequests } from "./outstanding_requests.ts";

/** A peer that owes blocks and sends none for longer is snubbed. */
export const SNUB_TIMEOUT_MS = 15_000;
/**
 * A peer that owes blocks and sends none for longer is disconnected: it must have
 * lost the requests, and may serve again once redialed.
 */
export const OVERDUE_TIMEOUT_MS = 30_000;
/** A request is late after this time where a quick peer idles. */
const LATE_MS = 2_000;
/** A peer that takes longer for a block, from request to arrival, is slow. */
const QUICK_MS = 1_000;

/** What a peer owes us. */
export interface OwingPeer {
  readonly requests: OutstandingRequests;
  readonly rate: RateMeter;
}

/** The state of the download. */
export interface Work<T> {
  readonly now: number;
  /** Whether no piece can be begun. */
  readonly canBeginNone: boolean;
  /** Bytes missing of a piece that the peer alone may deliver; 0 if there is none. */
  readonly exclusiveBytesLeft: (peer: T) => number;
}

/** Sorts the peers by the delay of their blocks, those last that never delivered. */
export function quickestFirst<T extends OwingPeer>(peers: Iterable<T>): T[] {
  const rank = ({ requests }: T): number => requests.window.delayMs ?? QUICK_MS;
  return [...peers].sort((one, other) => rank(one) - rank(other));
}

/** Whether the peer is known to be slow. */
export function isSlow({ requests }: OwingPeer): boolean {
  return (requests.window.delayMs ?? 0) > QUICK_MS;
}

/** Whether the peer has owed blocks for so long that it is disconnected. */
export function isOverdue({ requests }: OwingPeer, now: number): boolean {
  return requests.size > 0 &&
    now - requests.lastProgressAt >= OVERDUE_TIMEOUT_MS;
}

/** The peers to snub now. */
export function findLate<T extends OwingPeer>(
  peers: readonly T[],
  work: Work<T>,
): T[] {
  const owing = peers.filter(({ requests }) =>
    requests.size > 0 && !requests.isSnubbed
  );
  const isHelpAtHand = work.canBeginNone &&
    peers.some((peer) => isIdle(peer, work.now));
  return owing.filter((peer) =>
    work.now - peer.requests.lastProgressAt >= SNUB_TIMEOUT_MS ||
    isHelpAtHand && isLate(peer, work)
  );
}

/** Whether the peer could serve requests, and has none. */
function isIdle(peer: OwingPeer, now: number): boolean {
  const { requests } = peer;
  return requests.isSource && requests.size === 0 &&
    !requests.isResting(now) && !isSlow(peer);
}

function isLate<T extends OwingPeer>(peer: T, work: Work<T>): boolean {
  const { now } = work;
  const { window, lastProgressAt } = peer.requests;
  const waitingMs = Math.max(window.waitingMs(now), now - lastProgressAt);
  if (waitingMs >= LATE_MS) return true;
  // A piece that the peer alone may deliver is late as soon as it will be.
  const bytesSoon = peer.rate.bytesPerSecond(now) * LATE_MS / 1000;
  return work.exclusiveBytesLeft(peer) > bytesSoon;
}
