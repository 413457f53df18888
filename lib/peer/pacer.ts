/**
 * A speed limit that many transfers share: each takes what it moves and waits
 * its turn.
 *
 * @module
 */
import { RateLimiter } from "../base/rate_limiter.ts";
import { pause } from "./pause.ts";

/** Waits so that the bytes taken keep to a rate. */
export class Pacer {
  /**
   * What is best moved at once, in bytes: a tenth of a second's worth, so that
   * many who share a slow rate take short turns. Infinite without a limit.
   */
  readonly stepLength: number;
  readonly #limiter: RateLimiter;

  /** @param bytesPerSecond The limit; 0 means none. */
  constructor(bytesPerSecond: number) {
    this.stepLength = bytesPerSecond === 0 ? Infinity : bytesPerSecond / 10;
    this.#limiter = new RateLimiter({ perSecond: bytesPerSecond });
  }

  /** Takes `bytes` and resolves when more may pass: at once without a limit, or when `signal` is aborted. */
  async pass(bytes: number, signal: AbortSignal): Promise<void> {
    const waitMs = this.#limiter.take(bytes, performance.now());
    // What was moved is counted, though the connection ends meanwhile.
    if (waitMs > 0) await pause(waitMs, signal);
  }
}
