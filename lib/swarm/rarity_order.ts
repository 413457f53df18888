/**
 * Pieces not yet begun, by how many peers have them, rarest first, and random
 * among equals: all of them in one array, a stretch for each number of peers, and
 * each piece knows its place. Whatever changes moves a piece over the edge of its
 * stretch, so upkeep costs a constant and picking never sorts. What is begun lies
 * before the rarest, so that it is few edges away.
 *
 * @module
 */
import { type Random, randomBelow } from "../base/random.ts";

/** Rarest-first order over pieces. */
export class RarityOrder {
  readonly #random: Random;
  /** Of each piece, side by side: how many peers have it, and its place. */
  readonly #pieces: Uint32Array;
  /** All pieces: those that are out of the order, then the rarest, and so on. */
  readonly #order: Uint32Array;
  /** Where the pieces begin that so many peers have. What is before the first is out. */
  readonly #starts: number[] = [0];

  /** All pieces are in the order, at availability 0. */
  constructor(pieceCount: number, random: Random) {
    this.#random = random;
    this.#pieces = new Uint32Array(2 * pieceCount);
    this.#order = new Uint32Array(pieceCount);
    for (let piece = 0; piece < pieceCount; piece++) this.#putAt(piece, piece);
  }

  /** Number of pieces in the order. */
  get size(): number {
    return this.#order.length - this.#starts[0]!;
  }

  /** How many peers have the piece. */
  availability(piece: number): number {
    return this.#pieces[2 * piece]!;
  }

  has(piece: number): boolean {
    return this.#pieces[2 * piece + 1]! >= this.#starts[0]!;
  }

  /** One more peer has the piece. */
  increment(piece: number): void {
    const level = ++this.#pieces[2 * piece]!;
    if (!this.has(piece)) return;
    this.#reach(level);
    this.#moveUp(piece, level);
  }

  /** One peer fewer has the piece. */
  decrement(piece: number): void {
    const level = this.#pieces[2 * piece]!--;
    if (this.has(piece)) this.#moveDown(piece, level);
  }

  /** Takes a piece out: it was begun, or verified. */
  remove(piece: number): void {
    if (!this.has(piece)) return;
    for (let level = this.availability(piece); level >= 0; level--) {
      this.#moveDown(piece, level);
    }
  }

  /** Puts a piece back in: it was given up or found corrupt. */
  add(piece: number): void {
    if (this.has(piece)) return;
    const availability = this.availability(piece);
    this.#reach(availability);
    for (let level = 0; level <= availability; level++) {
      this.#moveUp(piece, level);
    }
  }

  /**
   * The rarest piece of a set, a random one among equals. Pieces that nobody has
   * are passed over: in a large swarm that is most of them, most of the time.
   */
  find(pieces: { has(piece: number): boolean }): number | undefined {
    const order = this.#order;
    const starts = this.#starts;
    for (let level = 1; level < starts.length; level++) {
      const start = starts[level]!;
      const end = starts[level + 1] ?? order.length;
      if (start === end) continue;
      const middle = start + randomBelow(end - start, this.#random);
      for (let place = middle; place < end; place++) {
        if (pieces.has(order[place]!)) return order[place];
      }
      for (let place = start; place < middle; place++) {
        if (pieces.has(order[place]!)) return order[place];
      }
    }
    return undefined;
  }

  #reach(level: number): void {
    while (this.#starts.length <= level) this.#starts.push(this.#order.length);
  }

  /** To the pieces of a level from those below it. */
  #moveUp(piece: number, level: number): void {
    this.#swap(piece, --this.#starts[level]!);
  }

  /** From the pieces of a level to those below it. */
  #moveDown(piece: number, level: number): void {
    this.#swap(piece, this.#starts[level]!++);
  }

  /** A piece changes places with the one at a place. */
  #swap(piece: number, place: number): void {
    const other = this.#order[place]!;
    this.#putAt(other, this.#pieces[2 * piece + 1]!);
    this.#putAt(piece, place);
  }

  #putAt(piece: number, place: number): void {
    this.#order[place] = piece;
    this.#pieces[2 * piece + 1] = place;
  }
}
