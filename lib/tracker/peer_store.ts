/**
 * The seam between the tracker's HTTP side and where it keeps its peers: what a
 * store is told and what it answers, free of any protocol text. Any store keeps
 * this promise: counts are exact, a peer that announced less than the timeout
 * ago is listed, one that stopped is not.
 *
 * @module
 */
import type { InfoHash, PeerId } from "../base/identifier.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import type { AnnounceEvent, ScrapeEntry } from "./announce.ts";

/** One announce, reduced to what the store keeps. */
export interface PeerAnnounce {
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  /** Where the announce came from, and the port that the peer listens on. */
  readonly address: PeerAddress;
  readonly isSeeder: boolean;
  readonly event: AnnounceEvent;
  /** Most peers to be given. */
  readonly numwant: number;
  /** What proves the peer's identity if its address changes, if it has one. */
  readonly key: string | undefined;
}

/** A peer as others are told of it. */
export interface ListedPeer {
  readonly peerId: PeerId;
  /** One address, or one of each family if it announced from both. */
  readonly addresses: readonly PeerAddress[];
}

/** What becomes of an announce. */
export type AnnounceOutcome =
  | {
    readonly type: "accepted";
    /** The swarm's counts with this announce applied. */
    readonly swarm: ScrapeEntry;
    /** Never the asker; for a seeder only leechers. */
    readonly peers: readonly ListedPeer[];
  }
  | { readonly type: "refused"; readonly reason: string };

/** Something that happened in a swarm. */
export interface SwarmChange {
  /** `expired` is a peer that left without a word. */
  readonly type: "joined" | "completed" | "left" | "expired";
  /** Whom it happened to. */
  readonly peerId: PeerId;
  /** Where that peer listens. */
  readonly address: PeerAddress;
  /** The swarm's counts after it. */
  readonly swarm: ScrapeEntry;
}

/** Sums over all swarms. */
export interface StoreTotals {
  /** Swarms with at least one peer. */
  readonly activeSwarmCount: number;
  readonly seederCount: number;
  readonly leecherCount: number;
  /** `completed` announces since the start. */
  readonly downloadCount: number;
}

/** Where a tracker keeps its peers. All times are milliseconds on one clock. */
export interface PeerStore {
  /** Applies an announce and picks peers for the asker. */
  announce(announce: PeerAnnounce, nowMs: number): AnnounceOutcome;
  /** The counts of one swarm; `undefined` if it is unknown. */
  swarm(infoHash: InfoHash): ScrapeEntry | undefined;
  /** The counts of every swarm, those with peers first. */
  swarms(): Iterable<ScrapeEntry>;
  totals(): StoreTotals;
  /** Forgets peers that are silent for longer than the timeout. */
  expire(nowMs: number): void;
}
