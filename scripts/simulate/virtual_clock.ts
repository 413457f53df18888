/**
 * A clock that jumps from one timer to the next: a queue of timers
 * sorted by time, and by the order in which they were set where times are equal,
 * so that the same timers always fire in the same order.
 *
 * A large run fires tens of millions of timers, so the compared numbers lie side by
 * side in arrays, and a timer that is set again while it fires takes
 * the place that it has just left.
 *
 * @module
 */

const BRANCHES = 4;
const FIRST_CAPACITY = 64;

/** A timer; set again and again without a new object. */
export class Timer {
  readonly #clock: VirtualClock;
  readonly run: () => void;
  /** The time at which it fires, in milliseconds; `Infinity` if it is not set. */
  at = Infinity;
  /** For the clock: its place in the heap, or -1. */
  place = -1;

  constructor(clock: VirtualClock, run: () => void) {
    this.#clock = clock;
    this.run = run;
  }

  /** Sets the timer to a time not before now, in place of an earlier setting. */
  set(at: number): void {
    this.#clock.schedule(this, at);
  }
}

export class VirtualClock {
  /** A heap: no timer fires later than those below it. */
  readonly #timers: Timer[] = [];
  /** The time of each, and its number in the order of setting. */
  #moments = new Float64Array(FIRST_CAPACITY);
  #sequences = new Float64Array(FIRST_CAPACITY);
  /** True if the first place is free: its timer is firing. */
  #isRinging = false;
  #sequence = 0;
  #now = 0;

  get now(): number {
    return this.#now;
  }

  /** Runs a function once, after a delay. */
  after(delayMs: number, run: () => void): void {
    new Timer(this, run).set(this.#now + delayMs);
  }

  /** For {@linkcode Timer} alone. */
  schedule(timer: Timer, at: number): void {
    const isSooner = at < timer.at;
    timer.at = at;
    const sequence = this.#sequence++;
    if (timer.place >= 0) {
      if (isSooner) this.#rise(timer, timer.place, sequence);
      else this.#sink(timer, timer.place, sequence);
    } else if (this.#isRinging) {
      this.#isRinging = false;
      this.#sink(timer, 0, sequence);
    } else {
      if (this.#timers.length === this.#moments.length) this.#grow();
      this.#timers.push(timer);
      this.#rise(timer, this.#timers.length - 1, sequence);
    }
  }

  /**
   * Fires timers until `isDone`, or the next would be later than `limitMs`.
   * Returns `isDone()`.
   */
  run(isDone: () => boolean, limitMs: number): boolean {
    while (!isDone()) {
      const next = this.#timers[0];
      if (next === undefined || next.at > limitMs) {
        this.#now = limitMs;
        return isDone();
      }
      this.#now = next.at;
      next.at = Infinity;
      next.place = -1;
      this.#isRinging = true;
      next.run();
      if (this.#isRinging) this.#fillFirst();
    }
    return true;
  }

  /** Moves the last timer to the first place and sinks it from there. */
  #fillFirst(): void {
    this.#isRinging = false;
    const last = this.#timers.pop()!;
    const { length } = this.#timers;
    if (length > 0) this.#sink(last, 0, this.#sequences[length]!);
  }

  /** Puts a timer at a free place or above it. */
  #rise(timer: Timer, from: number, sequence: number): void {
    const moments = this.#moments;
    const sequences = this.#sequences;
    const { at } = timer;
    let place = from;
    while (place > 0) {
      const above = (place - 1) >>> 2;
      // A timer that is set later fires later where times are equal.
      if (moments[above]! <= at) break;
      this.#move(above, place);
      place = above;
    }
    moments[place] = at;
    sequences[place] = sequence;
    this.#timers[place] = timer;
    timer.place = place;
  }

  /** Puts a timer at a free place or below it. */
  #sink(timer: Timer, from: number, sequence: number): void {
    const moments = this.#moments;
    const sequences = this.#sequences;
    const { length } = this.#timers;
    const { at } = timer;
    let place = from;
    for (;;) {
      const first = BRANCHES * place + 1;
      if (first >= length) break;
      const end = Math.min(first + BRANCHES, length);
      let least = first;
      for (let other = first + 1; other < end; other++) {
        if (
          moments[other]! < moments[least]! ||
          (moments[other] === moments[least] &&
            sequences[other]! < sequences[least]!)
        ) least = other;
      }
      const leastAt = moments[least]!;
      if (at < leastAt || (at === leastAt && sequence < sequences[least]!)) {
        break;
      }
      this.#move(least, place);
      place = least;
    }
    moments[place] = at;
    sequences[place] = sequence;
    this.#timers[place] = timer;
    timer.place = place;
  }

  #move(from: number, to: number): void {
    this.#moments[to] = this.#moments[from]!;
    this.#sequences[to] = this.#sequences[from]!;
    const timer = this.#timers[from]!;
    this.#timers[to] = timer;
    timer.place = to;
  }

  #grow(): void {
    const { length } = this.#moments;
    const moments = new Float64Array(2 * length);
    const sequences = new Float64Array(2 * length);
    moments.set(this.#moments);
    sequences.set(this.#sequences);
    this.#moments = moments;
    this.#sequences = sequences;
  }
}
