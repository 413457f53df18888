/**
 * Items sorted by the time at which each is due; equals stay in the order of insertion.
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
    const items = this.#items;
    let place = items.push(item) - 1;
    for (; place > this.#takenCount; place--) {
      const before = items[place - 1]!;
      if (before.at <= item.at) break;
      items[place] = before;
    }
    items[place] = item;
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

  filter(isKept: (item: Item) => boolean): void {
    this.#items = this.#items.slice(this.#takenCount).filter(isKept);
    this.#takenCount = 0;
  }
}
