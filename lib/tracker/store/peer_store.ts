/**
 * The store of a tracker, free of any protocol: announces, and what is known of
 * swarms and peers. Every store keeps this promise for the peers that announce to
 * its own tracker: counts are exact, a peer that announced less than the timeout
 * ago is listed, one that stopped is not.
 *
 * @module
 */
import type {
  AnnounceRequest,
  ScrapeEntry,
  TransferProgress,
} from "../../announce/announce.ts";
import type { StoreError } from "../../base/errors.ts";
import type { InfoHash, PeerId } from "../../base/identifier.ts";
import type { PeerAddress } from "../../base/peer_address.ts";
import type { Random } from "../../base/random.ts";

/** One announce, and the address that it came from. Nothing that it claims is checked. */
export interface PeerAnnounce extends AnnounceRequest {
  /** IP address of the peer, in canonical text. */
  readonly hostname: string;
  /** IP address of the tracker that the peer reached, at which it is given peers on loopback. */
  readonly localHostname?: (() => string | undefined) | undefined;
  /** The reply lists the peers' ids beside their addresses. */
  readonly wantsIds: boolean;
}

/** Peers of one reply, as replies contain them. Views, valid until the next announce. */
export interface PickedPeers {
  /** 6 bytes each: address and port in network byte order. [BEP 23] */
  readonly ipv4: Uint8Array;
  /** 18 bytes each. [BEP 7] */
  readonly ipv6: Uint8Array;
  /** 20 bytes each, for `ipv4` and then for `ipv6`, if they were asked for. */
  readonly ids: Uint8Array | undefined;
}

/** The outcome of an announce. */
export type AnnounceOutcome =
  | {
    readonly type: "accepted";
    /** The swarm's counts after this announce. */
    readonly swarm: ScrapeEntry;
    /** Never the asker; for a seeder only leechers. */
    readonly peers: PickedPeers;
    /** Time since the swarm's first peer joined, in milliseconds. */
    readonly swarmAgeMs: number;
    /** Peers of all swarms that are known by name. */
    readonly peerCount: number;
    /** A text for the asker's user. */
    readonly warning?: string | undefined;
  }
  | {
    readonly type: "refused";
    readonly reason: string;
    /** Time until another try may help, in milliseconds. [BEP 31] */
    readonly retryInMs?: number | undefined;
  };

/** The outcome of an accepted announce. */
export type AcceptedAnnounce = Extract<AnnounceOutcome, { type: "accepted" }>;

/** A change in a swarm. */
export interface SwarmChange {
  /** `expired`: the peer was silent, evicted, or replaced by another at its address and port. */
  readonly type: "joined" | "completed" | "left" | "expired";
  /** The peer that it is about. */
  readonly peerId: PeerId;
  /** Its address, of either family. */
  readonly address: PeerAddress;
  /** The swarm's counts after it. */
  readonly swarm: ScrapeEntry;
}

/** One swarm as people see it. */
export interface SwarmSummary extends ScrapeEntry {
  /** The most that a peer ever lacked, in bytes: the torrent's size once a newcomer announced. */
  readonly contentLength: number | undefined;
  /** The speed at which all of its peers together receive. */
  readonly bytesPerSecond: number;
}

/** One peer as people see it. */
export interface PeerDetails {
  /** As it announced. */
  readonly peerId: PeerId;
  /** One address, or one of each family. */
  readonly addresses: readonly PeerAddress[];
  /** True if it lacks nothing. */
  readonly isSeeder: boolean;
  /** As of its last announce. */
  readonly progress: TransferProgress;
  /** The speed at which it received between its last two announces. */
  readonly bytesPerSecond: number;
  /** The time of its last announce, on the store's clock. */
  readonly lastSeenMs: number;
}

/** Sums over all swarms; a peer in two counts twice. */
export interface StoreTotals {
  /** Swarms with at least one peer. */
  readonly activeSwarmCount: number;
  /** Peers that have everything. */
  readonly seederCount: number;
  /** Peers that lack something. */
  readonly leecherCount: number;
  /** Downloads that were ever completed, each peer counted once a torrent. */
  readonly downloadCount: number;
  /** The speed at which all peers together receive. */
  readonly bytesPerSecond: number;
}

/** A change in the state of a store, which answers from memory meanwhile. */
export type StoreEvent =
  /** Its file or Redis fails from now on; reported once, and again if a new reason needs the operator. */
  | { readonly type: "failed"; readonly error: StoreError }
  /** It works again. */
  | { readonly type: "recovered"; readonly message: string };

/** Receives the changes in the state of a store. */
export type StoreListener = (event: StoreEvent) => void;

/** Options of every store. */
export interface OpenStoreOptions {
  /** Silence after which a peer is forgotten, in milliseconds. */
  readonly peerTimeoutMs: number;
  /** Chooses the peers of a reply. */
  readonly random: Random;
  /** Reports every peer that joins, completes or leaves. Its exceptions are ignored. */
  readonly onChange?: (change: SwarmChange) => void;
  /** Most swarms with peers. @default {100_000} */
  readonly maxSwarmCount?: number;
  /** Most peers of all swarms together. @default {500_000} */
  readonly maxPeerCount?: number;
  /** Most peers of one address, in all swarms together, except on loopback. @default {32_768} */
  readonly maxPeersPerAddress?: number;
  /** Reports that the file or Redis fails, and that it works again. Its exceptions are ignored. */
  readonly onEvent?: StoreListener;
  /** Time for a reply of Redis, after which it counts as gone, in milliseconds. @default {1_000} */
  readonly maxReplyMs?: number;
}

/**
 * Keeps a tracker's peers. Every answer comes at once, from memory; what a store
 * keeps elsewhere it writes and reads in the background. All times are
 * milliseconds on one clock.
 */
export interface PeerStore extends AsyncDisposable {
  /** Applies an announce and picks peers for the asker. */
  announce(announce: PeerAnnounce, nowMs: number): AnnounceOutcome;
  /** The counts of the torrents that are known. */
  scrape(infoHashes: readonly InfoHash[]): ScrapeEntry[];
  /** Every swarm, those with peers first. */
  swarms(): Iterable<SwarmSummary>;
  /** Sums over all swarms. */
  totals(): StoreTotals;
  /** The peers of one swarm, at most `limit`. */
  peers(infoHash: InfoHash, limit: number): PeerDetails[];
  /**
   * Forgets peers that are silent for longer than the timeout, for at most a few
   * milliseconds.
   * @returns Whether there is more to do now.
   */
  expire(nowMs: number): boolean;
}
