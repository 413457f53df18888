/**
 * Time that passes only as fast as there is something to do: a queue of calls
 * ordered by their moment, and by their making where the moments are equal, so
 * that the same calls always run in the same order.
 *
 * @module
 */

interface Call {
  readonly at: number;
  readonly sequence: number;
  readonly run: () => void;
}

/** A clock in virtual milliseconds. */
export class VirtualClock {
  /** A binary heap: no call is later than the two below it. */
  readonly #calls: Call[] = [];
  #sequence = 0;
  #now = 0;

  /** In milliseconds. */
  get now(): number {
    return this.#now;
  }

  /** Runs something so many milliseconds from now. */
  after(delayMs: number, run: () => void): void {
    this.at(this.#now + delayMs, run);
  }

  /** Runs something at a moment, which is not before now. */
  at(at: number, run: () => void): void {
    const call = { at, sequence: this.#sequence++, run };
    const calls = this.#calls;
    let position = calls.length;
    while (position > 0) {
      const parent = (position - 1) >>> 1;
      if (isBefore(calls[parent]!, call)) break;
      calls[position] = calls[parent]!;
      position = parent;
    }
    calls[position] = call;
  }

  /**
   * Runs calls until `isDone`, or the next would be later than `limitMs`.
   * Returns whether it was done in time.
   */
  run(isDone: () => boolean, limitMs: number): boolean {
    while (!isDone()) {
      const next = this.#calls[0];
      if (next === undefined || next.at > limitMs) {
        this.#now = limitMs;
        return isDone();
      }
      this.#removeFirst();
      this.#now = next.at;
      next.run();
    }
    return true;
  }

  #removeFirst(): void {
    const calls = this.#calls;
    const last = calls.pop()!;
    if (calls.length === 0) return;
    let position = 0;
    for (;;) {
      let child = 2 * position + 1;
      if (child >= calls.length) break;
      const right = child + 1;
      if (right < calls.length && isBefore(calls[right]!, calls[child]!)) {
        child = right;
      }
      if (isBefore(last, calls[child]!)) break;
      calls[position] = calls[child]!;
      position = child;
    }
    calls[position] = last;
  }
}

function isBefore(one: Call, other: Call): boolean {
  return one.at < other.at ||
    (one.at === other.at && one.sequence < other.sequence);
}
