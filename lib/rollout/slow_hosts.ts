/**
 * Finds the slow hosts of a rollout: those that receive less than 60 % of the median
 * for ten seconds, and those that are stuck. Each has one reason, which is kept while
 * its evidence comes and goes. Pure.
 *
 * @module
 */
import type { HostRow } from "./host_row.ts";
import { type CommonEvidence, slowReason } from "./reason.ts";

/** Least time between two judgements, in milliseconds. */
const JUDGE_INTERVAL_MS = 500;
/** Age from which a report says nothing of now, in milliseconds. */
const STALE_MS = 5_000;
/** Time from the first slow report to the first probe, in milliseconds. */
const FIRST_PROBE_MS = 3_000;

/** A rollout, as far as the judge knows it. */
interface RolloutFacts {
  readonly nowMs: number;
  /** Peers of the process that shares. */
  readonly ownCount: number;
  /** Bytes that a host lacks. */
  readonly missingLengthOf: (row: HostRow) => number;
}

/** Judges the hosts of one rollout. */
export class SlowHosts {
  #judgedMs = -Infinity;
  #due: HostRow[] = [];

  /** Judges all rows, now and then. */
  judge(rows: Iterable<HostRow>, facts: RolloutFacts): void {
    const { nowMs } = facts;
    if (nowMs - this.#judgedMs < JUDGE_INTERVAL_MS) return;
    this.#judgedMs = nowMs;
    const rates: number[] = [];
    const fetching: HostRow[] = [];
    let presentCount = facts.ownCount;
    for (const row of rows) {
      const { judgement: { usualRate }, report } = row;
      const [isWhole, isAway] = [row.isComplete, row.isGone(nowMs)];
      if (!isAway) presentCount++;
      // The last ones are compared with those that are done.
      if (isWhole && usualRate !== undefined) rates.push(usualRate);
      const isFetching = report === undefined
        ? row.isStuck(nowMs)
        : report.state === "fetching";
      if (isWhole || isAway || !isFetching) row.judgement.end();
      else {
        fetching.push(row);
        if (report !== undefined) rates.push(report.downloadBytesPerSecond);
      }
    }
    ascending(rates);
    const commonOf = commonEvidence(fetching);
    this.#due = [];
    for (const row of fetching) {
      this.#judge(row, { ...facts, rates, commonOf, presentCount });
    }
  }

  #judge(
    row: HostRow,
    { nowMs, rates, commonOf, presentCount, missingLengthOf }: RolloutFacts & {
      /** Of all reporting hosts, ascending. */
      readonly rates: readonly number[];
      readonly commonOf: (row: HostRow) => CommonEvidence;
      readonly presentCount: number;
    },
  ): void {
    const { judgement, report, port } = row;
    if (report !== undefined) {
      // A silent host leaves soon; what it reported is no longer so.
      if (nowMs - row.reportedMs > STALE_MS) return;
      const { downloadBytesPerSecond: rate } = report;
      judgement.compare(rate, medianWithout(rates, rate), nowMs);
    }
    const isStill = row.isStuck(nowMs);
    const { slowSinceMs = nowMs } = judgement;
    const isDue = port > 0 && nowMs >= judgement.probeAtMs &&
      (isStill || nowMs - slowSinceMs >= FIRST_PROBE_MS);
    if (isDue) this.#due.push(row);
    if (!isStill && !judgement.isSlow(nowMs)) {
      judgement.reason = undefined;
      return;
    }
    const { rates: ownRates, failedProbeCount, isReachable } = judgement;
    const reason = slowReason({
      ...{ port, failedProbeCount, isReachable, isStuck: isStill },
      evidence: report?.evidence,
      common: commonOf(row),
      rates: ownRates,
      otherCount: presentCount - 1,
      missingLength: missingLengthOf(row),
      freeLength: report?.freeBytes,
    });
    judgement.noteReason(reason, nowMs);
  }

  /** The next host whose port is to be tried; `undefined` if none is due. */
  takeDue(): HostRow | undefined {
    const row = this.#due.pop();
    if (row !== undefined) row.judgement.probeAtMs = Infinity;
    return row;
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

/** The medians of what the other hosts measure; sorted once, if it is asked for. */
function commonEvidence(
  rows: readonly HostRow[],
): (row: HostRow) => CommonEvidence {
  const sorted = new Map<keyof CommonEvidence, readonly number[]>();
  return ({ report }) => {
    const median = (key: keyof CommonEvidence): number => {
      const all = sorted.get(key) ??
        ascending(rows.flatMap((row) => row.report?.evidence?.[key] ?? []));
      sorted.set(key, all);
      return medianWithout(all, report?.evidence?.[key] ?? 0) ?? 0;
    };
    return {
      disk: median("disk"),
      late: median("late"),
      hash: median("hash"),
      stall: median("stall"),
    };
  };
}

function ascending(numbers: number[]): number[] {
  return numbers.sort((one, other) => one - other);
}
