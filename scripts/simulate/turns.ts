/**
 * The times at which each host reads its messages: as soon as one is due, and
 * not before some time has passed since the last turn.
 *
 * @module
 */
import { Timer, type VirtualClock } from "./virtual_clock.ts";

/** The turns of all hosts, by the number of the host. */
export class Turns {
  readonly #clock: VirtualClock;
  readonly #turnMs: number;
  /** The earliest time of each host's next turn, and the planned one. */
  readonly #earliest: number[] = [];
  readonly #next: number[] = [];
  readonly #timers: Timer[] = [];

  /** @param turnMs The least time between two turns of a host, in milliseconds. */
  constructor(clock: VirtualClock, turnMs: number) {
    this.#clock = clock;
    this.#turnMs = turnMs;
  }

  /** Adds a host whose turn is `run`. Returns its number, from 0. */
  add(run: () => void): number {
    const number = this.#timers.length;
    this.#timers.push(
      new Timer(this.#clock, () => {
        this.#earliest[number] = this.#clock.now + this.#turnMs;
        this.#next[number] = Infinity;
        run();
      }),
    );
    this.#earliest.push(-Infinity);
    this.#next.push(Infinity);
    return number;
  }

  /** Plans a turn of a host at a time, or as soon after as it may. */
  wake(number: number, at: number): void {
    const turnAt = Math.max(at, this.#earliest[number]!);
    if (turnAt >= this.#next[number]!) return;
    this.#next[number] = turnAt;
    this.#timers[number]!.set(turnAt);
  }
}
