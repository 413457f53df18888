/**
 * A map of bounded size, for what strangers can make us remember: hosts,
 * trackers, torrents. Invariant: at most `capacity` entries, the least recently
 * used first.
 *
 * @module
 */

/** A map that evicts its least recently used entry when it would grow too large. */
export class BoundedMap<Key, Value> {
  /** Most entries. */
  readonly capacity: number;
  readonly #entries = new Map<Key, Value>();

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  /** Finds a value and makes it the most recently used. */
  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  /** Finds a value and leaves the order as it is. */
  peek(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  /** Sets a value, the most recently used. Returns the value that it evicts, if any. */
  set(key: Key, value: Value): Value | undefined {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.capacity) return undefined;
    const [oldestKey, oldest] = this.#entries.entries().next().value!;
    this.#entries.delete(oldestKey);
    return oldest;
  }

  /** Removes an entry; false if there was none. */
  delete(key: Key): boolean {
    return this.#entries.delete(key);
  }

  /** The values, the least recently used first. */
  values(): Iterable<Value> {
    return this.#entries.values();
  }
}
