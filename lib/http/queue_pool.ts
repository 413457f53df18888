/**
 * Buffers that connections take turns with: a short connection would otherwise
 * cost more memory to be cleared and collected than it has bytes to say.
 *
 * @module
 */
import { ByteQueue } from "../base/byte_queue.ts";

/** Most buffers kept for later. */
const MAX_SPARE = 256;

/** Lends {@linkcode ByteQueue}s of one size. */
export class QueuePool {
  readonly #capacity: number;
  readonly #spare: ByteQueue[] = [];

  /** @param capacity First size of each, in bytes. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** An empty queue, the caller's until it is given back. */
  take(): ByteQueue {
    return this.#spare.pop() ?? new ByteQueue(this.#capacity);
  }

  /** Takes a queue back that nobody reads or fills any more; its bytes are dropped. */
  giveBack(queue: ByteQueue): void {
    // One that has grown would keep the memory that it needed once.
    const isSpare = queue.capacity === this.#capacity &&
      this.#spare.length < MAX_SPARE;
    if (!isSpare) return;
    queue.consume(queue.length);
    this.#spare.push(queue);
  }
}
