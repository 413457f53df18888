/**
 * A speed limit that many connections share: each moves some bytes and then waits
 * for its turn. The rate may change while connections wait.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { joinSignals } from "../base/join_signals.ts";
import { RateLimiter } from "../base/rate_limiter.ts";

/** Delays transfers so that together they keep to a rate. */
export class Pacer {
  readonly #outer: Pacer | undefined;
  /** 0 without a limit. */
  #bytesPerSecond = 0;
  #limiter = new RateLimiter({ perSecond: 0 });
  /** Aborts when the rate changes, so that each wait is computed anew. */
  #change = new AbortController();

  /**
   * @param bytesPerSecond The limit; 0 means none.
   * @param outer A further limit, shared with other pacers.
   */
  constructor(bytesPerSecond: number, outer?: Pacer) {
    this.#outer = outer;
    this.setRate(bytesPerSecond);
  }

  /**
   * Bytes to move at once: those of a tenth of a second, so that many connections that
   * share a low rate take short turns. `Infinity` without a limit.
   */
  get stepLength(): number {
    const own = this.#bytesPerSecond === 0
      ? Infinity
      : this.#bytesPerSecond / 10;
    return Math.min(own, this.#outer?.stepLength ?? Infinity);
  }

  /** Changes the rate; 0 means no limit. Bytes moved before still count. */
  setRate(bytesPerSecond: number): void {
    if (bytesPerSecond === this.#bytesPerSecond) return;
    const nowMs = performance.now();
    const debt = this.#limiter.debt(nowMs);
    this.#bytesPerSecond = bytesPerSecond;
    this.#limiter = new RateLimiter({ perSecond: bytesPerSecond });
    this.#limiter.take(debt, nowMs);
    this.#change.abort();
    this.#change = new AbortController();
  }

  /** Counts `length` bytes. Resolves when more may be moved, or when `signal` is aborted. */
  async pass(length: number, signal: AbortSignal): Promise<void> {
    const outer = this.#outer?.pass(length, signal);
    let waitMs = this.#limiter.take(length, performance.now());
    while (waitMs > 0 && !signal.aborted) {
      const [rate, change] = [this.#bytesPerSecond, this.#change.signal];
      const endMs = performance.now() + waitMs;
      using ending = joinSignals(signal, change);
      await pause(waitMs, ending.signal);
      const newRate = this.#bytesPerSecond;
      if (!change.aborted || newRate === 0) break;
      waitMs = (endMs - performance.now()) * rate / newRate;
    }
    await outer;
  }
}

/** Rates and a pause of one torrent, beside the limits of its session. */
export interface TransferControl {
  /** True to request nothing and to serve nobody. @default {false} */
  readonly isPaused?: boolean;
  /** In bytes a second; 0 for no limit. @default {0} */
  readonly maxUploadBytesPerSecond?: number;
  /** In bytes a second; 0 for no limit. @default {0} */
  readonly maxDownloadBytesPerSecond?: number;
}

/** Resolves after `ms` milliseconds, or when `signal` is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // `delay` rejects only on an abort, which the caller sees from the signal.
  await delay(ms, { signal }).catch(() => {});
}
