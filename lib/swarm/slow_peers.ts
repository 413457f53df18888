/**
 * Who keeps a download waiting that others could finish. While there is work for
 * everybody a slow peer harms nobody; but when nothing is left to begin, or there
 * is no memory to begin it in, a peer that is quick may have nothing to ask for
 * because the last blocks are on order with others that are slow, or silent, or
 * mean it so.
 *
 * Measured in virtual time, one seeder and 40 peers that take requests and answer
 * one in 14 seconds, or none: 50 MiB took 61 s and 256 MiB in pieces of 16 MiB
 * 140 s, now 5 s each; alone with the seeder it is 0.4 s and 2.2 s. Where others
 * send wrong blocks beside them, so that pieces are one peer's alone to deliver,
 * it took up to 100 minutes and takes 10 s.
 *
 * @module
 */
import type { PeerState } from "./peer_state.ts";

/** A peer that owes us blocks and sends none for so long is passed over, in milliseconds. */
export const SNUB_TIMEOUT_MS = 15_000;
/**
 * A peer that owes us blocks and sends none for longer is disconnected, in
 * milliseconds: it must have lost the requests, and may serve again once redialed.
 */
export const OVERDUE_TIMEOUT_MS = 30_000;
/** What is on order for longer is late where somebody quicker has nothing to do, in milliseconds. */
const LATE_MS = 2_000;
/** Who takes longer for a block, from request to arrival, is not quick, in milliseconds. */
const QUICK_MS = 1_000;

/** What is known of the peers' work. */
export interface Work {
  /** In milliseconds. */
  readonly now: number;
  /** Whether there is nothing left to begin. */
  readonly canBeginNone: boolean;
  /** Bytes of a piece that the peer alone may deliver and has not yet; 0 if there is none. */
  readonly bytesLeftAlone: (peer: PeerState) => number;
}

/** The peers, those first that delivered fastest, then those that never did. */
export function quickestFirst(peers: Iterable<PeerState>): PeerState[] {
  const rank = ({ window }: PeerState): number => window.delayMs ?? QUICK_MS;
  return [...peers].sort((one, other) => rank(one) - rank(other));
}

/** Whether the peer is known to be slow: it is not to double what others have on order. */
export function isSlow({ window }: PeerState): boolean {
  return (window.delayMs ?? 0) > QUICK_MS;
}

/** Whether the peer has owed us blocks for too long. */
export function isOverdue(peer: PeerState, now: number): boolean {
  return peer.outstanding.size > 0 &&
    now - peer.lastProgressAt >= OVERDUE_TIMEOUT_MS;
}

/** Whose orders are open to others from now on. */
export function findLate(peers: readonly PeerState[], work: Work): PeerState[] {
  const owing = peers.filter((peer) =>
    peer.outstanding.size > 0 && !peer.isSnubbing
  );
  const isHelpAtHand = work.canBeginNone &&
    peers.some((peer) => isIdle(peer, work.now));
  return owing.filter((peer) =>
    work.now - peer.lastProgressAt >= SNUB_TIMEOUT_MS ||
    isHelpAtHand && isLate(peer, work)
  );
}

/** Whether the peer could be asked for something, and is not. */
function isIdle(peer: PeerState, now: number): boolean {
  return peer.weAreInterested && !peer.peerChokes && !peer.isSnubbing &&
    now >= peer.restsUntil && peer.outstanding.size === 0 && !isSlow(peer);
}

function isLate(peer: PeerState, { now, bytesLeftAlone }: Work): boolean {
  const waitingMs = Math.max(
    peer.window.waitingMs(now),
    now - peer.lastProgressAt,
  );
  if (waitingMs >= LATE_MS) return true;
  // What it alone may deliver is late when it will be.
  const bytesSoon = peer.downloadRate.bytesPerSecond(now) * LATE_MS / 1000;
  return bytesLeftAlone(peer) > bytesSoon;
}
