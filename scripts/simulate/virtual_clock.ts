/**
 * Time that passes only as fast as there is something to do: a queue of timers
 * ordered by their moment, and by when they were set where the moments are equal,
 * so that the same timers always ring in the same order.
 *
 * @module
 */

/** Something to be done at a moment; set again and again without a new object. */
export class Timer {
  readonly #clock: VirtualClock;
  readonly run: () => void;
  /** When it rings, in milliseconds; `Infinity` if it is not set. */
  at = Infinity;
  /** The clock's: where it stands. */
  sequence = 0;
  /** The clock's: where it is in the heap. */
  position = -1;

  constructor(clock: VirtualClock, run: () => void) {
    this.#clock = clock;
    this.run = run;
  }

  /** Rings at a moment not before now, and not when it was to ring until then. */
  set(at: number): void {
    this.#clock.schedule(this, at);
  }
}

/** A clock in virtual milliseconds. */
export class VirtualClock {
  /** A binary heap: no timer rings later than the two below it. */
  readonly #timers: Timer[] = [];
  #sequence = 0;
  #now = 0;

  /** In milliseconds. */
  get now(): number {
    return this.#now;
  }

  /** Runs something once, so many milliseconds from now. */
  after(delayMs: number, run: () => void): void {
    new Timer(this, run).set(this.#now + delayMs);
  }

  /** For {@linkcode Timer} alone. */
  schedule(timer: Timer, at: number): void {
    if (timer.position >= 0) this.#remove(timer);
    timer.at = at;
    timer.sequence = this.#sequence++;
    this.#rise(timer, this.#timers.length);
  }

  /**
   * Rings timers until `isDone`, or the next would be later than `limitMs`.
   * Returns whether it was done in time.
   */
  run(isDone: () => boolean, limitMs: number): boolean {
    while (!isDone()) {
      const next = this.#timers[0];
      if (next === undefined || next.at > limitMs) {
        this.#now = limitMs;
        return isDone();
      }
      this.#remove(next);
      this.#now = next.at;
      next.at = Infinity;
      next.run();
    }
    return true;
  }

  #remove(timer: Timer): void {
    const { position } = timer;
    timer.position = -1;
    const last = this.#timers.pop()!;
    if (last === timer) return;
    if (isBefore(last, timer)) this.#rise(last, position);
    else this.#sink(last, position);
  }

  /** Puts a timer at a free position or above it. */
  #rise(timer: Timer, from: number): void {
    const timers = this.#timers;
    let position = from;
    while (position > 0) {
      const parent = timers[(position - 1) >>> 1]!;
      if (isBefore(parent, timer)) break;
      timers[position] = parent;
      parent.position = position;
      position = (position - 1) >>> 1;
    }
    timers[position] = timer;
    timer.position = position;
  }

  /** Puts a timer at a free position or below it. */
  #sink(timer: Timer, from: number): void {
    const timers = this.#timers;
    const { length } = timers;
    let position = from;
    for (;;) {
      let child = 2 * position + 1;
      if (child >= length) break;
      const right = child + 1;
      if (right < length && isBefore(timers[right]!, timers[child]!)) {
        child = right;
      }
      const lower = timers[child]!;
      if (isBefore(timer, lower)) break;
      timers[position] = lower;
      lower.position = position;
      position = child;
    }
    timers[position] = timer;
    timer.position = position;
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.at < other.at ||
    (one.at === other.at && one.sequence < other.sequence);
}
