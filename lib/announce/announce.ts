/**
 * Announces, replies and scrapes as plain values, free of any encoding: shared by
 * clients and trackers, over HTTP and UDP.
 *
 * @module
 */
import type { InfoHash, PeerId } from "../base/identifier.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import { type Random, randomBelow } from "../base/random.ts";

/** Time that a tracker asks peers to wait between two announces, in milliseconds: 120 s. */
export const ANNOUNCE_INTERVAL = 120_000;

/** Time after its last announce at which a tracker forgets a peer, in milliseconds: 180 s. */
export const PEER_TIMEOUT = 180_000;

/** Number of peers that a client asks for, and that a tracker returns by default. */
export const DEFAULT_NUMWANT = 50;

/**
 * The reason for an announce: the peer joins, is complete, leaves, or reports its
 * progress. [BEP 3: `event`, absent for an update]
 */
export type AnnounceEvent = "started" | "completed" | "stopped" | "update";

/** The progress of a peer, in bytes. [BEP 3] */
export interface TransferProgress {
  /** Sent to other peers since `started`. */
  readonly uploaded: number;
  /** Received from other peers since `started`. */
  readonly downloaded: number;
  /** Still missing; 0 for a seeder. */
  readonly left: number;
}

/**
 * `left` of a peer that does not know the length of the torrent yet, in bytes. A
 * client that has only a magnet link omits `left`, or sends more than {@linkcode MAX_LEFT}.
 */
export const UNKNOWN_LEFT: number = Number.MAX_SAFE_INTEGER;

/** The longest torrent that a tracker believes in, in bytes. */
export const MAX_LEFT = 2 ** 50;

/** One announce, as a peer sends it and a tracker reads it. [BEP 3, 7, 15, 23] */
export interface AnnounceRequest extends TransferProgress {
  /** The torrent. */
  readonly infoHash: InfoHash;
  /** The peer that announces. */
  readonly peerId: PeerId;
  /** TCP port on which the peer listens; 0 if it does not listen. */
  readonly port: number;
  /** The reason for the announce. */
  readonly event: AnnounceEvent;
  /** Greatest number of peers for the reply; 0 for none. */
  readonly numwant: number;
  /** Identifies the peer if its address changes; over UDP 8 hex digits. */
  readonly key: string | undefined;
  /** The last `tracker id` that this tracker sent. [BEP 3] @default none */
  readonly trackerId?: string | undefined;
}

/** A tracker's reply to one announce. */
export interface AnnounceReply {
  /** Time until the next update, in milliseconds. */
  readonly intervalMs: number;
  /** Least time until the next update, even if peers are wanted earlier, in milliseconds. */
  readonly minIntervalMs: number;
  /** Number of seeders, if the tracker counts them. */
  readonly complete: number | undefined;
  /** Number of leechers, if the tracker counts them. */
  readonly incomplete: number | undefined;
  /** Peers to dial, IPv4 and IPv6, perhaps the asker too. */
  readonly peers: readonly PeerAddress[];
  /** A message for the user. */
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
  /** Number of peers that have announced `completed`. */
  readonly downloaded: number;
}

/** An announce or a scrape that a tracker cannot read. */
export class QueryError extends Error {
  /** Stands before the message when the error is printed. */
  override readonly name = "QueryError";
  /** Name of the malformed parameter. */
  readonly field: string;

  /** The message is `field` and then `reason`. */
  constructor(field: string, reason: string) {
    super(`${field} ${reason}`);
    this.field = field;
  }
}

/** Creates an announce key: 8 hex digits. */
export function createAnnounceKey(random: Random): string {
  return randomBelow(0x1_0000_0000, random).toString(16).padStart(8, "0");
}
