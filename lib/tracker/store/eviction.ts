/**
 * Counts the peers of each address and chooses those that are evicted where a limit
 * is reached: peers of the address that has most, however they are spread over
 * swarms. A peer counts for its `holder`, which does not change while the peer is
 * in its swarm.
 *
 * @module
 */
import type { InfoHash } from "../../base/identifier.ts";
import { isLoopback } from "../../base/ip_address.ts";
import { type Address, formatAddress, type PeerRows } from "./peer_rows.ts";
import type { OpenStoreOptions } from "./peer_store.ts";
import type { Swarm } from "./swarm.ts";
import type { SwarmTable } from "./swarm_table.ts";

/**
 * Peers of an address, those that came first, that are compared to find the one that
 * was silent for longest: of 30,000 one is evicted in 25 µs.
 */
const MAX_COMPARED = 100;
/** Peers of the largest address whose swarms may be closed. */
const CANDIDATE_COUNT = 64;
/** Most peers of a swarm that is closed: a millisecond's work. */
const MAX_CLOSED_SIZE = 64;
/** Most rounds in which only those peers are evicted, as their swarms have peers of small addresses. */
const EVICTION_ROUNDS = 4;
/** An address with less than this share of the largest one's peers is small. */
const SMALL_SHARE = 1 / 16;

export class Eviction {
  readonly #rows: PeerRows;
  readonly #table: SwarmTable;
  readonly #maxSwarmCount: number;
  readonly #maxPeerCount: number;
  readonly #maxPeersPerAddress: number;
  /** One peer as its row: a set of its own would take as much memory as the peer. */
  readonly #rowsByAddress = new Map<Address, number | Set<number>>();
  /** Addresses of two peers and more. */
  readonly #byCount = new Map<number, Set<Address>>();
  #largestCount = 1;

  constructor(rows: PeerRows, table: SwarmTable, limits: OpenStoreOptions) {
    this.#rows = rows;
    this.#table = table;
    this.#maxSwarmCount = limits.maxSwarmCount ?? 100_000;
    this.#maxPeerCount = limits.maxPeerCount ?? 500_000;
    this.#maxPeersPerAddress = limits.maxPeersPerAddress ?? 32_768;
  }

  add(row: number): void {
    this.#change(row, (rows) => rows.add(row));
  }

  delete(row: number): void {
    this.#change(row, (rows) => rows.delete(row));
  }

  /**
   * Yields the peers to remove to make room for one more of an address in a swarm.
   * Each must be removed before the next one is taken.
   */
  *victims(infoHash: InfoHash, address: Address): Generator<number> {
    if (
      this.#rowsOf(address).size >= this.#maxPeersPerAddress &&
      !isLoopback(formatAddress(address))
    ) yield* this.#oldestOf(address);
    if (this.isFull) yield* this.#oldestOf(this.#largest);
    if (!this.hasRoom(infoHash)) yield* this.#untilSwarmCloses();
  }

  get isFull(): boolean {
    return this.#rows.count >= this.#maxPeerCount;
  }

  /** True if a swarm is open, or may be opened. */
  hasRoom(infoHash: InfoHash): boolean {
    const { swarms } = this.#table;
    return swarms.size < this.#maxSwarmCount || swarms.has(infoHash);
  }

  get #largest(): Address | undefined {
    const largest = this.#byCount.get(this.#largestCount);
    return (largest ?? this.#rowsByAddress).keys().next().value;
  }

  /**
   * Yields all peers of one swarm of the largest address: the swarm whose other
   * addresses are large too. While all its swarms have peers of small addresses,
   * only the largest address loses peers. No swarm is closed if all have many peers.
   */
  *#untilSwarmCloses(): Generator<number> {
    for (let round = 1; round <= EVICTION_ROUNDS; round++) {
      const rows = this.#rowsOf(this.#largest);
      const candidates = [...rows.values().take(CANDIDATE_COUNT)];
      let chosen: Swarm | undefined;
      let chosenCount = 0;
      for (const row of candidates) {
        const swarm = this.#table.of(row);
        const count = this.#leastHeld(swarm, chosenCount);
        if (count <= chosenCount) continue;
        chosen = swarm;
        chosenCount = count;
      }
      const isFair = chosenCount >= rows.size * SMALL_SHARE ||
        round === EVICTION_ROUNDS;
      if (chosen !== undefined && isFair) return yield* chosen.peers.values();
      yield* candidates;
      if (this.#table.swarms.size < this.#maxSwarmCount) return;
    }
    const small = this.#table.swarms.values()
      .find(({ peers }) => peers.size <= MAX_CLOSED_SIZE);
    yield* small?.peers.values() ?? [];
  }

  /**
   * Number of peers of the smallest address in a swarm; 0 or at most `floor` if the
   * swarm is no candidate.
   */
  #leastHeld({ peers }: Swarm, floor: number): number {
    if (peers.size > MAX_CLOSED_SIZE) return 0;
    let least = Infinity;
    for (const row of peers.values()) {
      // Other trackers report their peers again if there is room.
      if (this.#rows.trackers.has(row)) continue;
      least = Math.min(least, this.#rowsOf(this.#rows.holder(row)).size);
      if (least <= floor) break;
    }
    return least;
  }

  #oldestOf(address: Address | undefined): number[] {
    const { lastSeenMs } = this.#rows;
    let oldest: number | undefined;
    for (const row of this.#rowsOf(address).values().take(MAX_COMPARED)) {
      const isOlder = oldest === undefined ||
        lastSeenMs[row]! < lastSeenMs[oldest]!;
      if (isOlder) oldest = row;
    }
    return oldest === undefined ? [] : [oldest];
  }

  /** The peers of an address in the order in which they came. */
  #rowsOf(address: Address | undefined): Set<number> {
    const rows = address === undefined
      ? undefined
      : this.#rowsByAddress.get(address);
    if (typeof rows === "object") return rows;
    return new Set(rows === undefined ? [] : [rows]);
  }

  #change(row: number, change: (rows: Set<number>) => void): void {
    const address = this.#rows.holder(row);
    const rows = this.#rowsOf(address);
    const before = rows.size;
    change(rows);
    const [first] = rows;
    if (first === undefined) this.#rowsByAddress.delete(address);
    else this.#rowsByAddress.set(address, rows.size === 1 ? first : rows);
    const equals = this.#byCount.get(before);
    if (equals?.delete(address) && equals.size === 0) {
      this.#byCount.delete(before);
    }
    if (rows.size > 1) {
      const equals = this.#byCount.get(rows.size) ?? new Set();
      this.#byCount.set(rows.size, equals.add(address));
    }
    // Counts change by one, so an address that leaves the top is right below it.
    if (
      rows.size > this.#largestCount || !this.#byCount.has(this.#largestCount)
    ) this.#largestCount = Math.max(rows.size, 1);
  }
}
