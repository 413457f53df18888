/**
 * A few things in the order in which they came, of which mostly the oldest goes
 * first: blocks on order at a peer, pieces in progress. A ring in an array finds
 * the oldest at once and allocates nothing, where a `Set` makes itself a new table
 * every few of them.
 *
 * @module
 */

const FIRST_CAPACITY = 8;

/** A small set, oldest first. */
export class AgeQueue<T> implements Iterable<T> {
  /** Its length is a power of two. */
  #items: (T | undefined)[] = new Array(FIRST_CAPACITY).fill(undefined);
  #start = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(item: T): boolean {
    return this.#distanceOf(item) < this.#size;
  }

  /** Adds an item that is not here. */
  add(item: T): void {
    if (this.#size === this.#items.length) this.#grow();
    this.#items[(this.#start + this.#size) & (this.#items.length - 1)] = item;
    this.#size++;
  }

  /** Takes an item out; false if it is not here. */
  delete(item: T): boolean {
    const distance = this.#distanceOf(item);
    if (distance === this.#size) return false;
    const items = this.#items;
    const mask = items.length - 1;
    // The older ones, of which there are few, close the gap.
    for (let place = this.#start + distance; place > this.#start; place--) {
      items[place & mask] = items[(place - 1) & mask];
    }
    items[this.#start] = undefined;
    this.#start = (this.#start + 1) & mask;
    this.#size--;
    return true;
  }

  clear(): void {
    this.#items.fill(undefined);
    this.#start = 0;
    this.#size = 0;
  }

  /** Oldest first. Nothing may be taken out meanwhile. */
  *[Symbol.iterator](): Generator<T> {
    for (let distance = 0; distance < this.#size; distance++) {
      yield this.#items[(this.#start + distance) & (this.#items.length - 1)]!;
    }
  }

  /** How many are older; the size if it is not here. */
  #distanceOf(item: T): number {
    const items = this.#items;
    const mask = items.length - 1;
    let distance = 0;
    while (
      distance < this.#size && items[(this.#start + distance) & mask] !== item
    ) distance++;
    return distance;
  }

  #grow(): void {
    const { length } = this.#items;
    this.#items = [...this, ...new Array<undefined>(length).fill(undefined)];
    this.#start = 0;
  }
}
