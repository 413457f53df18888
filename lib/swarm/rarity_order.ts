/**
 * Pieces not yet begun, by how many peers have them, rarest first, and random
 * among equals: a bucket for each number of peers, and each piece knows its place
 * in its bucket. Whatever changes moves one or two pieces, so upkeep costs a
 * constant and picking never sorts.
 *
 * @module
 */
import { type Random, randomBelow } from "../base/random.ts";

/** The place of a piece that is not in the order. */
const OUT = 0xffff_ffff;

/** Rarest-first order over pieces. */
export class RarityOrder {
  readonly #random: Random;
  readonly #availability: Uint32Array;
  /** The pieces that so many peers have, in no order. */
  readonly #buckets: number[][] = [];
  /** Where each piece stands in its bucket, or `OUT`. */
  readonly #places: Uint32Array;
  #count = 0;

  /** All pieces are in the order, at availability 0. */
  constructor(pieceCount: number, random: Random) {
    this.#random = random;
    this.#availability = new Uint32Array(pieceCount);
    this.#places = new Uint32Array(pieceCount).fill(OUT);
    for (let piece = 0; piece < pieceCount; piece++) this.add(piece);
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
    return this.#places[piece] !== OUT;
  }

  /** One more peer has the piece. */
  increment(piece: number): void {
    this.#change(piece, 1);
  }

  /** One peer fewer has the piece. */
  decrement(piece: number): void {
    this.#change(piece, -1);
  }

  /** Takes a piece out: it was begun, or verified. */
  remove(piece: number): void {
    if (!this.has(piece)) return;
    this.#takeOut(piece);
    this.#places[piece] = OUT;
    this.#count--;
  }

  /** Puts a piece back in: it was given up or found corrupt. */
  add(piece: number): void {
    if (this.has(piece)) return;
    this.#putIn(piece);
    this.#count++;
  }

  /**
   * The rarest piece of a set, a random one among equals. Pieces that nobody has
   * are passed over: in a large swarm that is most of them, most of the time.
   */
  find(pieces: { has(piece: number): boolean }): number | undefined {
    for (let level = 1; level < this.#buckets.length; level++) {
      const bucket = this.#buckets[level]!;
      const { length } = bucket;
      if (length === 0) continue;
      const middle = randomBelow(length, this.#random);
      for (let place = middle; place < length; place++) {
        if (pieces.has(bucket[place]!)) return bucket[place];
      }
      for (let place = 0; place < middle; place++) {
        if (pieces.has(bucket[place]!)) return bucket[place];
      }
    }
    return undefined;
  }

  #change(piece: number, step: 1 | -1): void {
    const isIn = this.has(piece);
    if (isIn) this.#takeOut(piece);
    this.#availability[piece]! += step;
    if (isIn) this.#putIn(piece);
  }

  /** The last of the bucket takes its place. */
  #takeOut(piece: number): void {
    const bucket = this.#buckets[this.#availability[piece]!]!;
    const last = bucket.pop()!;
    if (last === piece) return;
    const place = this.#places[piece]!;
    bucket[place] = last;
    this.#places[last] = place;
  }

  #putIn(piece: number): void {
    const level = this.#availability[piece]!;
    while (this.#buckets.length <= level) this.#buckets.push([]);
    const bucket = this.#buckets[level]!;
    this.#places[piece] = bucket.length;
    bucket.push(piece);
  }
}
