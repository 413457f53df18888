/**
 * Draws some peers of one pool into a reply: neighbours of the asker first, then
 * others at random, none of them twice. It looks into a handful of leaves however
 * large the pool is.
 *
 * @module
 */
import { type Random, randomBelow } from "../../../base/random.ts";
import type { AddressPool } from "./address_pool.ts";
import type { AskerAddress, Nearness } from "./asker_address.ts";
import { LEAF_SIZE } from "./leaf_table.ts";
import type { PickedList } from "./picked_list.ts";

/** Most peers that are drawn at random from one leaf at a time. */
const RUN_LENGTH = 5;

/** Leaves that are looked through for neighbours, of each kind of nearness. */
const MAX_NEAR_LEAVES = 6;

/**
 * Slots are remembered by their last ten bits. In a pool that has more, a peer
 * may be passed over for another; there are enough of them then.
 */
const MARK_COUNT = 1024;

/** One draw at a time, its memory used again for the next. */
export class PoolDraw {
  /** The number of the draw in which a slot was last taken. */
  readonly #marks = new Uint32Array(MARK_COUNT);
  readonly #random: Random;
  #number = 0;
  #pool: AddressPool | undefined;
  #list: PickedList | undefined;
  #count = 0;
  #left = 0;
  #excludedCount = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Begins to draw up to `count` peers; from no pool if there is none. */
  begin(
    pool: AddressPool | undefined,
    count: number,
    list: PickedList,
  ): void {
    this.#pool = pool;
    this.#list = list;
    this.#count = pool === undefined ? 0 : count;
    this.#left = this.#count;
    this.#excludedCount = 0;
    this.#number = (this.#number + 1) >>> 0;
    if (this.#number === 0) this.#marks.fill(this.#number++);
  }

  /** A peer of the pool is not to be drawn. */
  exclude(peer: number): void {
    const pool = this.#pool;
    if (pool === undefined || this.#left === 0) return;
    const index = pool.leafFor(pool.keyOf(peer));
    this.#mark(index, pool.slotOf(peer, index));
    this.#excludedCount++;
  }

  /**
   * Draws neighbours of an address of the pool's family, for up to this share of
   * the draw and only if there are more peers than are to be drawn.
   */
  takeNeighbours(asker: AskerAddress, share: number): void {
    if (!this.#isChoice) return;
    const limit = this.#left - Math.floor(this.#left * share);
    for (const nearness of asker.nearnesses) {
      if (this.#left > limit) this.#takeNear(asker, nearness, limit);
    }
  }

  /**
   * Draws the rest at random.
   * @returns How many were drawn since the beginning.
   */
  finish(): number {
    const pool = this.#pool;
    if (pool === undefined || this.#left === 0) return this.#count - this.#left;
    if (this.#isChoice) this.#takeRuns(pool);
    // All there are; or, of a small pool, what the runs met twice.
    let index = randomBelow(pool.leafCount, this.#random);
    for (let seen = 0; seen < pool.leafCount && this.#left > 0; seen++) {
      this.#takeRun(pool, index, LEAF_SIZE);
      if (++index === pool.leafCount) index = 0;
    }
    return this.#count - this.#left;
  }

  /** Whether there are more peers than are to be drawn. */
  get #isChoice(): boolean {
    return this.#pool !== undefined &&
      this.#pool.size - this.#excludedCount > this.#left;
  }

  #takeNear(asker: AskerAddress, nearness: Nearness, limit: number): void {
    const pool = this.#pool!;
    const first = pool.leafFor(nearness.from);
    const count = pool.leafFor(nearness.to) - first + 1;
    let place = randomBelow(count, this.#random);
    const end = Math.min(count, MAX_NEAR_LEAVES);
    for (let seen = 0; seen < end && this.#left > limit; seen++) {
      const index = first + place;
      const leaf = pool.leaf(index);
      const size = pool.countIn(index);
      for (let slot = 0; slot < size && this.#left > limit; slot++) {
        if (
          pool.table.hasPrefix(leaf, slot, asker.bytes, nearness.prefixLength)
        ) this.#take(pool, index, slot);
      }
      if (++place === count) place = 0;
    }
  }

  /**
   * Short runs from random leaves. A slot of any leaf is drawn as a run's start,
   * and passed over if nobody is in it: so a peer in a leaf of few is as likely
   * as one in a full leaf.
   */
  #takeRuns(pool: AddressPool): void {
    const runCount = Math.ceil(this.#left / RUN_LENGTH);
    for (let run = 0; run < 2 * runCount && this.#left > 0; run++) {
      const index = randomBelow(pool.leafCount, this.#random);
      const slot = randomBelow(LEAF_SIZE, this.#random);
      if (slot < pool.countIn(index)) {
        this.#takeRun(pool, index, Math.min(RUN_LENGTH, this.#left), slot);
      }
    }
  }

  /** Draws up to `count` peers of a leaf, from a slot on and around. */
  #takeRun(pool: AddressPool, index: number, count: number, from = 0): void {
    const size = pool.countIn(index);
    const end = Math.min(count, size);
    let slot = from;
    for (let seen = 0; seen < end && this.#left > 0; seen++) {
      this.#take(pool, index, slot);
      if (++slot === size) slot = 0;
    }
  }

  #take(pool: AddressPool, index: number, slot: number): void {
    if (!this.#mark(index, slot)) return;
    this.#list!.add(pool.table, pool.leaf(index), slot);
    this.#left--;
  }

  /** @returns False if the slot was marked before. */
  #mark(index: number, slot: number): boolean {
    const mark = index * LEAF_SIZE + slot & MARK_COUNT - 1;
    if (this.#marks[mark] === this.#number) return false;
    this.#marks[mark] = this.#number;
    return true;
  }
}
