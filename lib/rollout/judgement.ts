/**
 * The judgement of one host: whether it is slow, and its reason. Both have hysteresis,
 * so that neither flickers. Pure.
 *
 * @module
 */
import type { Reason, ReasonCode } from "./reason.ts";

/** Shares of the median: a host is slow below the first, and no longer slow from the second. */
const SLOW = { below: 0.6, until: 0.7 } as const;
/** Time below after which a host is slow, and above after which it is not, in milliseconds. */
const SETTLE_MS = { slow: 10_000, fast: 3_000 } as const;
/** Time for which a first reason, and another one, must be the strongest, in milliseconds. */
const STEADY_MS = { first: 2_000, other: 5_000 } as const;
/** Time for which a reason is kept without evidence, and its text as it is, in milliseconds. */
const KEPT_MS = 10_000;
/** Rates that are kept: one a report, once a second. */
const RATE_COUNT = 10;
/** Time from an attempt to connect to the next one, in milliseconds. */
const PROBE_MS = { failed: 3_000, settled: 30_000 } as const;
const SETTLED_PROBES = 2;

export class Judgement {
  /** Receive rates of the last reports, oldest first. */
  readonly rates: number[] = [];
  /** The mean rate while it fetched, recent reports first in weight. */
  usualRate: number | undefined;
  /** The time since which it is below the median's share, with short exceptions. */
  slowSinceMs: number | undefined;
  #fastSinceMs: number | undefined;
  /** The reason that is shown, the time of its text, and that of its last evidence. */
  reason: Reason | undefined;
  #textMs = -Infinity;
  #seenMs = -Infinity;
  /** The strongest reason of now, and since when it is. */
  #candidate: ReasonCode | undefined;
  #candidateSinceMs = 0;
  /** Connections to its port in a row that failed. */
  failedProbeCount = 0;
  /** True if the last one succeeded. */
  isReachable = false;
  /** The time of the next one. */
  probeAtMs = -Infinity;

  noteRate(rate: number): void {
    this.rates.push(rate);
    if (this.rates.length > RATE_COUNT) this.rates.shift();
    const { usualRate = rate } = this;
    this.usualRate = usualRate + (rate - usualRate) / RATE_COUNT;
  }

  /** Ends the judgement of a host that does not fetch; its usual rate stays. */
  end(): void {
    this.rates.length = 0;
    this.slowSinceMs = this.#fastSinceMs = undefined;
    this.reason = this.#candidate = undefined;
    this.failedProbeCount = 0;
    this.isReachable = false;
    this.probeAtMs = -Infinity;
  }

  /** Compares a rate with the median of the other hosts. */
  compare(rate: number, median: number | undefined, nowMs: number): void {
    if (median !== undefined && rate < SLOW.below * median) {
      this.slowSinceMs ??= nowMs;
      this.#fastSinceMs = undefined;
      return;
    }
    const isSettled = this.isSlow(nowMs);
    if (isSettled && median !== undefined && rate < SLOW.until * median) {
      this.#fastSinceMs = undefined;
      return;
    }
    this.#fastSinceMs ??= nowMs;
    if (!isSettled || nowMs - this.#fastSinceMs >= SETTLE_MS.fast) {
      this.slowSinceMs = undefined;
    }
  }

  /** True for a host that has been slow for long enough. */
  isSlow(nowMs: number): boolean {
    const { slowSinceMs = Infinity } = this;
    return nowMs - slowSinceMs >= SETTLE_MS.slow;
  }

  /** Takes the strongest reason of now, and shows it once it is steady. */
  noteReason(found: Reason | undefined, nowMs: number): void {
    if (found?.code !== this.#candidate) {
      this.#candidate = found?.code;
      this.#candidateSinceMs = nowMs;
    }
    if (found === undefined) {
      if (nowMs - this.#seenMs >= KEPT_MS) this.reason = undefined;
      return;
    }
    const steadyMs = STEADY_MS[this.reason === undefined ? "first" : "other"];
    const isSame = found.code === this.reason?.code;
    if (isSame) this.#seenMs = nowMs;
    const isNew = isSame
      ? nowMs - this.#textMs >= KEPT_MS
      : nowMs - this.#candidateSinceMs >= steadyMs;
    if (!isNew) return;
    this.reason = found;
    this.#textMs = this.#seenMs = nowMs;
  }

  /** Takes the result of an attempt to connect to the port of the host. */
  noteProbe(isReachable: boolean, nowMs: number): void {
    this.isReachable = isReachable;
    this.failedProbeCount = isReachable ? 0 : this.failedProbeCount + 1;
    const isSettled = isReachable || this.failedProbeCount >= SETTLED_PROBES;
    this.probeAtMs = nowMs + PROBE_MS[isSettled ? "settled" : "failed"];
  }
}
