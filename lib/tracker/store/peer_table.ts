/**
 * Every peer of a tracker, in its swarm and with the address that it counts for,
 * within limits; and what is known of torrents without peers. Invariant: a swarm
 * is in the table while it has peers; a peer of this tracker has a holder.
 *
 * @module
 */
import type { ScrapeEntry } from "../../announce/announce.ts";
import type { InfoHash } from "../../base/identifier.ts";
import { isLoopback } from "../../base/ip_address.ts";
import { endpointsOf, type Holder, type Peer } from "./peer.ts";
import type {
  OpenStoreOptions,
  SwarmChange,
  SwarmSummary,
} from "./peer_store.ts";
import { Swarm, type Torrent } from "./swarm.ts";

/** Most peers that are evicted to make room for a swarm. */
const EVICTIONS_PER_SWARM = 64;

/** Options of the stores that keep more than peers in memory. */
export interface InnerTableOptions {
  /** Most torrents without peers; the oldest is dropped first. @default 10_000 */
  readonly maxPastCount?: number;
  /** True to keep torrents without downloads too. @default {false} */
  readonly keepsUndownloaded?: boolean;
  /** Hears of a swarm whose peers of this tracker are others, or elsewhere, than before. */
  readonly onPeersChange?: (infoHash: InfoHash) => void;
}

const LIMITS = {
  maxSwarmCount: 100_000,
  maxPeerCount: 500_000,
  maxPeersPerAddress: 32_768,
};

/** All peers. */
export class PeerTable {
  /** Those with peers. */
  readonly swarms: Map<InfoHash, Swarm> = new Map();
  readonly maxSwarmCount: number;
  /** Of all swarms; a peer in two counts twice. */
  peerCount = 0;
  /** Of all torrents, those without peers included. */
  downloadCount = 0;
  readonly #options: Required<InnerTableOptions> & typeof LIMITS;
  readonly #onChange: (change: SwarmChange) => void;
  readonly #past = new Map<InfoHash, Torrent>();
  readonly #holders = new Holders();

  constructor(options: OpenStoreOptions, innerOptions: InnerTableOptions) {
    this.#onChange = options.onChange ?? (() => {});
    this.#options = {
      maxPastCount: 10_000,
      keepsUndownloaded: false,
      onPeersChange: () => {},
      ...LIMITS,
      ...options,
      ...innerOptions,
    };
    this.maxSwarmCount = this.#options.maxSwarmCount;
  }

  get isFull(): boolean {
    return this.peerCount >= this.#options.maxPeerCount;
  }

  /** Each peer once, those that come meanwhile included. */
  *peers(): Generator<Peer, undefined> {
    for (const swarm of this.swarms.values()) yield* swarm.peers.values();
  }

  /**
   * Evicts peers until there is room for one more of an address in a swarm.
   * @returns False if it takes too many.
   */
  makeRoom(infoHash: InfoHash, hostname: string): boolean {
    const holder = this.#holders.get(hostname);
    if (
      holder !== undefined && !isLoopback(hostname) &&
      holder.peerCount >= this.#options.maxPeersPerAddress
    ) this.remove(holder.oldest!, "expired");
    if (this.isFull) this.#evict();
    for (let count = 0; count < EVICTIONS_PER_SWARM; count++) {
      if (this.swarms.size < this.maxSwarmCount || this.swarms.has(infoHash)) {
        return true;
      }
      this.#evict();
    }
    return false;
  }

  /** The swarm of a peer that is about to enter, opened for the first one. */
  open(infoHash: InfoHash, nowMs: number): Swarm {
    const known = this.swarms.get(infoHash);
    if (known !== undefined) return known;
    const torrent = this.#past.get(infoHash) ??
      { downloadCount: 0, contentLength: 0 };
    this.#past.delete(infoHash);
    const swarm = new Swarm(infoHash, torrent, nowMs);
    this.swarms.set(infoHash, swarm);
    return swarm;
  }

  /** Closes a swarm if it has no peers. */
  close({ infoHash, peers, downloadCount, contentLength }: Swarm): void {
    if (peers.size > 0) return;
    this.swarms.delete(infoHash);
    const { keepsUndownloaded } = this.#options;
    if (downloadCount > 0 || keepsUndownloaded) {
      this.#keep(infoHash, { downloadCount, contentLength });
    }
  }

  /**
   * Adds a peer to its swarm, in place of the one that was at its endpoint
   * before: a client that was restarted.
   */
  enter(peer: Peer): void {
    const swarm = this.#swarmOf(peer);
    for (const endpoint of endpointsOf(peer)) {
      const before = swarm.peerAt(endpoint);
      if (before === undefined) continue;
      this.drop(before);
      this.#report("expired", before, swarm);
    }
    swarm.enter(peer);
    this.peerCount++;
    if (peer.tracker === undefined) this.#options.onPeersChange(peer.infoHash);
  }

  /** Takes a peer out of its swarm, which stays open, to enter it again. */
  leave(peer: Peer): void {
    this.#swarmOf(peer).leave(peer);
    this.peerCount--;
    if (peer.tracker === undefined) this.#options.onPeersChange(peer.infoHash);
  }

  /** Removes a peer and reports nothing; its swarm stays open. */
  drop(peer: Peer): void {
    this.leave(peer);
    this.#holders.release(peer);
  }

  /** Removes a peer, and its swarm with the last one. */
  remove(peer: Peer, type: "left" | "expired"): void {
    const swarm = this.#swarmOf(peer);
    this.drop(peer);
    this.close(swarm);
    this.#report(type, peer, swarm);
  }

  /** Counts a peer for its address, as the one that announced last. */
  hold(peer: Peer): void {
    this.#holders.hold(peer, (peer.ipv4 ?? peer.ipv6!).hostname);
  }

  /** Reports what happened to a peer. */
  report(type: SwarmChange["type"], peer: Peer): void {
    this.#report(type, peer, this.#swarmOf(peer));
  }

  /** Knowledge of a torrent. */
  torrent(infoHash: InfoHash): Torrent | undefined {
    return this.swarms.get(infoHash) ?? this.#past.get(infoHash);
  }

  /** Sets what is known of a torrent from elsewhere. */
  restore(infoHash: InfoHash, restored: Partial<Torrent>): void {
    const torrent = this.torrent(infoHash) ??
      { downloadCount: 0, contentLength: 0 };
    this.downloadCount -= torrent.downloadCount;
    Object.assign(torrent, restored);
    this.downloadCount += torrent.downloadCount;
    if (!this.swarms.has(infoHash)) this.#keep(infoHash, torrent);
  }

  /** The counts of a torrent. */
  entry(infoHash: InfoHash): ScrapeEntry | undefined {
    const past = this.#past.get(infoHash);
    return this.swarms.get(infoHash)?.entry() ?? (past && {
      infoHash,
      complete: 0,
      incomplete: 0,
      downloaded: past.downloadCount,
    });
  }

  /** Every torrent, those with peers first. */
  *summaries(): Generator<SwarmSummary> {
    for (const swarm of this.swarms.values()) {
      yield summarize(swarm.infoHash, swarm, swarm);
    }
    for (const [infoHash, torrent] of this.#past) {
      yield summarize(infoHash, torrent);
    }
  }

  #report(type: SwarmChange["type"], peer: Peer, swarm: Swarm): void {
    // Other trackers report their own.
    if (peer.tracker !== undefined) return;
    const { hostname, port } = peer.ipv4 ?? peer.ipv6!;
    const address = { hostname, port };
    this.#onChange({
      type,
      peerId: peer.id,
      address,
      swarm: swarm.entry(),
    });
  }

  #swarmOf({ infoHash }: Peer): Swarm {
    return this.swarms.get(infoHash)!;
  }

  /** Removes the peer that was silent for longest of the address that holds most. */
  #evict(): void {
    const oldest = this.#holders.largest?.oldest;
    if (oldest !== undefined) this.remove(oldest, "expired");
  }

  #keep(infoHash: InfoHash, torrent: Torrent): void {
    this.#past.delete(infoHash);
    this.#past.set(infoHash, torrent);
    if (this.#past.size <= this.#options.maxPastCount) return;
    const [oldest] = this.#past.keys();
    this.#past.delete(oldest!);
  }
}

