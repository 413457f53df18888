/**
 * The tracker's peers in memory. Invariant: a swarm is listed while it has a
 * peer, each of its peers is in exactly one of its two pools, and the totals are
 * the sums over all swarms; counts change with each announce, never by counting.
 *
 * A peer is known by its peer id. It may be listed with one IPv4 and one IPv6
 * address, as clients on both announce twice. [BEP 7]
 *
 * @module
 */
import type { InfoHash, PeerId } from "../base/identifier.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import type { Random } from "../base/random.ts";
import type { ScrapeEntry, TransferProgress } from "./announce.ts";
import { mayUpdate, withAddress } from "./known_peer.ts";
import { packPeers } from "./pack_peers.ts";
import { PeerPool, type Pooled } from "./peer_pool.ts";
import type {
  AnnounceOutcome,
  PeerAnnounce,
  PeerDetails,
  PeerStore,
  StoreTotals,
  SwarmChange,
  SwarmSummary,
} from "./peer_store.ts";

/** How a {@linkcode MemoryStore} is set up. */
export interface MemoryStoreOptions {
  /** Silence after which a peer is forgotten, in milliseconds. */
  readonly peerTimeoutMs: number;
  /** Picks the peers that are given out. */
  readonly random: Random;
  /** Hears of every peer that joins, completes or goes. */
  readonly onChange?: (change: SwarmChange) => void;
  /** Most swarms with peers. @default 20_000 */
  readonly maxSwarmCount?: number;
  /** Most peers of all swarms together. @default 200_000 */
  readonly maxPeerCount?: number;
}

/** How many swarms without peers keep their download count; the oldest is dropped first. */
const MAX_PAST_SWARM_COUNT = 1_000;

interface RegisteredPeer extends Pooled {
  readonly peerId: PeerId;
  addresses: readonly PeerAddress[];
  key: string | undefined;
  isSeeder: boolean;
  hasCompleted: boolean;
  lastSeenMs: number;
  progress: TransferProgress;
}

interface Swarm {
  readonly infoHash: InfoHash;
  /** Ordered by last announce, oldest first, so that expiry stops early. */
  readonly peers: Map<PeerId, RegisteredPeer>;
  readonly seeders: PeerPool<RegisteredPeer>;
  readonly leechers: PeerPool<RegisteredPeer>;
  readonly openedAtMs: number;
  contentLength: number;
  downloadCount: number;
}

/** A {@linkcode PeerStore} in memory. */
export class MemoryStore implements PeerStore {
  readonly #options: Required<MemoryStoreOptions>;
  readonly #swarms = new Map<InfoHash, Swarm>();
  /** Download counts of swarms that have no peers now. */
  readonly #pastDownloadCounts = new Map<InfoHash, number>();
  #seederCount = 0;
  #leecherCount = 0;
  #downloadCount = 0;

