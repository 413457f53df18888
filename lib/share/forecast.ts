/**
 * The end of a share: when its last host will be complete, how far that may be off,
 * and the least time that the links allow, from what each host was seen to move.
 * Times are on a steady clock. Pure.
 *
 * @module
 */
import type { Progress } from "./progress.ts";

/** One host that takes part. Rates in bytes a second. */
export interface HostCourse {
  readonly progress: Progress;
  /** The most that it was seen to receive. */
  readonly mostDown: number;
  /** The most that it was seen to send. */
  readonly mostUp: number;
  /** True if its end can be forecast: it is there, and not stuck. */
  readonly isActive: boolean;
  /** The time at which it was complete. */
  readonly completeAtMs: number | undefined;
}

/** The end of a share. Durations in milliseconds. */
export interface Finish {
  /** Until the last of the hosts that are there is complete; 0 if all are. */
  readonly leftMs: number;
  /** The end may be sooner or later by this. */
  readonly uncertaintyMs: number;
  /** The time of the end, on the clock of the events. */
  readonly endMs: number;
  /** The least time for all of it, from the first host's start. */
  readonly boundMs: number;
  /** The bound as a share of the time that all of it takes, from 0 to 1. */
  readonly ofBound: number;
}

/** Age up to which hosts still become faster, in milliseconds. */
const YOUNG_MS = 20_000;
/** Age from which there is a forecast, in milliseconds. */
const LEAST_AGE_MS = 2_000;
/** A later end is not forecast, in milliseconds: 30 days. */
const MOST_LEFT_MS = 30 * 86_400_000;
/** The least uncertainty, and what is added at first, as shares of the time that is left. */
const DOUBT = { least: 0.05, first: 0.25 } as const;
/** Shares of a host's age over which its rate is taken: the second one only doubts the first. */
const WINDOWS = { long: 0.5, short: 0.25 } as const;
/** Shortest stretch of the past from which a rate is taken, in milliseconds. */
const LEAST_WINDOW_MS = 4_000;

/** Forecasts the end; `undefined` while no host moves. */
export function forecast(
  hosts: readonly HostCourse[],
  { nowMs, sourceUp }: {
    readonly nowMs: number;
    /** The most that the machine that shares was seen to send. */
    readonly sourceUp: number;
  },
): Finish | undefined {
  const counted = hosts.filter(({ isActive, completeAtMs, progress }) =>
    (isActive || completeAtMs !== undefined) && progress.startLeft > 0
  );
  if (counted.length === 0) return undefined;
  const startMs = least(counted.map(({ progress }) => progress.startMs));
  const active = counted.filter(({ completeAtMs }) =>
    completeAtMs === undefined
  );
  // Those that are stuck or gone have no end.
  const isOver = active.length === 0;
  const hasOthers = hosts.some(({ isActive, completeAtMs }) =>
    !isActive && completeAtMs === undefined
  );
  if (isOver && hasOthers) return undefined;
  const ageMs = nowMs - startMs;
  if (!isOver && ageMs < LEAST_AGE_MS) return undefined;
  const leftMs = leftMsOf(active, { nowMs, share: WINDOWS.long });
  const otherMs = leftMsOf(active, { nowMs, share: WINDOWS.short });
  if (leftMs === undefined || otherMs === undefined) return undefined;
  if (leftMs > MOST_LEFT_MS) return undefined;
  const doubt = DOUBT.least + DOUBT.first * Math.max(0, 1 - ageMs / YOUNG_MS);
  const endMs = isOver
    ? most(counted.map(({ completeAtMs = 0 }) => completeAtMs))
    : nowMs + leftMs;
  const boundMs = boundMsOf(counted, { startMs, sourceUp });
  return {
    ...{ leftMs, endMs, boundMs },
    uncertaintyMs: Math.abs(leftMs - otherMs) + doubt * leftMs,
    ofBound: Math.min(1, boundMs / Math.max(1, endMs - startMs)),
  };
}

/** Until the last one is complete, by the rates over a share of each host's time. */
function leftMsOf(
  hosts: readonly HostCourse[],
  { nowMs, share }: { readonly nowMs: number; readonly share: number },
): number | undefined {
  if (hosts.length === 0) return 0;
  const rates = hosts.map(({ progress }) => {
    const ageMs = nowMs - progress.startMs;
    const windowMs = Math.max(LEAST_WINDOW_MS, share * ageMs);
    const rate = progress.rate(nowMs - windowMs);
    // A host that becomes faster is faster than it was on average.
    return ageMs < YOUNG_MS ? Math.max(rate, progress.lastRate) : rate;
  });
  const moving = rates.filter((rate) => rate > 0).sort((a, b) => a - b);
  const median = moving[moving.length >> 1];
  if (median === undefined) return undefined;
  return most(
    hosts.map(({ progress }, index) =>
      1000 * progress.missing / (rates[index] || median)
    ),
  );
}

/**
 * The least time: each byte leaves the source once and reaches each host, and all
 * copies together leave somebody.
 */
function boundMsOf(
  hosts: readonly HostCourse[],
  { startMs, sourceUp }: {
    readonly startMs: number;
    readonly sourceUp: number;
  },
): number {
  const starts = hosts.map(({ progress }) => progress.startLeft);
  const up = hosts.reduce((sum, { mostUp }) => sum + mostUp, sourceUp);
  return most([
    timeFor(most(starts), sourceUp),
    timeFor(starts.reduce((sum, left) => sum + left, 0), up),
    ...hosts.map(({ progress, mostDown }) =>
      progress.startMs - startMs + timeFor(progress.startLeft, mostDown)
    ),
  ]);
}

/** In milliseconds; 0 while the rate is unknown. */
function timeFor(bytes: number, bytesPerSecond: number): number {
  return bytesPerSecond > 0 ? 1000 * bytes / bytesPerSecond : 0;
}

function most(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.max(one, other), 0);
}

function least(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.min(one, other), Infinity);
}
