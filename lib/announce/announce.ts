/**
 * What a peer tells a tracker and what it hears back, free of any encoding. The
 * codecs in this folder turn these values into a query and a bencoded reply and
 * back; the session and the schedule know only these.
 *
 * @module
 */
import type { InfoHash, PeerId } from "../base/identifier.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import { type Random, randomBelow } from "../base/random.ts";

/** Time a tracker asks peers to wait between two announces, in milliseconds: 120 s. */
export const ANNOUNCE_INTERVAL = 120_000;

/** Time after its last announce when a tracker forgets a peer, in milliseconds: 180 s. */
export const PEER_TIMEOUT = 180_000;

/** How many peers are asked for, or given to who does not say. */
export const DEFAULT_NUMWANT = 50;

/**
 * What made a peer announce: it joined, it has everything now, it leaves, or it
 * is only time. [BEP 3: `event`, absent for an update]
 */
export type AnnounceEvent = "started" | "completed" | "stopped" | "update";

/** How far a peer is. All in bytes. [BEP 3] */
export interface TransferProgress {
  /** Sent to other peers since `started`. */
  readonly uploaded: number;
  /** Received from other peers since `started`. */
  readonly downloaded: number;
  /** Still missing; 0 makes the peer a seeder. */
  readonly left: number;
}

/** The longest torrent that is believed in, in bytes. */
const MAX_CONTENT_LENGTH = 2 ** 50;

/**
 * What a peer lacks, in bytes, of what it says: 0 if it says so much that it means
 * that it does not know, as clients do that have a magnet link alone.
 */
export function believedLeft(left: number): number {
  return left <= MAX_CONTENT_LENGTH ? left : 0;
}

/** One announce, as a peer sends it. [BEP 3, 7, 23] */
export interface AnnounceRequest extends TransferProgress {
  /** What it is about. */
  readonly infoHash: InfoHash;
  /** Who announces. */
  readonly peerId: PeerId;
  /** TCP port the peer listens on, 1 to 65535. */
  readonly port: number;
  /** Why now. */
  readonly event: AnnounceEvent;
  /** Most peers the reply should name; 0 for none. */
  readonly numwant: number;
  /** Proves that two announces come from one peer, whatever its address. */
  readonly key: string;
  /** What this tracker sent as its `tracker id` before, if it did. */
  readonly trackerId: string | undefined;
}

/** A tracker's answer to one announce. */
export interface AnnounceReply {
  /** Time to wait until the next update, in milliseconds. */
  readonly intervalMs: number;
  /** Time to wait at least, even if peers are wanted earlier, in milliseconds. */
  readonly minIntervalMs: number;
  /** Number of seeders, if the tracker says. */
  readonly complete: number | undefined;
  /** Number of leechers, if the tracker says. */
  readonly incomplete: number | undefined;
  /** Peers to dial, IPv4 and IPv6, perhaps the asker too. */
  readonly peers: readonly PeerAddress[];
  /** What the tracker wants the user to read. */
  readonly warning: string | undefined;
  /** To be sent back with the next announce to this tracker. */
  readonly trackerId: string | undefined;
}

/** One swarm in a tracker's scrape. [BEP 48] */
export interface ScrapeEntry {
  /** The swarm's torrent. */
  readonly infoHash: InfoHash;
  /** Number of seeders. */
  readonly complete: number;
  /** Number of leechers. */
  readonly incomplete: number;
  /** How many peers have announced `completed`. */
  readonly downloaded: number;
}

/** A fresh announce key: 8 hex digits. */
export function createAnnounceKey(random: Random): string {
  return randomBelow(0x1_0000_0000, random).toString(16).padStart(8, "0");
}
