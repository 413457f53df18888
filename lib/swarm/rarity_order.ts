/**
 * Pieces not yet begun, ordered by how many peers have them, rarest first, and
 * random among equals. One array holds the order; `bucketEnds[n]` is where the
 * pieces that `n` peers have end. A count that changes by one moves one piece
 * across one border, so upkeep costs a constant and picking never sorts.
 *
 * @module
 */
import { type Random, randomBelow, shuffle } from "../base/random.ts";

/** Rarest-first order over pieces. */
export class RarityOrder {
  readonly #random: Random;
  readonly #availability: Uint32Array;
  /** The pieces in order; only the first `#count` are in it. */
  readonly #order: Uint32Array;
  /** Where each piece stands in `#order`; at or past `#count`: not in it. */
  readonly #position: Uint32Array;
  #count: number;
  readonly #bucketEnds: number[];

  /** All pieces are in the order, at availability 0. */
  constructor(pieceCount: number, random: Random) {
    this.#random = random;
    this.#availability = new Uint32Array(pieceCount);
    this.#order = shuffle(
      Uint32Array.from({ length: pieceCount }, (_, index) => index),
      random,
    );
    this.#position = new Uint32Array(pieceCount);
    this.#order.forEach((piece, position) => this.#position[piece] = position);
    this.#count = pieceCount;
    this.#bucketEnds = [pieceCount];
  }

  /** Number of pieces in the order. */
  get size(): number {
    return this.#count;
  }

  /** How many peers have the piece. */
  availability(piece: number): number {
    return this.#availability[piece]!;
  }

  has(piece: number): boolean {
    return this.#position[piece]! < this.#count;
  }

  /** One more peer has the piece. */
  increment(piece: number): void {
    const level = this.#availability[piece]!++;
    if (!this.has(piece)) return;
    this.#growBuckets(level + 1);
    this.#moveUp(piece, level);
  }

  /** One peer fewer has the piece. */
  decrement(piece: number): void {
    const level = this.#availability[piece]!--;
    if (this.has(piece)) this.#moveDown(piece, level);
  }

  /** Takes a piece out: it was begun, or verified. */
  remove(piece: number): void {
    if (!this.has(piece)) return;
    // Past every border, to the very end, then out.
    for (
      let level = this.#availability[piece]!;
      level < this.#bucketEnds.length;
      level++
    ) {
      this.#moveUp(piece, level);
    }
    this.#count--;
  }

  /** Puts a piece back in: it was given up or found corrupt. */
  add(piece: number): void {
    if (this.has(piece)) return;
    this.#growBuckets(this.#availability[piece]!);
    this.#swap(this.#position[piece]!, this.#count);
    this.#count++;
    const last = this.#bucketEnds.length - 1;
    this.#bucketEnds[last]!++;
    for (let level = last; level > this.#availability[piece]!; level--) {
      this.#moveDown(piece, level);
    }
  }

  /**
   * The rarest piece of a set, a random one among equals. Pieces that nobody has
   * are passed over: in a large swarm that is most of them, most of the time.
   */
  find(pieces: { has(piece: number): boolean }): number | undefined {
    let start = this.#bucketEnds[0]!;
    for (let level = 1; level < this.#bucketEnds.length; level++) {
      const end = this.#bucketEnds[level]!;
      const middle = start + randomBelow(end - start, this.#random);
      for (let position = middle; position < end; position++) {
        if (pieces.has(this.#order[position]!)) return this.#order[position];
      }
      for (let position = start; position < middle; position++) {
        if (pieces.has(this.#order[position]!)) return this.#order[position];
      }
      start = end;
    }
    return undefined;
  }

  /** From bucket `level` into the one above: last of its own, then the border moves. */
  #moveUp(piece: number, level: number): void {
    this.#bucketEnds[level]!--;
    this.#swap(this.#position[piece]!, this.#bucketEnds[level]!);
  }

  /** From bucket `level` into the one below: first of its own, then the border moves. */
  #moveDown(piece: number, level: number): void {
    this.#swap(this.#position[piece]!, this.#bucketEnds[level - 1]!);
    this.#bucketEnds[level - 1]!++;
  }

  #growBuckets(level: number): void {
    while (this.#bucketEnds.length <= level) this.#bucketEnds.push(this.#count);
  }

  #swap(one: number, other: number): void {
    const held = this.#order[one]!;
    this.#order[one] = this.#order[other]!;
    this.#order[other] = held;
    this.#position[this.#order[one]!] = one;
    this.#position[this.#order[other]!] = other;
  }
}
