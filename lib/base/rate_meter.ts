/**
 * Measures a rate from amounts that are reported now and then. The average runs
 * over the last five seconds in one-second slots: an idle meter reads zero after
 * that time, and memory is constant.
 *
 * @module
 */

const SLOT_MS = 1000;
const SLOT_COUNT = 5;

export class RateMeter {
  /** The amounts of the slots before the current one. */
  readonly #slots: number[] = new Array(SLOT_COUNT).fill(0);
  readonly #startedAt: number;
  #slot: number;
  /** The amount of the current slot, kept apart because it changes often. */
  #amount = 0;

  constructor(now: number) {
    this.#startedAt = now;
    this.#slot = Math.floor(now / SLOT_MS);
  }

  /** Adds an amount. */
  add(amount: number, now: number): void {
    this.#advance(now);
    this.#amount += amount;
  }

  /** The average over the window, or over the meter's age while it is younger. */
  perSecond(now: number): number {
    this.#advance(now);
    const sum = this.#slots.reduce(
      (total, amount) => total + amount,
      this.#amount,
    );
    const windowStart = (this.#slot - SLOT_COUNT + 1) * SLOT_MS;
    const elapsedMs = now - Math.max(windowStart, this.#startedAt);
    // A young meter would divide by almost nothing.
    return sum * 1000 / Math.max(elapsedMs, SLOT_MS / 2);
  }

  #advance(now: number): void {
    const slot = Math.floor(now / SLOT_MS);
    if (slot <= this.#slot) return;
    this.#slots[this.#slot % SLOT_COUNT] = this.#amount;
    this.#amount = 0;
    const firstStale = Math.max(this.#slot + 1, slot - SLOT_COUNT + 1);
    for (let stale = firstStale; stale <= slot; stale++) {
      this.#slots[stale % SLOT_COUNT] = 0;
    }
    this.#slot = slot;
  }
}
