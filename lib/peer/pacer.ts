/**
 * A speed limit that many connections share: each moves some bytes and then waits
 * for its turn.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { RateLimiter } from "../base/rate_limiter.ts";

/** Delays transfers so that together they keep to a rate. */
export class Pacer {
  /**
   * Bytes to move at once: a tenth of a second's worth, so that many connections
   * which share a slow rate take short turns. `Infinity` without a limit.
   */
  readonly stepLength: number;
  readonly #limiter: RateLimiter;

  /** @param bytesPerSecond The limit; 0 means none. */
  constructor(bytesPerSecond: number) {
    this.stepLength = bytesPerSecond === 0 ? Infinity : bytesPerSecond / 10;
    this.#limiter = new RateLimiter({ perSecond: bytesPerSecond });
  }

  /** Counts `length` bytes. Resolves when more may be moved, or when `signal` is aborted. */
  async pass(length: number, signal: AbortSignal): Promise<void> {
    const waitMs = this.#limiter.take(length, performance.now());
    if (waitMs > 0) await pause(waitMs, signal);
  }
}

/** Resolves after `ms` milliseconds, or when `signal` is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  try {
    await delay(ms, { signal });
  } catch (error) {
    // The wait was cut short, which the caller sees from the signal.
    if (!signal.aborted) throw error;
  }
}
