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

/** The judgement of one host so far. */
export interface Judgement {
  /** Receive rates of the last reports, oldest first. */
  readonly rates: number[];
  /** The mean rate while it fetched, recent reports first in weight. */
  usualRate: number | undefined;
  /** Since then below the median's share, with short exceptions. */
  slowSinceMs: number | undefined;
  fastSinceMs: number | undefined;
  /** The reason that is shown, the time of its text, and that of its last evidence. */
  reason: Reason | undefined;
  textMs: number;
  seenMs: number;
  /** The strongest reason of now, and since when it is. */
  candidate: ReasonCode | undefined;
  candidateSinceMs: number;
  /** Connections to its port in a row that failed, and the time of the next one. */
  failedProbeCount: number;
  /** True if the last one succeeded. */
  isReachable: boolean;
  probeAtMs: number;
}

/** The judgement of a host that was never seen. */
export function noJudgement(): Judgement {
  return {
    rates: [],
    usualRate: undefined,
    slowSinceMs: undefined,
    fastSinceMs: undefined,
    reason: undefined,
    textMs: -Infinity,
    seenMs: -Infinity,
    candidate: undefined,
    candidateSinceMs: 0,
    failedProbeCount: 0,
    isReachable: false,
    probeAtMs: -Infinity,
  };
}

/** Notes the rate of a report. */
export function noteRate(judgement: Judgement, rate: number): void {
  judgement.rates.push(rate);
  if (judgement.rates.length > RATE_COUNT) judgement.rates.shift();
  const { usualRate = rate } = judgement;
  judgement.usualRate = usualRate + (rate - usualRate) / RATE_COUNT;
}

/** Ends the judgement of a host that does not fetch; its usual rate stays. */
export function endJudgement(judgement: Judgement): void {
  judgement.rates.length = 0;
  judgement.slowSinceMs = judgement.fastSinceMs = undefined;
  judgement.reason = judgement.candidate = undefined;
  judgement.failedProbeCount = 0;
  judgement.isReachable = false;
  judgement.probeAtMs = -Infinity;
}

/** Compares a rate with the median of the other hosts. */
export function compareRate(
  judgement: Judgement,
  { rate, median, nowMs }: {
    readonly rate: number;
    readonly median: number | undefined;
    readonly nowMs: number;
  },
): void {
  if (median !== undefined && rate < SLOW.below * median) {
    judgement.slowSinceMs ??= nowMs;
    judgement.fastSinceMs = undefined;
    return;
  }
  const isSettled = isSlow(judgement, nowMs);
  const isBetween = median !== undefined && rate < SLOW.until * median;
  if (isSettled && isBetween) {
    judgement.fastSinceMs = undefined;
    return;
  }
  judgement.fastSinceMs ??= nowMs;
  if (!isSettled || nowMs - judgement.fastSinceMs >= SETTLE_MS.fast) {
    judgement.slowSinceMs = undefined;
  }
}

/** True for a host that has been slow for long enough. */
export function isSlow({ slowSinceMs }: Judgement, nowMs: number): boolean {
  return slowSinceMs !== undefined && nowMs - slowSinceMs >= SETTLE_MS.slow;
}

/** Takes the strongest reason of now, and shows it once it is steady. */
export function noteReason(
  judgement: Judgement,
  found: Reason | undefined,
  nowMs: number,
): void {
  const { reason: shown } = judgement;
  if (found?.code !== judgement.candidate) {
    judgement.candidate = found?.code;
    judgement.candidateSinceMs = nowMs;
  }
  if (found === undefined) {
    if (nowMs - judgement.seenMs >= KEPT_MS) judgement.reason = undefined;
    return;
  }
  const steadyMs = STEADY_MS[shown === undefined ? "first" : "other"];
  const isSame = found.code === shown?.code;
  if (isSame) judgement.seenMs = nowMs;
  const isNew = isSame
    ? nowMs - judgement.textMs >= KEPT_MS
    : nowMs - judgement.candidateSinceMs >= steadyMs;
  if (!isNew) return;
  judgement.reason = found;
  judgement.textMs = judgement.seenMs = nowMs;
}
