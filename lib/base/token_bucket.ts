/**
 * A speed limit. Whoever moves bytes takes them from the bucket and then waits
 * as long as it says; debt is allowed, so an amount larger than the bucket
 * passes and is paid for afterwards.
 *
 * @module
 */

/** Limits an average rate while letting a tenth of a second's worth pass at once. */
export class TokenBucket {
  readonly #bytesPerSecond: number;
  #tokens: number;
  #updatedAt: number;

  /** @param bytesPerSecond The limit; 0 means none. */
  constructor(bytesPerSecond: number, now: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#tokens = this.#capacity;
    this.#updatedAt = now;
  }

  /** Takes `bytes` and returns how many milliseconds to wait before the next taking. */
  take(bytes: number, now: number): number {
    if (this.#bytesPerSecond === 0) return 0;
    const earned = (now - this.#updatedAt) * this.#bytesPerSecond / 1000;
    this.#tokens = Math.min(this.#capacity, this.#tokens + earned) - bytes;
    this.#updatedAt = now;
    return this.#tokens >= 0 ? 0 : -this.#tokens * 1000 / this.#bytesPerSecond;
  }

  get #capacity(): number {
    return this.#bytesPerSecond / 10;
  }
}
