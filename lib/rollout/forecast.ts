/**
 * The end of a share: the time at which its last host will be complete, the uncertainty
 * of that time, and the least time that the links allow, from the rates of each host.
 * Times are on a steady clock. Pure.
 *
 * @module
 */

/** One host that takes part. Rates in bytes a second. */
export interface HostCourse {
  readonly progress: Progress;
  /** The highest receive rate seen. */
  readonly mostDown: number;
  /** The highest send rate seen. */
  readonly mostUp: number;
  /** True if the host's end can be forecast: the host is present, and not stuck. */
  readonly isActive: boolean;
  /** The time at which the host was complete. */
  readonly completeAtMs: number | undefined;
}

/** The end of a share. Durations in milliseconds. */
export interface Finish {
  /** Time until the last present host is complete; 0 if all are. */
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
  const isComplete = (host: HostCourse): boolean =>
    host.completeAtMs !== undefined;
  const counted = hosts.filter((host) =>
    (host.isActive || isComplete(host)) && host.progress.startLeft > 0
  );
  if (counted.length === 0) return undefined;
  const startMs = Math.min(...counted.map(({ progress }) => progress.startMs));
  const active = counted.filter((host) => !isComplete(host));
  // Hosts that are stuck or gone have no end.
  const isOver = active.length === 0;
  const hasOthers = hosts.some((host) => !host.isActive && !isComplete(host));
  if (isOver && hasOthers) return undefined;
  const ageMs = nowMs - startMs;
  if (!isOver && ageMs < LEAST_AGE_MS) return undefined;
  const leftMs = leftMsOf(active, { nowMs, share: WINDOWS.long });
  const otherMs = leftMsOf(active, { nowMs, share: WINDOWS.short });
  if (leftMs === undefined || otherMs === undefined) return undefined;
  if (leftMs > MOST_LEFT_MS) return undefined;
  const doubt = DOUBT.least + DOUBT.first * Math.max(0, 1 - ageMs / YOUNG_MS);
  const endMs = isOver
    ? Math.max(...counted.map(({ completeAtMs = 0 }) => completeAtMs))
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
  return Math.max(
    ...hosts.map(({ progress }, index) =>
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
  return Math.max(
    timeFor(Math.max(...starts), sourceUp),
    timeFor(starts.reduce((sum, left) => sum + left, 0), up),
    ...hosts.map(({ progress, mostDown }) =>
      progress.startMs - startMs + timeFor(progress.startLeft, mostDown)
    ),
  );
}

/** In milliseconds; 0 while the rate is unknown. */
function timeFor(bytes: number, bytesPerSecond: number): number {
  return bytesPerSecond > 0 ? 1000 * bytes / bytesPerSecond : 0;
}

/** Most samples kept. */
const MAX_SAMPLES = 48;
/** Least time between two samples at first, in milliseconds. */
const FIRST_STEP_MS = 500;
/** Longest time for which a reported rate counts, in milliseconds. */
const RATE_LIFE_MS = 3_000;
/** Received and not verified at most, as a share of what is lacking: the rest is waste. */
const MOST_BEGUN = 0.1;

/**
 * The bytes that a host lacks and receives over its whole time, in a bounded number of
 * samples: when there are too many, every other one is dropped. What a host receives
 * counts, as it reports its rate, rather than what it has verified: many pieces may be
 * begun.
 */
export class Progress {
  /** Times and received bytes, one after the other; the last pair is of the last call. */
  readonly #samples: number[] = [];
  #stepMs = FIRST_STEP_MS;
  #left = 0;
  /** Bytes that the host lacked at first. */
  startLeft = 0;
  /** The time of the last sample at which the host lacked as much as at first. */
  startMs = 0;
  /** The rate that it reported last, in bytes a second; 0 if it does not. */
  lastRate = 0;

  /** Bytes that the host has yet to receive. */
  get missing(): number {
    const received = this.#samples.at(-1) ?? 0;
    const begun = received - (this.startLeft - this.#left);
    return this.#left - Math.min(Math.max(begun, 0), MOST_BEGUN * this.#left);
  }

  /** Notes the bytes that it lacks now, and the rate at which it receives, if it is known. */
  add(
    left: number,
    { nowMs, bytesPerSecond }: {
      readonly nowMs: number;
      readonly bytesPerSecond?: number | undefined;
    },
  ): void {
    const samples = this.#samples;
    const { length } = samples;
    if (length === 0) this.startLeft = left;
    if (left >= this.startLeft && (bytesPerSecond ?? 0) === 0) {
      this.startMs = nowMs;
    }
    const gained = this.startLeft - left;
    let received = gained;
    if (bytesPerSecond !== undefined && length > 0) {
      const ms = Math.min(RATE_LIFE_MS, nowMs - samples[length - 2]!);
      received = Math.max(
        gained,
        samples[length - 1]! + bytesPerSecond * ms / 1000,
      );
    }
    this.#left = left;
    this.lastRate = bytesPerSecond ?? 0;
    const isEarly = length >= 4 && nowMs - samples[length - 4]! < this.#stepMs;
    if (isEarly) samples.length -= 2;
    samples.push(nowMs, received);
    if (samples.length <= 2 * MAX_SAMPLES) return;
    const kept = samples.filter((_, index) =>
      index % 4 < 2 || index >= samples.length - 2
    );
    samples.splice(0, samples.length, ...kept);
    this.#stepMs *= 2;
  }

  /** The bytes a second that it received since a time, by least squares; 0 if unknown. */
  rate(sinceMs: number): number {
    const samples = this.#samples;
    let first = samples.length - 4;
    while (first >= 2 && samples[first]! > sinceMs) first -= 2;
    if (first < 0) return 0;
    const count = (samples.length - first) / 2;
    let [meanMs, mean] = [0, 0];
    for (let at = first; at < samples.length; at += 2) {
      meanMs += samples[at]! / count;
      mean += samples[at + 1]! / count;
    }
    let [products, squares] = [0, 0];
    for (let at = first; at < samples.length; at += 2) {
      const ms = samples[at]! - meanMs;
      products += ms * (samples[at + 1]! - mean);
      squares += ms * ms;
    }
    return squares === 0 ? 0 : Math.max(0, 1000 * products / squares);
  }
}
