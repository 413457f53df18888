/**
 * One swarm: its counts, and its peers in pools by role and by who may be told
 * of their addresses. Invariant: each peer that entered is in one pool for each
 * address that somebody may be told of, or in that of the unlisted if there is
 * none; counts and sums are those of the peers that entered.
 *
 * @module
 */
import type { InfoHash } from "../../../base/identifier.ts";
import type { ScrapeEntry } from "../../../announce/announce.ts";
import type { SwarmSummary } from "../peer_store.ts";
import { AddressPool } from "./address_pool.ts";
import type { LeafFamily, LeafTable } from "./leaf_table.ts";
import { LISTING, PEER, PEER_FLAG, type PeerRecords } from "./peer_records.ts";

/** The pools of one role, by their numbers. */
export const POOL = {
  unlisted: 0,
  ipv4: 1,
  ipv4OfThisMachine: 2,
  ipv6: 3,
  ipv6OfThisMachine: 4,
} as const;

/** The number of a pool. */
export type PoolKind = typeof POOL[keyof typeof POOL];

/** The number of a pool whose peers somebody may be told of. */
export type ListedPoolKind = Exclude<PoolKind, typeof POOL.unlisted>;

const POOL_COUNT = 5;

const FAMILIES: readonly LeafFamily[] = [
  "none",
  "ipv4",
  "ipv4",
  "ipv6",
  "ipv6",
];

/** What all pools are made of. */
export type Leaves = Readonly<Record<LeafFamily, LeafTable>>;

/** What is known of a swarm while it has no peers. */
export interface PastSwarm {
  readonly downloadCount: number;
  readonly contentLength: number;
}

/** How a {@linkcode Swarm} begins. */
export interface SwarmOptions extends PastSwarm {
  /** What its peers' records call it; not 0. */
  readonly number: number;
  readonly openedAtMs: number;
  readonly peers: PeerRecords;
  readonly leaves: Leaves;
}

/** A swarm with peers. */
export class Swarm {
  readonly infoHash: InfoHash;
  readonly number: number;
  readonly openedAtMs: number;
  seederCount = 0;
  leecherCount = 0;
  downloadCount: number;
  /** The most that a peer ever lacked; 0 if none ever lacked anything. */
  contentLength: number;
  bytesPerSecond = 0;
  readonly #peers: PeerRecords;
  readonly #leaves: Leaves;
  readonly #pools: (AddressPool | undefined)[] = [];

  constructor(infoHash: InfoHash, options: SwarmOptions) {
    this.infoHash = infoHash;
    this.#peers = options.peers;
    this.#leaves = options.leaves;
    this.number = options.number;
    this.openedAtMs = options.openedAtMs;
    this.downloadCount = options.downloadCount;
    this.contentLength = options.contentLength;
  }

  get peerCount(): number {
    return this.seederCount + this.leecherCount;
  }

  /** The peers of a role and kind, if there are any. */
  pool(isSeeder: boolean, kind: PoolKind): AddressPool | undefined {
    return this.#pools[isSeeder ? kind + POOL_COUNT : kind];
  }

  /** Adds a peer as its record is now. */
  enter(peer: number): void {
    const isSeeder = this.#peers.has(peer, PEER_FLAG.seeder);
    this.#count(peer, isSeeder, 1);
    const ipv4 = this.#peers.listing(peer, true);
    const ipv6 = this.#peers.listing(peer, false);
    if (ipv4 !== LISTING.nobody) this.#add(isSeeder, ipv4Pool(ipv4), peer);
    if (ipv6 !== LISTING.nobody) this.#add(isSeeder, ipv6Pool(ipv6), peer);
    if (ipv4 + ipv6 === LISTING.nobody) {
      this.#add(isSeeder, POOL.unlisted, peer);
    }
  }

  /** Removes a peer whose record is as it was when it entered. */
  leave(peer: number): void {
    const isSeeder = this.#peers.has(peer, PEER_FLAG.seeder);
    this.#count(peer, isSeeder, -1);
    const ipv4 = this.#peers.listing(peer, true);
    const ipv6 = this.#peers.listing(peer, false);
    if (ipv4 !== LISTING.nobody) this.#delete(isSeeder, ipv4Pool(ipv4), peer);
    if (ipv6 !== LISTING.nobody) this.#delete(isSeeder, ipv6Pool(ipv6), peer);
    if (ipv4 + ipv6 === LISTING.nobody) {
      this.#delete(isSeeder, POOL.unlisted, peer);
    }
  }

  /** Sets the speed of a peer that entered. */
  changeSpeed(peer: number, bytesPerSecond: number): void {
    const before = this.#peers.word(peer, PEER.bytesPerSecond) >>> 0;
    this.bytesPerSecond += bytesPerSecond - before;
    this.#peers.setWord(peer, PEER.bytesPerSecond, bytesPerSecond);
  }

  /** Each peer once. */
  *members(): Generator<number> {
    for (const pool of this.#pools) {
      if (pool === undefined) continue;
      const isIpv6 = pool.table.family === "ipv6";
      for (const peer of pool.members()) {
        // One with two addresses is met in the pool of its IPv4 address.
        if (isIpv6 && this.#peers.listing(peer, true) !== LISTING.nobody) {
          continue;
        }
        yield peer;
      }
    }
  }

  counts(): ScrapeEntry {
    return {
      infoHash: this.infoHash,
      complete: this.seederCount,
      incomplete: this.leecherCount,
      downloaded: this.downloadCount,
    };
  }

  summary(): SwarmSummary {
    return {
      ...this.counts(),
      contentLength: this.contentLength === 0 ? undefined : this.contentLength,
      bytesPerSecond: this.bytesPerSecond,
    };
  }

  #add(isSeeder: boolean, kind: PoolKind, peer: number): void {
    const number = isSeeder ? kind + POOL_COUNT : kind;
    this.#pools[number] ??= new AddressPool(
      this.#peers,
      this.#leaves[FAMILIES[kind]!],
    );
    this.#pools[number].add(peer);
  }

  #delete(isSeeder: boolean, kind: PoolKind, peer: number): void {
    const number = isSeeder ? kind + POOL_COUNT : kind;
    const pool = this.#pools[number]!;
    pool.delete(peer);
    if (pool.size > 0) return;
    pool.close();
    this.#pools[number] = undefined;
  }

  #count(peer: number, isSeeder: boolean, change: 1 | -1): void {
    if (isSeeder) this.seederCount += change;
    else this.leecherCount += change;
    const speed = this.#peers.word(peer, PEER.bytesPerSecond) >>> 0;
    this.bytesPerSecond += change * speed;
  }
}

/** Whether a pool has IPv4 addresses. */
export function isIpv4Pool(kind: PoolKind): boolean {
  return kind === POOL.ipv4 || kind === POOL.ipv4OfThisMachine;
}

/** Whether a peer stands in the pool of this kind and its role. */
export function isInPool(
  peers: PeerRecords,
  peer: number,
  kind: ListedPoolKind,
): boolean {
  const isIpv4 = isIpv4Pool(kind);
  const listing = peers.listing(peer, isIpv4);
  return listing !== LISTING.nobody &&
    kind === (isIpv4 ? ipv4Pool(listing) : ipv6Pool(listing));
}

function ipv4Pool(listing: number): ListedPoolKind {
  return listing === LISTING.everybody ? POOL.ipv4 : POOL.ipv4OfThisMachine;
}

function ipv6Pool(listing: number): ListedPoolKind {
  return listing === LISTING.everybody ? POOL.ipv6 : POOL.ipv6OfThisMachine;
}
