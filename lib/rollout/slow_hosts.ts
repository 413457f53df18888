/**
 * Finds the slow hosts of a rollout: hosts that receive less than 60 % of the median for
 * ten seconds, and stuck hosts. Each slow host has one reason, which is kept while its
 * evidence comes and goes. Pure.
 *
 * @module
 */
import type { HostRow } from "./host_row.ts";
import { type CommonEvidence, slowReason } from "./reason.ts";

/** Least time between two judgements, in milliseconds. */
const JUDGE_INTERVAL_MS = 500;
/** Age from which a report is outdated, in milliseconds. */
const STALE_MS = 5_000;
/** Time from the first slow report to the first probe, in milliseconds. */
const FIRST_PROBE_MS = 3_000;

interface RolloutFacts {
  readonly nowMs: number;
  /** Peers of the process that shares. */
  readonly ownCount: number;
  /** Bytes that a host lacks. */
  readonly missingLengthOf: (row: HostRow) => number;
}

export class SlowHosts {
  #judgedMs = -Infinity;
  #due: HostRow[] = [];

  /** Judges all rows, now and then. */
  judge(
    rows: Iterable<HostRow>,
    { nowMs, ownCount, missingLengthOf }: RolloutFacts,
  ): void {
    if (nowMs - this.#judgedMs < JUDGE_INTERVAL_MS) return;
    this.#judgedMs = nowMs;
    this.#due = [];
    const { fetching, rates, presentCount } = survey(rows, nowMs);
    const commonOf = commonEvidence(fetching);
    for (const row of fetching) {
      const { judgement, report, port } = row;
      if (report !== undefined) {
        // A silent host leaves soon, and its last report is outdated.
        if (nowMs - row.reportedMs > STALE_MS) continue;
        const { downloadBytesPerSecond: rate } = report;
        judgement.compare(rate, medianWithout(rates, rate), nowMs);
      }
      const isStuck = row.isStuck(nowMs);
      const { slowSinceMs = nowMs } = judgement;
      const isDue = port > 0 && nowMs >= judgement.probeAtMs &&
        (isStuck || nowMs - slowSinceMs >= FIRST_PROBE_MS);
      if (isDue) this.#due.push(row);
      if (!isStuck && !judgement.isSlow(nowMs)) {
        judgement.reason = undefined;
        continue;
      }
      const { failedProbeCount, isReachable } = judgement;
      const reason = slowReason({
        ...{ port, failedProbeCount, isReachable, isStuck },
        evidence: report?.evidence,
        common: commonOf(row),
        rates: judgement.rates,
        otherCount: ownCount + presentCount - 1,
        missingLength: missingLengthOf(row),
        freeLength: report?.freeBytes,
      });
      judgement.noteReason(reason, nowMs);
    }
  }

  /** The next host whose port to probe; `undefined` if none is due. */
  takeDue(): HostRow | undefined {
    const row = this.#due.pop();
    if (row !== undefined) row.judgement.probeAtMs = Infinity;
    return row;
  }
}

/** The hosts that fetch, the rates of all in ascending order, and the number of those that are there. */
function survey(
  rows: Iterable<HostRow>,
  nowMs: number,
): { fetching: HostRow[]; rates: number[]; presentCount: number } {
  const fetching: HostRow[] = [];
  const rates: number[] = [];
  let presentCount = 0;
  for (const row of rows) {
    const { judgement, report, isComplete } = row;
    const isGone = row.isGone(nowMs);
    if (!isGone) presentCount++;
    // The last hosts are compared with hosts that are done.
    if (isComplete && judgement.usualRate !== undefined) {
      rates.push(judgement.usualRate);
    }
    const isFetching = report === undefined
      ? row.isStuck(nowMs)
      : report.state === "fetching";
    if (isComplete || isGone || !isFetching) judgement.end();
    else {
      fetching.push(row);
      if (report !== undefined) rates.push(report.downloadBytesPerSecond);
    }
  }
  return { fetching, rates: ascending(rates), presentCount };
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
