/**
 * Items in flight, each due at some time: first in, first out.
 *
 * @module
 */

/** Taken items from which a queue's memory is moved together. */
const MAX_TAKEN = 256;

export class DueQueue<Item extends { readonly at: number }> {
  #items: Item[] = [];
  #takenCount = 0;

  /** The due time of the first item; `Infinity` if there is none. */
  get firstAt(): number {
    return this.#items[this.#takenCount]?.at ?? Infinity;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Removes the first item if it is due. */
  take(now: number): Item | undefined {
    if (this.firstAt > now) return undefined;
    const item = this.#items[this.#takenCount++];
    if (this.#takenCount === MAX_TAKEN) {
      this.#items.splice(0, this.#takenCount);
      this.#takenCount = 0;
    }
    return item;
  }
}