/** The addresses that hold peers, by how many they hold. */
class Holders {
  readonly #holders = new Map<string, Holder>();
  /** Those of two peers and more. */
  readonly #byCount = new Map<number, Set<Holder>>();
  #largestCount = 1;

  get(hostname: string): Holder | undefined {
    return this.#holders.get(hostname);
  }

  /** One that holds most peers, if there are any. */
  get largest(): Holder | undefined {
    const largest = this.#byCount.get(this.#largestCount) ?? this.#holders;
    return largest.values().next().value;
  }

  /** Counts a peer for an address, as the one that announced last. */
  hold(peer: Peer, hostname: string): void {
    let { holder } = peer;
    if (holder?.hostname === hostname) {
      if (holder.newest === peer) return;
      unlink(peer, holder);
      link(peer, holder);
      return;
    }
    this.release(peer);
    holder = this.#holders.get(hostname);
    if (holder === undefined) {
      holder = { hostname, peerCount: 0, oldest: undefined, newest: undefined };
      this.#holders.set(hostname, holder);
    }
    peer.holder = holder;
    link(peer, holder);
    this.#recount(holder, holder.peerCount + 1);
  }

  /** Counts a peer for no address any more. */
  release(peer: Peer): void {
    const { holder } = peer;
    if (holder === undefined) return;
    peer.holder = undefined;
    unlink(peer, holder);
    this.#recount(holder, holder.peerCount - 1);
  }

  #recount(holder: Holder, count: number): void {
    const before = this.#byCount.get(holder.peerCount);
    if (before?.delete(holder) && before.size === 0) {
      this.#byCount.delete(holder.peerCount);
    }
    holder.peerCount = count;
    const equals = this.#byCount.get(count) ?? new Set();
    if (count > 1) this.#byCount.set(count, equals.add(holder));
    if (count === 0) this.#holders.delete(holder.hostname);
    // Counts change by one, so a holder that leaves the top is right below it.
    if (count > this.#largestCount || !this.#byCount.has(this.#largestCount)) {
      this.#largestCount = Math.max(count, 1);
    }
  }
}

function link(peer: Peer, holder: Holder): void {
  peer.older = holder.newest;
  peer.newer = undefined;
  if (peer.older === undefined) holder.oldest = peer;
  else peer.older.newer = peer;
  holder.newest = peer;
}

function unlink({ older, newer }: Peer, holder: Holder): void {
  if (older === undefined) holder.oldest = newer;
  else older.newer = newer;
  if (newer === undefined) holder.newest = older;
  else newer.older = older;
}

function summarize(
  infoHash: InfoHash,
  { downloadCount, contentLength }: Torrent,
  swarm?: Swarm,
): SwarmSummary {
  return {
    infoHash,
    complete: swarm?.seederCount ?? 0,
    incomplete: swarm?.leecherCount ?? 0,
    downloaded: downloadCount,
    contentLength: contentLength === 0 ? undefined : contentLength,
    bytesPerSecond: swarm?.bytesPerSecond ?? 0,
  };
}
