/**
 * Time that passes only as fast as there is something to do: a queue of timers
 * ordered by their moment, and by when they were set where the moments are equal,
 * so that the same timers always ring in the same order.
 *
 * A large run rings tens of millions of times, so what is compared lies side by
 * side in arrays of numbers, and a timer that is set anew while it rings takes
 * the place that it has just left.
 *
 * @module
 */

/** Children of a place in the heap. */
const BRANCHES = 4;
const FIRST_CAPACITY = 64;

/** Something to be done at a moment; set again and again without a new object. */
export class Timer {
  readonly #clock: VirtualClock;
  readonly run: () => void;
  /** When it rings, in milliseconds; `Infinity` if it is not set. */
  at = Infinity;
  /** The clock's: its place in the heap, or -1. */
  place = -1;

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
  /** A heap: no timer rings later than those below it. */
  readonly #timers: Timer[] = [];
  /** When each of them rings, and the how manieth it was to be set. */
  #moments = new Float64Array(FIRST_CAPACITY);
  #sequences = new Float64Array(FIRST_CAPACITY);
  /** True if the first place is free: its timer rings just now. */
  #isRinging = false;
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
      this.#now = next.at;
      next.at = Infinity;
      next.place = -1;
      this.#isRinging = true;
      next.run();
      if (this.#isRinging) this.#fillFirst();
    }
    return true;
  }

  /** The last takes the first place, and sinks from there. */
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
      // What is set later rings later where the moments are equal.
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
