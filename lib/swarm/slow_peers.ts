/**
 * Finds, of the peers that we download from, those that delay what others could finish.
 * A slow peer harms nobody while there is work for everybody. But when no piece can be
 * begun, a quick peer may idle because the last blocks are outstanding at peers that are
 * slow, silent or malicious.
 *
 * Measured in virtual time, one seeder and 40 peers that answer one request in 14
 * seconds, or none: 50 MiB took 61 s and now take 5 s; with peers that send corrupt
 * blocks beside them up to 100 minutes, and now 10 s.
 *
 * @module
 */
import type { PiecePicker } from "./piece_picker.ts";
import type { Source } from "./source.ts";

/** A peer that owes blocks and sends none for longer is snubbed. */
export const SNUB_TIMEOUT_MS = 15_000;
/** A peer that owes blocks and sends none for longer is disconnected: redialed, it may serve again. */
export const OVERDUE_TIMEOUT_MS = 30_000;
/** While a quick peer idles, a request is late after this time, or after the time that our own link needs for all outstanding blocks if that is longer. */
const LATE_MS = 2_000;
/** A peer that takes longer for a block, from request to arrival, is slow. */
const QUICK_MS = 1_000;

/** Sorts the peers by the delay of their blocks. A peer that never delivered comes after the quick peers and before the slow ones. */
export function quickestFirst(peers: Source[]): Source[] {
  const rank = ({ requests }: Source): number =>
    requests.window.delayMs ?? QUICK_MS;
  return peers.sort((one, other) => rank(one) - rank(other));
}

/** True if the peer is known to be slow. */
export function isSlow({ requests }: Source): boolean {
  return (requests.window.delayMs ?? 0) > QUICK_MS;
}

/** True if the peer has owed blocks for so long that it is disconnected. */
export function isOverdue({ requests }: Source, now: number): boolean {
  return requests.size > 0 &&
    now - requests.lastProgressAt >= OVERDUE_TIMEOUT_MS;
}

/** The peers to snub now. */
export function findLate(
  peers: readonly Source[],
  picker: PiecePicker,
  { now, drainMs }: {
    readonly now: number;
    /** Time that our own link needs for all outstanding blocks. */
    readonly drainMs: number;
  },
): Source[] {
  const lateMs = Math.max(LATE_MS, drainMs);
  const isHelpAtHand = picker.canBeginNone &&
    peers.some((peer) => isIdle(peer, now));
  return peers.filter((peer) => {
    const { requests, rate } = peer;
    if (requests.size === 0 || requests.isSnubbed) return false;
    const { lastProgressAt, window } = requests;
    const silentMs = now - lastProgressAt;
    if (silentMs >= SNUB_TIMEOUT_MS) return true;
    if (!isHelpAtHand) return false;
    if (Math.max(window.waitingMs(now), silentMs) >= lateMs) return true;
    // Does not wait if a piece that the peer alone may deliver will be late.
    const bytesSoon = rate.perSecond(now) * LATE_MS / 1000;
    return picker.exclusiveBytesLeft(peer) > bytesSoon;
  });
}

/** True if the peer could serve requests, and has none. */
function isIdle(peer: Source, now: number): boolean {
  const { requests } = peer;
  return requests.isSource && requests.size === 0 &&
    !requests.isResting(now) && !isSlow(peer);
}
