/**
 * Finds the slow hosts of a rollout: those that receive less than 60 % of the median
 * for ten seconds, and those that are stuck. Each has one reason, which is kept while
 * its evidence comes and goes. Pure.
 *
 * @module
 */
import { isComplete, isGone, isStuck, type Row } from "./host_state.ts";
import { compareRate, endJudgement, isSlow, noteReason } from "./judgement.ts";
import { type CommonEvidence, slowReason } from "./slow_reason.ts";

/** Least time between two judgements, in milliseconds. */
const JUDGE_INTERVAL_MS = 500;
/** Age from which a report says nothing of now, in milliseconds. */
const STALE_MS = 5_000;
/** Times of probes of a slow host, in milliseconds: before the first, and between two. */
const PROBE_MS = { first: 3_000, failed: 3_000, settled: 30_000 } as const;
const SETTLED_PROBES = 2;

/** An attempt to connect to the port of a slow host. */
export interface Probe {
  readonly hostname: string;
  readonly port: number;
  /** Takes the result. */
  readonly done: (isReachable: boolean, nowMs: number) => void;
}

/** A rollout, as far as the judge knows it. */
interface RolloutFacts {
  readonly nowMs: number;
  /** Peers of the process that shares. */
  readonly ownCount: number;
  /** Bytes that a host lacks. */
  readonly missingLengthOf: (row: Row) => number;
}

/** Judges the hosts of one rollout. */
export class SlowHosts {
  #judgedMs = -Infinity;
  #due: Row[] = [];

  /** Judges all rows, now and then. */
  judge(rows: Iterable<Row>, facts: RolloutFacts): void {
    const { nowMs } = facts;
    if (nowMs - this.#judgedMs < JUDGE_INTERVAL_MS) return;
    this.#judgedMs = nowMs;
    const rates: number[] = [];
    const fetching: Row[] = [];
    let presentCount = facts.ownCount;
    for (const row of rows) {
      const { judgement: { usualRate }, report } = row;
      const [isWhole, isAway] = [isComplete(row), isGone(row, nowMs)];
      if (!isAway) presentCount++;
      // The last ones are compared with those that are done.
      if (isWhole && usualRate !== undefined) rates.push(usualRate);
      const isIdle = isWhole || isAway ||
        report === undefined && !isStuck(row, nowMs) ||
        report !== undefined && report.state !== "fetching";
      if (isIdle) endJudgement(row.judgement);
      else {
        fetching.push(row);
        if (report !== undefined) rates.push(report.downloadBytesPerSecond);
      }
    }
    ascending(rates);
    const common = new CommonOf(fetching);
    this.#due = [];
    for (const row of fetching) {
      this.#judge(row, { ...facts, rates, common, presentCount });
    }
  }

  #judge(
    row: Row,
    { nowMs, rates, common, presentCount, missingLengthOf }: RolloutFacts & {
      /** Of all reporting hosts, ascending. */
      readonly rates: readonly number[];
      readonly common: CommonOf;
      readonly presentCount: number;
    },
  ): void {
    const { judgement, report, port } = row;
    if (report !== undefined) {
      // A silent host leaves soon; what it reported is no longer so.
      if (nowMs - row.reportedMs > STALE_MS) return;
      const { downloadBytesPerSecond: rate } = report;
      const median = medianWithout(rates, rate);
      compareRate(judgement, { rate, median, nowMs });
    }
    const isStill = isStuck(row, nowMs);
    const { slowSinceMs = nowMs } = judgement;
    const isDue = port > 0 && nowMs >= judgement.probeAtMs &&
      (isStill || nowMs - slowSinceMs >= PROBE_MS.first);
    if (isDue) this.#due.push(row);
    if (!isStill && !isSlow(judgement, nowMs)) {
      judgement.reason = undefined;
      return;
    }
    const reason = slowReason({
      evidence: report?.evidence,
      common: common.without(row),
      rates: judgement.rates,
      otherCount: presentCount - 1,
      port,
      failedProbeCount: judgement.failedProbeCount,
      isReachable: judgement.isReachable,
      isStuck: isStill,
      missingLength: missingLengthOf(row),
      freeLength: report?.freeBytes,
    });
    noteReason(judgement, reason, nowMs);
  }

  /** The next connection to try; `undefined` if none is due. */
  takeProbe(nowMs: number): Probe | undefined {
    const row = this.#due.pop();
    if (row === undefined) return undefined;
    const { judgement, port, hostnames: [hostname] } = row;
    judgement.probeAtMs = nowMs + PROBE_MS.settled;
    return {
      ...{ hostname: hostname!, port },
      done: (isReachable, nowMs) => {
        const count = isReachable ? 0 : judgement.failedProbeCount + 1;
        judgement.failedProbeCount = count;
        judgement.isReachable = isReachable;
        const isSettled = isReachable || count >= SETTLED_PROBES;
        judgement.probeAtMs = nowMs +
          PROBE_MS[isSettled ? "settled" : "failed"];
      },
    };
  }
}

/** The median of numbers in ascending order without one of them; the lower one of two. */
function medianWithout(
  numbers: readonly number[],
  own: number,
): number | undefined {
  const index = Math.floor((numbers.length - 2) / 2);
  if (index < 0) return undefined;
  return numbers[index]! >= own ? numbers[index + 1] : numbers[index];
}

/** The medians of what all other hosts measure. */
class CommonOf {
  readonly #rows: readonly Row[];
  #sorted: Record<keyof CommonEvidence, readonly number[]> | undefined;

  constructor(rows: readonly Row[]) {
    this.#rows = rows;
  }

  without({ report }: Row): CommonEvidence {
    const sorted = this.#sorted ??= this.#sort();
    const median = (key: keyof CommonEvidence): number =>
      medianWithout(sorted[key], report?.evidence?.[key] ?? 0) ?? 0;
    return {
      disk: median("disk"),
      late: median("late"),
      hash: median("hash"),
      stall: median("stall"),
    };
  }

  #sort(): Record<keyof CommonEvidence, readonly number[]> {
    const evidence = this.#rows.flatMap(({ report }) => report?.evidence ?? []);
    const sorted = (key: keyof CommonEvidence): number[] =>
      ascending(evidence.map((one) => one[key]));
    return {
      disk: sorted("disk"),
      late: sorted("late"),
      hash: sorted("hash"),
      stall: sorted("stall"),
    };
  }
}

function ascending(numbers: number[]): number[] {
  return numbers.sort((one, other) => one - other);
}
