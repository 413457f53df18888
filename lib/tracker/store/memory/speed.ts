/**
 * How fast a peer receives, from what it says at each announce.
 *
 * @module
 */
import type { PeerAnnounce } from "../peer_store.ts";
import { PEER, type PeerRecords } from "./peer_records.ts";

/** Two announces that are closer tell nothing of a speed, in milliseconds. */
const SHORTEST_SPAN_MS = 1_000;

/** The most that a word holds. */
const MAX_SPEED = 0xffff_ffff;

/**
 * The peer's speed in bytes per second, before its record is written: what it
 * received since its last announce. 0 for who has everything or begins anew.
 */
export function measureSpeed(
  peers: PeerRecords,
  peer: number,
  { announce, nowMs }: {
    readonly announce: PeerAnnounce;
    readonly nowMs: number;
  },
): number {
  if (announce.isSeeder || announce.event === "started") return 0;
  const spanMs = nowMs - peers.double(peer, PEER.lastSeenMs);
  if (spanMs < SHORTEST_SPAN_MS) {
    return peers.word(peer, PEER.bytesPerSecond) >>> 0;
  }
  const gained = announce.progress.downloaded -
    peers.double(peer, PEER.downloaded);
  return Math.min(
    Math.max(0, Math.round(gained * 1000 / spanMs)),
    MAX_SPEED,
  );
}
