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

/** `left` of a peer that does not know yet how long the torrent is, in bytes. */
export const UNKNOWN_LEFT = Number.MAX_SAFE_INTEGER;

/** The longest torrent that a tracker believes in, in bytes. */
const MAX_CONTENT_LENGTH = 2 ** 50;

/**
 * The bytes that a peer lacks; 0 if it does not know, as a client that has only a
 * magnet link: such clients leave `left` out or send a huge number.
 */
export function believedLeft(left: number): number {
  return left <= MAX_CONTENT_LENGTH ? left : 0;
}

/**
 * One announce, as a peer sends it and a tracker reads it, over either protocol.
 * [BEP 3, 7, 15, 23]
 */
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
  /**
   * Identifies the peer if its address changes: 8 hex digits over UDP, any text
   * over HTTP.
   */
  readonly key: string | undefined;
  /** The last `tracker id` that this tracker sent. [BEP 3] @default none */
  readonly trackerId?: string | undefined;
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

/** An announce or a scrape that a tracker cannot read: the client is at fault. */
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

/** A fresh announce key: 8 hex digits. */
export function createAnnounceKey(random: Random): string {
  return randomBelow(0x1_0000_0000, random).toString(16).padStart(8, "0");
}
