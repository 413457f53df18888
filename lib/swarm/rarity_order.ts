/**
 * Sorts the pieces that are not begun by the number of peers that have them, rarest
 * first, at random among equals. Some pieces may come before all others, in a fixed
 * order. One array holds the removed pieces, then a stretch for each number of peers. A
 * change moves a piece over the edge of its stretch in constant time; picking never sorts.
 *
 * @module
 */
import { type Random, randomBelow } from "../base/random.ts";

/** Number of the missing pieces to fetch first that are tried for a peer. */
const FIRST_AHEAD = 64;

export class RarityOrder {
  readonly #random: Random;
  /** The availability and the place of each piece, side by side. */
  readonly #pieces: Uint32Array;
  /** All pieces: the removed ones, then the others, rarest first. */
  readonly #order: Uint32Array;
  /** The place in `#order` where the pieces of each availability begin. Pieces before `#starts[0]` are removed. */
  readonly #starts: number[] = [0];
  /** The pieces that come before all others. */
  readonly #first: readonly number[];
  /** All pieces before this place of `#first` are removed. */
  #firstPlace = 0;

  /**
   * All pieces are in the order, at availability 0.
   * @param first Pieces that come before all others, in this order.
   */
  constructor(
    pieceCount: number,
    random: Random,
    first: readonly number[] = [],
  ) {
    this.#random = random;
    this.#first = first;
    this.#pieces = new Uint32Array(2 * pieceCount);
    this.#order = new Uint32Array(pieceCount);
    for (let piece = 0; piece < pieceCount; piece++) this.#putAt(piece, piece);
  }

  get size(): number {
    return this.#order.length - this.#starts[0]!;
  }

  /** The number of peers that have the piece. */
  availability(piece: number): number {
    return this.#pieces[2 * piece]!;
  }

  has(piece: number): boolean {
    return this.#pieces[2 * piece + 1]! >= this.#starts[0]!;
  }

  /** One more peer says that it has the piece. */
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

  /** Removes a piece that was begun, or verified. */
  remove(piece: number): void {
    if (!this.has(piece)) return;
    for (let level = this.availability(piece); level >= 0; level--) {
      this.#moveDown(piece, level);
    }
  }

  /** Adds a piece again that was discarded, or found corrupt. */
  add(piece: number): void {
    if (this.has(piece)) return;
    this.#firstPlace = 0;
    const availability = this.availability(piece);
    this.#reach(availability);
    for (let level = 0; level <= availability; level++) {
      this.#moveUp(piece, level);
    }
  }

  /** The next piece to fetch first that the set has, or else its rarest piece, at random among equals. Skips pieces that no peer has: most pieces in a large swarm. */
  find(pieces: { has(piece: number): boolean }): number | undefined {
    const first = this.#findFirst(pieces);
    if (first !== undefined) return first;
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

  #findFirst(pieces: { has(piece: number): boolean }): number | undefined {
    const first = this.#first;
    while (
      this.#firstPlace < first.length && !this.has(first[this.#firstPlace]!)
    ) this.#firstPlace++;
    const end = Math.min(first.length, this.#firstPlace + FIRST_AHEAD);
    for (let place = this.#firstPlace; place < end; place++) {
      const piece = first[place]!;
      if (this.has(piece) && pieces.has(piece)) return piece;
    }
    return undefined;
  }

  #reach(level: number): void {
    while (this.#starts.length <= level) this.#starts.push(this.#order.length);
  }

  /** Moves a piece to a level from the one below. */
  #moveUp(piece: number, level: number): void {
    this.#swap(piece, --this.#starts[level]!);
  }

  /** Moves a piece from a level to the one below. */
  #moveDown(piece: number, level: number): void {
    this.#swap(piece, this.#starts[level]!++);
  }

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
