/**
 * The peers of each address, in a ring in the order of their last announces, and
 * the addresses by how many peers they hold. The address of a peer is its
 * `holder`, which does not change while the peer is here.
 *
 * @module
 */
import type { Address, PeerRows } from "./peer_rows.ts";

/** The addresses that hold peers. */
export class PeersByAddress {
  readonly #rows: PeerRows;
  /** The peer of each address that announced last. */
  readonly #newest = new Map<Address, number>();
  /** Those of two peers and more. */
  readonly #byCount = new Map<number, Set<Address>>();
  #largestCount = 1;

  constructor(rows: PeerRows) {
    this.#rows = rows;
  }

  /** The number of an address's peers. */
  count(address: Address): number {
    const newest = this.#newest.get(address);
    return newest === undefined ? 0 : this.#rows.heldCounts[newest]!;
  }

  /** One that holds most peers, if there are any. */
  get largest(): Address | undefined {
    const largest = this.#byCount.get(this.#largestCount);
    return (largest ?? this.#newest).keys().next().value;
  }

  /** An address's peers that were silent for longest, at most `limit`. */
  oldest(address: Address, limit: number): number[] {
    const { newer } = this.#rows;
    const newest = this.#newest.get(address);
    const peers: number[] = [];
    for (let row = newest; row !== undefined && peers.length < limit;) {
      row = newer[row]!;
      peers.push(row);
      if (row === newest) break;
    }
    return peers;
  }

  /** Counts a peer for its address, as the one that announced last. */
  add(row: number): void {
    const address = this.#rows.holder(row);
    const count = this.count(address);
    this.#link(row, address);
    this.#recount(address, count, count + 1);
  }

  /** Makes a peer the one of its address that announced last. */
  touch(row: number): void {
    const address = this.#rows.holder(row);
    if (this.#newest.get(address) === row) return;
    this.#unlink(row);
    this.#link(row, address);
  }

  /** Counts a peer no more. */
  delete(row: number): void {
    const { heldCounts, older } = this.#rows;
    const address = this.#rows.holder(row);
    const count = this.count(address);
    if (this.#newest.get(address) === row) {
      this.#newest.set(address, older[row]!);
      heldCounts[older[row]!] = count;
    }
    this.#unlink(row);
    this.#recount(address, count, count - 1);
  }

  #link(row: number, address: Address): void {
    const { newer, older, heldCounts } = this.#rows;
    const newest = this.#newest.get(address) ?? row;
    const oldest = newest === row ? row : newer[newest]!;
    newer[newest] = older[oldest] = row;
    newer[row] = oldest;
    older[row] = newest;
    heldCounts[row] = heldCounts[newest]!;
    this.#newest.set(address, row);
  }

  #unlink(row: number): void {
    const { newer, older } = this.#rows;
    newer[older[row]!] = newer[row]!;
    older[newer[row]!] = older[row]!;
  }

  #recount(address: Address, from: number, to: number): void {
    const before = this.#byCount.get(from);
    if (before?.delete(address) && before.size === 0) {
      this.#byCount.delete(from);
    }
    if (to > 1) {
      const equals = this.#byCount.get(to) ?? new Set();
      this.#byCount.set(to, equals.add(address));
    }
    if (to === 0) this.#newest.delete(address);
    else this.#rows.heldCounts[this.#newest.get(address)!] = to;
    // Counts change by one, so an address that leaves the top is right below it.
    if (to > this.#largestCount || !this.#byCount.has(this.#largestCount)) {
      this.#largestCount = Math.max(to, 1);
    }
  }
}
