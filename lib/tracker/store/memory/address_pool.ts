/**
 * Peers that may be given out, of one swarm, one role and one kind of address,
 * in the order of their addresses: neighbours stand together, wherever one looks.
 * They are kept in leaves; a peer is found by halving, and a leaf that is full is
 * split, so that nothing is ever moved but a leaf's peers and, in a large swarm,
 * the list of leaves.
 *
 * Invariant: the keys of a leaf's peers are at least its `from` and less than
 * that of the next; within a leaf there is no order; no leaf is empty but that of
 * an empty pool.
 *
 * @module
 */
import { LEAF_SIZE, type LeafTable } from "./leaf_table.ts";
import type { PeerRecords } from "./peer_records.ts";

/** Peers with which a leaf is joined to the next, if both then have room for more. */
const FEW = LEAF_SIZE / 4;
const MANY = 3 * LEAF_SIZE / 4;

/**
 * What is known of each leaf: the least key that it may have, its number in the
 * table and how many peers it has. In one array, as each array is two looks into
 * memory more.
 */
const FROM = 0;
const LEAF = 1;
const COUNT = 2;
const ENTRY_LENGTH = 3;

/** A set of peers with their addresses. */
export class AddressPool {
  /** Where the leaves are kept. */
  readonly table: LeafTable;
  readonly #peers: PeerRecords;
  /** Three numbers of each leaf, in the order of the keys. */
  readonly #leaves: number[];
  #size = 0;

  /** A pool of nobody; to be left empty in the end. */
  constructor(peers: PeerRecords, table: LeafTable) {
    this.#peers = peers;
    this.table = table;
    this.#leaves = [-Infinity, table.allocate(), 0];
  }

  /** How many peers are in it. */
  get size(): number {
    return this.#size;
  }

  /** How many leaves there are. */
  get leafCount(): number {
    return this.#leaves.length / ENTRY_LENGTH;
  }

  /** A leaf by its place in the order. */
  leaf(index: number): number {
    return this.#leaves[index * ENTRY_LENGTH + LEAF]!;
  }

  /** How many peers a leaf has. */
  countIn(index: number): number {
    return this.#leaves[index * ENTRY_LENGTH + COUNT]!;
  }

  /** The place of the leaf for peers with this key: the last that begins at most there. */
  leafFor(key: number): number {
    let low = 0;
    let high = this.leafCount - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#leaves[middle * ENTRY_LENGTH + FROM]! <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The slot of a peer in the leaf at a place; it is in it. */
  slotOf(peer: number, index: number): number {
    const leaf = this.leaf(index);
    let slot = 0;
    while (this.table.member(leaf, slot) !== peer) slot++;
    return slot;
  }

  /** The key of a peer by the address that its record has now. */
  keyOf(peer: number): number {
    return this.#peers.poolKey(peer, this.table.family);
  }

  /** Adds a peer. */
  add(peer: number): void {
    const key = this.keyOf(peer);
    let index = this.leafFor(key);
    if (this.countIn(index) === LEAF_SIZE) {
      this.#split(index, key);
      index = this.leafFor(key);
    }
    const slot = this.countIn(index);
    this.table.put(this.leaf(index), slot, this.#peers, peer);
    this.#setCount(index, slot + 1);
    this.#size++;
  }

  /** Removes a peer of this pool, whose record is as it was when it came. */
  delete(peer: number): void {
    const index = this.leafFor(this.keyOf(peer));
    const leaf = this.leaf(index);
    const slot = this.slotOf(peer, index);
    const last = this.countIn(index) - 1;
    this.table.copy({ leaf, slot: last }, { leaf, slot });
    this.#setCount(index, last);
    this.#size--;
    if (last > FEW || this.leafCount === 1) return;
    if (index + 1 < this.leafCount) this.#join(index);
    if (index > 0) this.#join(index - 1);
  }

  /** Gives an empty pool's memory back; it is not to be used after that. */
  close(): void {
    for (let index = 0; index < this.leafCount; index++) {
      this.table.free(this.leaf(index));
    }
  }

  /** Each peer. */
  *members(): Generator<number> {
    for (let index = 0; index < this.leafCount; index++) {
      for (let slot = 0; slot < this.countIn(index); slot++) {
        yield this.table.member(this.leaf(index), slot);
      }
    }
  }

  /**
   * Divides a full leaf in two. Behind the last, where addresses come in order,
   * the new one begins with the key that finds no room.
   */
  #split(index: number, key: number): void {
    const { table } = this;
    const leaf = this.leaf(index);
    const keys = Float64Array.from(
      { length: LEAF_SIZE },
      (_, slot) => this.keyOf(table.member(leaf, slot)),
    );
    const sorted = keys.toSorted();
    const isBeyond = index === this.leafCount - 1 &&
      key > sorted[LEAF_SIZE - 1]!;
    const from = isBeyond ? key : sorted[LEAF_SIZE / 2]!;
    const added = table.allocate();
    let kept = 0;
    let moved = 0;
    for (let slot = 0; slot < LEAF_SIZE; slot++) {
      const to = keys[slot]! < from
        ? { leaf, slot: kept++ }
        : { leaf: added, slot: moved++ };
      table.copy({ leaf, slot }, to);
    }
    this.#setCount(index, kept);
    this.#leaves.splice((index + 1) * ENTRY_LENGTH, 0, from, added, moved);
  }

  /** Moves the peers of the leaf behind into the one at `index`, if both have few. */
  #join(index: number): void {
    const count = this.countIn(index);
    const countBehind = this.countIn(index + 1);
    if (Math.min(count, countBehind) > FEW || count + countBehind > MANY) {
      return;
    }
    const leaf = this.leaf(index);
    const behind = this.leaf(index + 1);
    for (let slot = 0; slot < countBehind; slot++) {
      this.table.copy({ leaf: behind, slot }, { leaf, slot: count + slot });
    }
    this.#setCount(index, count + countBehind);
    this.table.free(behind);
    this.#leaves.splice((index + 1) * ENTRY_LENGTH, ENTRY_LENGTH);
  }

  #setCount(index: number, count: number): void {
    this.#leaves[index * ENTRY_LENGTH + COUNT] = count;
  }
}
