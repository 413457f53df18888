/**
 * When each host looks at what has come to it: as soon as something is due, and
 * not before some time has passed since it last looked.
 *
 * @module
 */
import { Timer, type VirtualClock } from "./virtual_clock.ts";

/** The turns of all hosts, which go by number. */
export class Turns {
  readonly #clock: VirtualClock;
  readonly #turnMs: number;
  /** When each may look again, and when it is to. */
  readonly #earliest: number[] = [];
  readonly #next: number[] = [];
  readonly #timers: Timer[] = [];

  /** @param turnMs A host looks at most this often, in milliseconds. */
  constructor(clock: VirtualClock, turnMs: number) {
    this.#clock = clock;
    this.#turnMs = turnMs;
  }

  /** One more host, which looks by `run`. Returns its number, counted from 0. */
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

  /** Has a host look at what is due at a moment, then or as soon as it may. */
  wake(number: number, at: number): void {
    const turnAt = Math.max(at, this.#earliest[number]!);
    if (turnAt >= this.#next[number]!) return;
    this.#next[number] = turnAt;
    this.#timers[number]!.set(turnAt);
  }
}
