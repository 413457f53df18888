/**
 * A queue of blocks sorted by a number, as numbers side by side: a large
 * run has many millions of them, and an object for each would be spread
 * all over memory.
 *
 * @module
 */

/** Numbers of one item: its order, the host and the key at the other end, the block. */
const ITEM = 4;
const FIRST_CAPACITY = 16 * ITEM;

/** A queued block. */
export interface QueuedBlock {
  /** The number of the host at the other end. */
  readonly far: number;
  /** The key of the connection. */
  readonly key: number;
  /** The block's id. */
  readonly block: number;
}

/** A sorted queue; equals stay in the order of insertion. */
export class BlockQueue {
  #items = new Float64Array(FIRST_CAPACITY);
  #start = 0;
  #end = 0;

  get isEmpty(): boolean {
    return this.#start === this.#end;
  }

  /** The order of the first item. The queue must not be empty. */
  get firstOrder(): number {
    return this.#items[this.#start]!;
  }

  add(order: number, { far, key, block }: QueuedBlock): void {
    if (this.#end === this.#items.length) this.#makeRoom();
    const items = this.#items;
    let place = this.#end;
    while (place > this.#start && items[place - ITEM]! > order) place -= ITEM;
    if (place < this.#end) items.copyWithin(place + ITEM, place, this.#end);
    items[place] = order;
    items[place + 1] = far;
    items[place + 2] = key;
    items[place + 3] = block;
    this.#end += ITEM;
  }

  /** Removes the first item. The queue must not be empty. */
  shift(): QueuedBlock {
    const items = this.#items;
    const place = this.#start;
    this.#start += ITEM;
    if (this.#start === this.#end) this.#start = this.#end = 0;
    return {
      far: items[place + 1]!,
      key: items[place + 2]!,
      block: items[place + 3]!,
    };
  }

  /** Removes all items of a connection. */
  remove(key: number): void {
    const items = this.#items;
    let end = this.#start;
    for (let place = this.#start; place < this.#end; place += ITEM) {
      if (items[place + 2] === key) continue;
      items.copyWithin(end, place, place + ITEM);
      end += ITEM;
    }
    this.#end = end;
  }

  #makeRoom(): void {
    const { length } = this.#items;
    const items = this.#start > length / 2
      ? this.#items
      : new Float64Array(2 * length);
    items.set(this.#items.subarray(this.#start, this.#end));
    this.#end -= this.#start;
    this.#start = 0;
    this.#items = items;
  }
}