  constructor(options: MemoryStoreOptions) {
    this.#options = {
      onChange: () => {},
      maxSwarmCount: 20_000,
      maxPeerCount: 200_000,
      ...options,
    };
  }

  announce(announce: PeerAnnounce, nowMs: number): AnnounceOutcome {
    const swarm = this.#swarms.get(announce.infoHash);
    const known = swarm?.peers.get(announce.peerId);
    if (known !== undefined && !mayUpdate(known, announce)) {
      return refuse("the peer id is in use at another address");
    }
    if (announce.event === "stopped") {
      if (known !== undefined) this.#remove(swarm!, known, "left");
      return {
        type: "accepted",
        swarm: this.#counts(announce.infoHash) ??
          emptySwarm(announce.infoHash),
        peers: packPeers([], announce.wantsIds),
        swarmAgeMs: swarm === undefined ? 0 : nowMs - swarm.openedAtMs,
        peerCount: this.#peerCount,
      };
    }
    const { maxPeerCount, maxSwarmCount } = this.#options;
    if (known === undefined && this.#peerCount >= maxPeerCount) {
      return refuse(`the tracker is full with ${maxPeerCount} peers`);
    }
    if (swarm === undefined && this.#swarms.size >= maxSwarmCount) {
      return refuse(`the tracker is full with ${maxSwarmCount} torrents`);
    }
    return this.#list(
      swarm ?? this.#openSwarm(announce.infoHash, nowMs),
      known,
      announce,
      nowMs,
    );
  }

  scrape(infoHashes: readonly InfoHash[]): ScrapeEntry[] {
    return infoHashes.map((infoHash) => this.#counts(infoHash))
      .filter((entry) => entry !== undefined);
  }

  *swarms(): Generator<SwarmSummary> {
    for (const swarm of this.#swarms.values()) {
      const { contentLength } = swarm;
      yield {
        ...countsOf(swarm),
        contentLength: contentLength === 0 ? undefined : contentLength,
        bytesPerSecond: 0,
      };
    }
    for (const [infoHash, downloaded] of this.#pastDownloadCounts) {
      yield {
        ...emptySwarm(infoHash),
        downloaded,
        contentLength: undefined,
        bytesPerSecond: 0,
      };
    }
  }

  peers(infoHash: InfoHash, limit: number): PeerDetails[] {
    const peers = this.#swarms.get(infoHash)?.peers.values() ?? [];
    return Array.from(peers).slice(0, limit).map((peer) => ({
      peerId: peer.peerId,
      addresses: peer.addresses,
      isSeeder: peer.isSeeder,
      progress: peer.progress,
      bytesPerSecond: 0,
      lastSeenMs: peer.lastSeenMs,
    }));
  }

  #counts(infoHash: InfoHash): ScrapeEntry | undefined {
    const swarm = this.#swarms.get(infoHash);
    if (swarm !== undefined) return countsOf(swarm);
    const downloaded = this.#pastDownloadCounts.get(infoHash);
    if (downloaded === undefined) return undefined;
    return { ...emptySwarm(infoHash), downloaded };
  }

  totals(): StoreTotals {
    return {
      activeSwarmCount: this.#swarms.size,
      seederCount: this.#seederCount,
      leecherCount: this.#leecherCount,
      downloadCount: this.#downloadCount,
      bytesPerSecond: 0,
    };
  }

  expire(nowMs: number): boolean {
    const oldestMs = nowMs - this.#options.peerTimeoutMs;
    for (const swarm of this.#swarms.values()) {
      for (const peer of swarm.peers.values()) {
        if (peer.lastSeenMs >= oldestMs) break;
        this.#remove(swarm, peer, "expired");
      }
    }
    return false;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  get #peerCount(): number {
    return this.#seederCount + this.#leecherCount;
  }

  #list(
    swarm: Swarm,
    known: RegisteredPeer | undefined,
    announce: PeerAnnounce,
    nowMs: number,
  ): AnnounceOutcome {
    const peer = known ?? {
      peerId: announce.peerId,
      addresses: [],
      key: undefined,
      isSeeder: announce.isSeeder,
      hasCompleted: false,
      lastSeenMs: nowMs,
      progress: announce.progress,
      place: 0,
    };
    if (known !== undefined) this.#leavePool(swarm, peer);
    peer.isSeeder = announce.isSeeder;
    this.#enterPool(swarm, peer);
    peer.addresses = withAddress(peer.addresses, announce.address);
    peer.key = announce.key ?? peer.key;
    peer.lastSeenMs = nowMs;
    peer.progress = announce.progress;
    swarm.contentLength = Math.max(
      swarm.contentLength,
      announce.progress.left,
    );
    swarm.peers.delete(peer.peerId);
    swarm.peers.set(peer.peerId, peer);
    if (known === undefined) this.#tell("joined", swarm, peer);
    if (announce.event === "completed" && !peer.hasCompleted) {
      peer.hasCompleted = true;
      swarm.downloadCount++;
      this.#downloadCount++;
      this.#tell("completed", swarm, peer);
    }
    return {
      type: "accepted",
      swarm: countsOf(swarm),
      peers: packPeers(
        this.#pick(swarm, peer, announce.numwant),
        announce.wantsIds,
      ),
      swarmAgeMs: nowMs - swarm.openedAtMs,
      peerCount: this.#peerCount,
    };
  }

  /**
   * A seeder has no use for seeders. A leecher gets seeders for at most half of
   * the list while there are leechers for the other half: a swarm whose newcomers
   * only know the seeders has nobody who passes pieces on.
   */
  #pick(swarm: Swarm, asker: RegisteredPeer, count: number): RegisteredPeer[] {
    const { random } = this.#options;
    if (asker.isSeeder) return swarm.leechers.draw(count, random);
    const otherLeecherCount = swarm.leechers.size - 1;
    const seederCount = Math.max(
      Math.ceil(count / 2),
      count - otherLeecherCount,
    );
    const seeders = swarm.seeders.draw(seederCount, random);
    const leechers = swarm.leechers.draw(
      count - seeders.length,
      random,
      asker,
    );
    return [...seeders, ...leechers];
  }

  #openSwarm(infoHash: InfoHash, nowMs: number): Swarm {
    const swarm: Swarm = {
      infoHash,
      peers: new Map(),
      seeders: new PeerPool(),
      leechers: new PeerPool(),
      openedAtMs: nowMs,
      contentLength: 0,
      downloadCount: this.#pastDownloadCounts.get(infoHash) ?? 0,
    };
    this.#pastDownloadCounts.delete(infoHash);
    this.#swarms.set(infoHash, swarm);
    return swarm;
  }

  #remove(
    swarm: Swarm,
    peer: RegisteredPeer,
    type: "left" | "expired",
  ): void {
    swarm.peers.delete(peer.peerId);
    this.#leavePool(swarm, peer);
    if (swarm.peers.size === 0) this.#closeSwarm(swarm);
    this.#tell(type, swarm, peer);
  }

  #closeSwarm(swarm: Swarm): void {
    this.#swarms.delete(swarm.infoHash);
    if (swarm.downloadCount === 0) return;
    this.#pastDownloadCounts.set(swarm.infoHash, swarm.downloadCount);
    if (this.#pastDownloadCounts.size > MAX_PAST_SWARM_COUNT) {
      const [oldest] = this.#pastDownloadCounts.keys();
      this.#pastDownloadCounts.delete(oldest!);
    }
  }

  #enterPool(swarm: Swarm, peer: RegisteredPeer): void {
    poolOf(swarm, peer).add(peer);
    this.#count(peer, 1);
  }

  #leavePool(swarm: Swarm, peer: RegisteredPeer): void {
    poolOf(swarm, peer).delete(peer);
    this.#count(peer, -1);
  }

  #count(peer: RegisteredPeer, change: 1 | -1): void {
    if (peer.isSeeder) this.#seederCount += change;
    else this.#leecherCount += change;
  }

  #tell(type: SwarmChange["type"], swarm: Swarm, peer: RegisteredPeer): void {
    const address = peer.addresses.at(-1)!;
    this.#options.onChange({
      type,
      peerId: peer.peerId,
      address,
      swarm: countsOf(swarm),
    });
  }
}

function poolOf(swarm: Swarm, peer: RegisteredPeer): PeerPool<RegisteredPeer> {
  return peer.isSeeder ? swarm.seeders : swarm.leechers;
}

function countsOf(swarm: Swarm): ScrapeEntry {
  return {
    infoHash: swarm.infoHash,
    complete: swarm.seeders.size,
    incomplete: swarm.leechers.size,
    downloaded: swarm.downloadCount,
  };
}

function emptySwarm(infoHash: InfoHash): ScrapeEntry {
  return { infoHash, complete: 0, incomplete: 0, downloaded: 0 };
}

function refuse(reason: string): AnnounceOutcome {
  return { type: "refused", reason };
}
