/**
 * Limits an average rate and lets a burst pass at once. The whole state is one
 * number, the time at which the limiter is idle again (the theoretical arrival
 * time of the generic cell rate algorithm): a limiter that nobody has used for a
 * while is as good as a new one. Takes the time as an argument.
 *
 * @module
 */

/** The limit; what is counted is the caller's choice: bytes, dials, announces. */
export interface RateLimiterOptions {
  /** Units in the long run; 0 means no limit. */
  readonly perSecond: number;
  /** Units that may pass at once. @default a tenth of a second's worth */
  readonly burst?: number;
}

/** A token bucket. All times are milliseconds on one clock. */
export class RateLimiter {
  readonly #msPerUnit: number;
  readonly #burstMs: number;
  #idleAtMs = -Infinity;

  constructor({ perSecond, burst = perSecond / 10 }: RateLimiterOptions) {
    this.#msPerUnit = perSecond === 0 ? 0 : 1000 / perSecond;
    this.#burstMs = burst * this.#msPerUnit;
  }

  /** Milliseconds until `cost` units may pass, 0 if they may now. Takes nothing. */
  waitMs(cost: number, nowMs: number): number {
    return Math.max(0, this.#idleAfterMs(cost, nowMs) - nowMs - this.#burstMs);
  }

  /** Takes `cost` units if they may pass now; returns whether it did. */
  tryTake(cost: number, nowMs: number): boolean {
    if (this.waitMs(cost, nowMs) > 0) return false;
    this.#idleAtMs = this.#idleAfterMs(cost, nowMs);
    return true;
  }

  /**
   * Takes `cost` units that have passed, be they more than the burst. Returns how
   * many milliseconds to wait before the next ones.
   */
  take(cost: number, nowMs: number): number {
    this.#idleAtMs = this.#idleAfterMs(cost, nowMs);
    return this.waitMs(0, nowMs);
  }

  /** Units that were taken and that the rate has not made up for at the time. */
  debt(nowMs: number): number {
    return this.#msPerUnit === 0
      ? 0
      : Math.max(0, this.#idleAtMs - nowMs) / this.#msPerUnit;
  }

  giveBack(cost: number): void {
    this.#idleAtMs -= cost * this.#msPerUnit;
  }

  #idleAfterMs(cost: number, nowMs: number): number {
    return Math.max(this.#idleAtMs, nowMs) + cost * this.#msPerUnit;
  }
}
