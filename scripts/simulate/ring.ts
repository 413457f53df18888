/**
 * A queue in one array that is used round and round: nothing is allocated or
 * moved an item, of which a large run has hundreds of millions.
 *
 * @module
 */

const FIRST_CAPACITY = 16;

/** First in, first out. */
export class Ring<T> {
  /** Its length is a power of two. */
  #items: (T | undefined)[] = new Array(FIRST_CAPACITY).fill(undefined);
  #start = 0;
  #length = 0;

  push(item: T): void {
    if (this.#length === this.#items.length) this.#grow();
    const end = (this.#start + this.#length) & (this.#items.length - 1);
    this.#items[end] = item;
    this.#length++;
  }

  /** Takes the oldest item out. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#start];
    this.#items[this.#start] = undefined;
    this.#start = (this.#start + 1) & (this.#items.length - 1);
    this.#length--;
    return item;
  }

  #grow(): void {
    const { length } = this.#items;
    const grown = new Array<T | undefined>(2 * length).fill(undefined);
    for (let offset = 0; offset < length; offset++) {
      grown[offset] = this.#items[(this.#start + offset) & (length - 1)];
    }
    this.#items = grown;
    this.#start = 0;
  }
}
