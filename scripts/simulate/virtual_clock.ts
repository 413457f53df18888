/**
 * A clock that jumps from one timer to the next: a queue of timers
 * sorted by time, and by the order in which they were set where times are equal,
 * so that the same timers always fire in the same order.
 */

export interface Timer {
  /** In milliseconds. */
  readonly at: number;
  readonly sequence: number;
  readonly run: (timer: Timer) => void;
}

export class VirtualClock {
  /** A heap: no timer fires later than the two below it. */
  readonly #timers: Timer[] = [];
  #sequence = 0;
  #now = 0;

  get now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): void {
    this.set(this.#now + delayMs, run);
  }

  /** Runs a function once, at a time not before now. */
  set(at: number, run: Timer["run"]): Timer {
    const timer = { at, sequence: this.#sequence++, run };
    const timers = this.#timers;
    let place = timers.push(timer) - 1;
    while (place > 0) {
      const above = (place - 1) >>> 1;
      if (timers[above]!.at <= at) break;
      timers[place] = timers[above]!;
      place = above;
    }
    timers[place] = timer;
    return timer;
  }

  /** Fires timers until `isDone`, or the next would be later than `limitMs`. Returns `isDone()`. */
  run(isDone: () => boolean, limitMs: number): boolean {
    while (!isDone()) {
      const next = this.#timers[0];
      if (next === undefined || next.at > limitMs) {
        this.#now = limitMs;
        return isDone();
      }
      this.#now = next.at;
      this.#removeFirst();
      next.run(next);
    }
    return true;
  }

  /** Moves the last timer to the first place, and down from there. */
  #removeFirst(): void {
    const timers = this.#timers;
    const last = timers.pop()!;
    const { length } = timers;
    if (length === 0) return;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= length) break;
      const other = below + 1;
      if (other < length && isSooner(timers[other]!, timers[below]!)) {
        below = other;
      }
      if (isSooner(last, timers[below]!)) break;
      timers[place] = timers[below]!;
      place = below;
    }
    timers[place] = last;
  }
}

function isSooner(one: Timer, other: Timer): boolean {
  return one.at < other.at ||
    one.at === other.at && one.sequence < other.sequence;
}
