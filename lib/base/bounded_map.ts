/**
 * A map of bounded size, for what strangers can make us remember: hosts, trackers,
 * files. Invariants: the entries together weigh at most `capacity`, and the least
 * recently used one is the first.
 *
 * @module
 */

export class BoundedMap<Key, Value> {
  readonly #capacity: number;
  readonly #weigh: (value: Value) => number;
  readonly #entries = new Map<Key, Value>();
  #weight = 0;

  /**
   * @param capacity Most weight of all entries together.
   * @param weigh The weight of an entry, which never changes. @default 1 each
   */
  constructor(capacity: number, weigh: (value: Value) => number = () => 1) {
    this.#capacity = capacity;
    this.#weigh = weigh;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Finds a value and makes it the most recently used. */
  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  /** As {@linkcode get}, and sets a new value if there is none. */
  getOrInsertComputed(key: Key, create: () => Value): Value {
    const value = this.#entries.get(key) ?? create();
    this.set(key, value);
    return value;
  }

  peek(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  set(key: Key, value: Value): void {
    this.delete(key);
    this.#entries.set(key, value);
    this.#weight += this.#weigh(value);
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#capacity) return;
      this.delete(oldest);
    }
  }

  /** Removes an entry; false if there was none. */
  delete(key: Key): boolean {
    const value = this.#entries.get(key);
    if (value !== undefined) this.#weight -= this.#weigh(value);
    return this.#entries.delete(key);
  }

  /** The values, the least recently used first. */
  values(): Iterable<Value> {
    return this.#entries.values();
  }
}
