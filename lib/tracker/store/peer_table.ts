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
import { type Address, formatAddress, PeerRows } from "./peer_rows.ts";
import type {
  OpenStoreOptions,
  SwarmChange,
  SwarmSummary,
} from "./peer_store.ts";
import { PeersByAddress } from "./peers_by_address.ts";
import { Swarm, type Torrent } from "./swarm.ts";

/** Peers of the largest address whose swarms may make room, those that were silent for longest. */
const CANDIDATE_COUNT = 64;

/** Most peers of a swarm that is closed to make room: a millisecond's work. */
const MAX_CLOSED_SIZE = 64;

/** Rounds in which those peers are evicted instead, if their swarms are shared with small addresses. */
const EVICTION_ROUNDS = 4;

/** Part of the largest address's peers up to which another one is small. */
const SMALL_SHARE = 1 / 16;

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
  readonly rows: PeerRows = new PeerRows();
  /** Those with peers. */
  readonly swarms: Map<InfoHash, Swarm> = new Map();
  readonly maxSwarmCount: number;
  /** Of all swarms; a peer in two counts twice. */
  peerCount = 0;
  /** Of all torrents, those without peers included. */
  downloadCount = 0;
  readonly #options: Required<InnerTableOptions> & typeof LIMITS;
  readonly #onChange: ((change: SwarmChange) => void) | undefined;
  readonly #past = new Map<InfoHash, Torrent>();
  readonly #holders = new PeersByAddress(this.rows);

  constructor(options: OpenStoreOptions, innerOptions: InnerTableOptions) {
    this.#onChange = options.onChange;
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

  /**
   * Evicts peers until there is room for one more of an address in a swarm.
   * @returns False if it takes too many.
   */
  makeRoom(infoHash: InfoHash, address: Address): boolean {
    if (
      this.#holders.count(address) >= this.#options.maxPeersPerAddress &&
      !isLoopback(formatAddress(address))
    ) this.#evict(address);
    if (this.isFull) this.#evict(this.#holders.largest);
    return this.swarms.size < this.maxSwarmCount ||
      this.swarms.has(infoHash) || this.#closeSwarm();
  }

  /** The swarm of a peer that is about to enter, opened for the first one. */
  open(infoHash: InfoHash, nowMs: number): Swarm {
    const known = this.swarms.get(infoHash);
    if (known !== undefined) return known;
    const torrent = this.#past.get(infoHash) ??
      { downloadCount: 0, contentLength: 0 };
    this.#past.delete(infoHash);
    const swarm = new Swarm(this.rows, {
      ...torrent,
      infoHash,
      openedAtMs: nowMs,
    });
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
  enter(row: number): void {
    const { rows } = this;
    const swarm = this.#swarmOf(row);
    for (const endpoint of rows.endpoints(row)) {
      const before = swarm.peerAt(
        rows.address(endpoint)!,
        rows.port(endpoint),
      );
      if (before === undefined) continue;
      this.report("expired", before, () => this.drop(before));
    }
    swarm.enter(row);
    this.peerCount++;
    if (rows.trackers.has(row)) return;
    this.#holders.add(row);
    this.#options.onPeersChange(swarm.infoHash);
  }

  /** Notes that a peer of this tracker announced. */
  touch(row: number): void {
    this.#holders.touch(row);
  }

  /** Takes a peer out of its swarm, which stays open, to enter it again. */
  leave(row: number): void {
    const swarm = this.#swarmOf(row);
    swarm.leave(row);
    this.peerCount--;
    if (this.rows.trackers.has(row)) return;
    this.#holders.delete(row);
    this.#options.onPeersChange(swarm.infoHash);
  }

  /** Removes a peer and reports nothing; its swarm stays open. */
  drop(row: number): void {
    this.leave(row);
    this.rows.delete(row);
  }

  /** Removes a peer, and its swarm with the last one. */
  remove(row: number, type: "left" | "expired"): void {
    const swarm = this.#swarmOf(row);
    this.report(type, row, () => this.drop(row));
    this.close(swarm);
  }

  /** Reports what happens to a peer of this tracker, after `change` if there is one. */
  report(
    type: SwarmChange["type"],
    row: number,
    change: () => void = () => {},
  ): void {
    const { rows } = this;
    const swarm = this.#swarmOf(row);
    const onChange = rows.trackers.has(row) ? undefined : this.#onChange;
    const described = onChange && rows.describe(row);
    change();
    if (described === undefined) return;
    const { peerId, addresses: [address] } = described;
    onChange!({ type, peerId, address: address!, swarm: swarm.entry() });
  }

  /** Knowledge of a torrent. */
  torrent(infoHash: InfoHash): Torrent | undefined {
    return this.swarms.get(infoHash) ?? this.#past.get(infoHash);
  }

  /** Sets what is known of a torrent from elsewhere. */
  restore(
    infoHash: InfoHash,
    { downloadCount, contentLength }: Partial<Torrent>,
  ): void {
    const torrent = this.torrent(infoHash) ??
      { downloadCount: 0, contentLength: 0 };
    this.downloadCount -= torrent.downloadCount;
    torrent.downloadCount = downloadCount ?? torrent.downloadCount;
    torrent.contentLength = contentLength ?? torrent.contentLength;
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

  /**
   * Closes a swarm of the address that holds most peers: the one in which all
   * others hold many too, whatever number of them there are. While each of its
   * swarms has peers of small addresses, that address loses its own peers alone.
   * @returns False if all swarms are large.
   */
  #closeSwarm(): boolean {
    for (let round = 1; round <= EVICTION_ROUNDS; round++) {
      const { largest } = this.#holders;
      if (largest === undefined) break;
      const candidates = this.#holders.oldest(largest, CANDIDATE_COUNT);
      let chosen: Swarm | undefined;
      let chosenCount = 0;
      for (const swarm of candidates.map((row) => this.#swarmOf(row))) {
        const count = this.#leastHeld(swarm, chosenCount);
        if (count <= chosenCount) continue;
        chosen = swarm;
        chosenCount = count;
      }
      const isFair =
        chosenCount >= this.#holders.count(largest) * SMALL_SHARE ||
        round === EVICTION_ROUNDS;
      if (chosen !== undefined && isFair) return this.#empty(chosen);
      for (const row of candidates) this.remove(row, "expired");
      if (this.swarms.size < this.maxSwarmCount) return true;
    }
    const small = this.swarms.values()
      .find(({ peers }) => peers.size <= MAX_CLOSED_SIZE);
    return small !== undefined && this.#empty(small);
  }

  /**
   * The fewest peers that any address in a small swarm holds; 0 or at most `floor` if
   * the swarm is no candidate.
   */
  #leastHeld({ peers }: Swarm, floor: number): number {
    if (peers.size > MAX_CLOSED_SIZE) return 0;
    let least = Infinity;
    for (const row of peers.values()) {
      // Other trackers name their peers again if there is room.
      if (this.rows.trackers.has(row)) continue;
      least = Math.min(least, this.#holders.count(this.rows.holder(row)));
      if (least <= floor) break;
    }
    return least;
  }

  /** Closes a swarm that has peers. */
  #empty({ peers }: Swarm): true {
    for (const row of [...peers.values()]) this.remove(row, "expired");
    return true;
  }

  #swarmOf(row: number): Swarm {
    return this.swarms.get(this.rows.infoHashes[row]!)!;
  }

  /** Removes the peer that was silent for longest of an address. */
  #evict(address: Address | undefined): void {
    if (address === undefined) return;
    for (const row of this.#holders.oldest(address, 1)) {
      this.remove(row, "expired");
    }
  }

  #keep(infoHash: InfoHash, torrent: Torrent): void {
    this.#past.delete(infoHash);
    this.#past.set(infoHash, torrent);
    if (this.#past.size <= this.#options.maxPastCount) return;
    const [oldest] = this.#past.keys();
    this.#past.delete(oldest!);
  }
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
