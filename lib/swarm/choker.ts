/**
 * Whom to serve. On a LAN everyone who asks is served at once; only when more
 * ask than there are slots do they take turns, longest wait first. Nobody has to
 * give to get: an idle link helps no one.
 *
 * @module
 */
import type { PeerKey } from "./events.ts";

/** Peers served at once. */
export const UPLOAD_SLOTS = 64;
/** A turn lasts at least this long while others wait, in milliseconds. */
export const UPLOAD_TURN_MS = 20_000;

/** What the choker looks at. */
export interface ChokablePeer {
  readonly key: PeerKey;
  readonly weChoke: boolean;
  readonly peerIsInterested: boolean;
  /** When its last turn began, in milliseconds; 0 if it had none. */
  readonly unchokedAt: number;
}

/** The peers that are to be unchoked now: at most `slots` interested ones, and the others while nobody waits. */
export function chooseUnchoked(
  peers: Iterable<ChokablePeer>,
  options: { now: number; slots: number },
): Set<PeerKey> {
  const all = [...peers];
  const interested = all.filter((peer) => peer.peerIsInterested);
  if (interested.length <= options.slots) {
    // Who is unchoked and content stays so: its next request needs no round trip.
    const kept = all.filter((peer) => peer.peerIsInterested || !peer.weChoke);
    return new Set(kept.map((peer) => peer.key));
  }
  // First whose turn goes on, then who waits, then whose turn is over: unlike the
  // waiting, of those the ones served longest go first.
  const rank = (peer: ChokablePeer): number => {
    if (peer.weChoke) return 1;
    return options.now - peer.unchokedAt < UPLOAD_TURN_MS ? 0 : 2;
  };
  interested.sort((one, other) =>
    rank(one) - rank(other) ||
    (one.weChoke
      ? one.unchokedAt - other.unchokedAt
      : other.unchokedAt - one.unchokedAt)
  );
  return new Set(interested.slice(0, options.slots).map((peer) => peer.key));
}
