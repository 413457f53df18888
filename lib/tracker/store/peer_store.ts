/**
 * The seam between a tracker's protocols and where it keeps its peers: what a
 * store is told and what it answers, free of any protocol's text. Any store
 * keeps this promise: counts are exact, a peer that announced less than the
 * timeout ago is listed, one that stopped is not.
 *
 * @module
 */
import type { StoreError } from "../../base/errors.ts";
import type { InfoHash, PeerId } from "../../base/identifier.ts";
import type { PeerAddress } from "../../base/peer_address.ts";
import type {
  AnnounceRequest,
  ScrapeEntry,
  TransferProgress,
} from "../../announce/announce.ts";

/** One announce, and the address that it came from. Nothing that it claims is checked. */
export interface PeerAnnounce extends AnnounceRequest {
  /** IP address of the peer, in canonical text. */
  readonly hostname: string;
  /** The reply lists the peers' ids beside their addresses. */
  readonly wantsIds: boolean;
}

/**
 * Peers for one reply, in the form that replies are made of. Views, valid until
 * the store is told the next announce.
 */
export interface PickedPeers {
  /** 6 bytes each: address and port in network byte order. [BEP 23] */
  readonly ipv4: Uint8Array;
  /** 18 bytes each. [BEP 7] */
  readonly ipv6: Uint8Array;
  /** 20 bytes each, those of `ipv4` and then those of `ipv6`, if they were wanted. */
  readonly ids: Uint8Array | undefined;
}

/** An announce that was taken. */
export interface AcceptedAnnounce {
  /** Tells it from one that was refused. */
  readonly type: "accepted";
  /** The swarm's counts with this announce applied. */
  readonly swarm: ScrapeEntry;
  /** Never the asker; for a seeder only leechers. */
  readonly peers: PickedPeers;
  /** Time since the swarm's first peer came, in milliseconds. */
  readonly swarmAgeMs: number;
  /** Peers of all swarms, those that other trackers know included. */
  readonly peerCount: number;
  /** What the asker's user is to read. */
  readonly warning?: string | undefined;
}

/** What becomes of an announce. */
export type AnnounceOutcome =
  | AcceptedAnnounce
  | {
    readonly type: "refused";
    readonly reason: string;
    /** When to try again, if that may help. [BEP 31] */
    readonly retryInMs?: number | undefined;
  };

/** Something that happened in a swarm. */
export interface SwarmChange {
  /** `expired` is a peer that left without a word, or that had to make room. */
  readonly type: "joined" | "completed" | "left" | "expired";
  /** Whom it happened to. */
  readonly peerId: PeerId;
  /** Where that peer listens. */
  readonly address: PeerAddress;
  /** The swarm's counts after it. */
  readonly swarm: ScrapeEntry;
}

/** One swarm as people see it. */
export interface SwarmSummary extends ScrapeEntry {
  /** The most that a peer ever lacked, in bytes: the torrent's size once a newcomer announced. */
  readonly contentLength: number | undefined;
  /** How fast all of its peers together receive. */
  readonly bytesPerSecond: number;
}

/** One peer as people see it. */
export interface PeerDetails {
  /** Who it is. */
  readonly peerId: PeerId;
  /** One address, or one of each family if it announced from both. */
  readonly addresses: readonly PeerAddress[];
  /** Whether it says that it lacks nothing. */
  readonly isSeeder: boolean;
  /** As it said last. */
  readonly progress: TransferProgress;
  /** How fast it received between its last two announces. */
  readonly bytesPerSecond: number;
  /** When it announced last, on the store's clock. */
  readonly lastSeenMs: number;
}

/** Sums over all swarms. */
export interface StoreTotals {
  /** Swarms with at least one peer. */
  readonly activeSwarmCount: number;
  /** Of all swarms; one that shares two counts twice. */
  readonly seederCount: number;
  /** Of all swarms, too. */
  readonly leecherCount: number;
  /** Peers that ever announced `completed`, each counted once a torrent. */
  readonly downloadCount: number;
  /** How fast all peers together receive. */
  readonly bytesPerSecond: number;
}

/** Something that happened to a store, which answers from memory meanwhile. */
export type StoreEvent =
  /** It fails from now on; reported once, not with each attempt. */
  | { readonly type: "failed"; readonly error: StoreError }
  /** It works again. */
  | { readonly type: "recovered"; readonly message: string };

/** Hears of what happens to a store. */
export type StoreListener = (event: StoreEvent) => void;

/**
 * Where a tracker keeps its peers. Every answer comes at once, from memory; what a
 * store keeps elsewhere it writes and reads in the background. All times are
 * milliseconds on one clock.
 */
export interface PeerStore extends AsyncDisposable {
  /** Applies an announce and picks peers for the asker. */
  announce(announce: PeerAnnounce, nowMs: number): AnnounceOutcome;
  /** The counts of those that are known among the asked for. */
  scrape(infoHashes: readonly InfoHash[]): ScrapeEntry[];
  /** Every swarm, those with peers first. */
  swarms(): Iterable<SwarmSummary>;
  /** The sums over all of them. */
  totals(): StoreTotals;
  /** The peers of one swarm, at most `limit`. */
  peers(infoHash: InfoHash, limit: number): PeerDetails[];
  /**
   * Forgets peers that are silent for longer than the timeout, working for at
   * most a few milliseconds.
   * @returns Whether there is more to do now.
   */
  expire(nowMs: number): boolean;
}
