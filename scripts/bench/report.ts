/**
 * What a row found, judged and as text. Pure.
 *
 * @module
 */
import type { Metric, Reference, Row, Target, Values } from "./row.ts";

/** All runs of one contender, or why there are none. */
export interface Result {
  readonly name: string;
  /** In their order; empty if it could not be measured. */
  readonly runs: readonly Values[];
  /** Why it was not measured, or no further. */
  readonly failure?: string;
}

/** What became of a target. */
export interface Verdict {
  readonly metric: string;
  /** What was to be reached. */
  readonly target: string;
  /** The median of ours. */
  readonly measured: number;
  /** What it was compared with. */
  readonly reference: number;
  /** `measured / reference`. */
  readonly ratio: number;
  readonly isMet: boolean;
}

/** The median of a metric over the runs that have it; `undefined` if none has. */
export function medianOf(result: Result, metric: string): number | undefined {
  const values = result.runs
    .map((run) => run[metric])
    .filter((value) => value !== undefined)
    .sort((a, b) => a - b);
  if (values.length === 0) return undefined;
  const middle = values.length >>> 1;
  return values.length % 2 === 1
    ? values[middle]!
    : (values[middle - 1]! + values[middle]!) / 2;
}

/**
 * Compares ours, which is the first result, with a target.
 * @returns `undefined` if one of the two sides was not measured.
 */
export function judge(
  target: Target,
  results: readonly Result[],
): Verdict | undefined {
  const ours = results[0];
  const measured = ours && medianOf(ours, target.metric);
  const reference = valueOf(target.reference, target, results);
  if (measured === undefined || reference === undefined) return undefined;
  const ratio = measured / reference;
  return {
    metric: target.metric,
    target: target.text,
    measured,
    reference,
    ratio,
    isMet: target.limit === "at least"
      ? ratio >= target.factor
      : ratio <= target.factor,
  };
}

function valueOf(
  reference: Reference,
  { metric, limit }: Target,
  results: readonly Result[],
): number | undefined {
  switch (reference.type) {
    case "constant":
      return reference.value;
    case "bestOf": {
      const medians = results
        .filter(({ name }) => reference.contenders.includes(name))
        .map((result) => medianOf(result, metric))
        .filter((median) => median !== undefined);
      if (medians.length === 0) return undefined;
      return limit === "at least" ? Math.max(...medians) : Math.min(...medians);
    }
    default:
      return reference satisfies never;
  }
}

/** A row's results: a line for each contender, then one for each target. */
export function formatResults(row: Row, results: readonly Result[]): string {
  const first = row.metrics[0]!;
  const lines = results.filter(({ runs }) => runs.length > 0).map((result) => [
    result.name,
    ...row.metrics.map((metric) =>
      formatValue(medianOf(result, metric.id), metric)
    ),
    result.runs.map((run) => formatValue(run[first.id], first)).join(" "),
  ]);
  const heading = ["", ...row.metrics.map(({ label }) => label), "runs"];
  return [
    ...alignColumns([heading, ...lines]),
    ...results.filter(({ failure }) => failure !== undefined)
      .map(({ name, failure }) => `${name}: ${failure}`),
    ...row.targets.map((target) => formatVerdict(row, target, results)),
  ].join("\n");
}

function formatVerdict(
  row: Row,
  target: Target,
  results: readonly Result[],
): string {
  const { label } = row.metrics.find(({ id }) => id === target.metric)!;
  const verdict = judge(target, results);
  const outcome = verdict === undefined
    ? "not measured"
    : `${verdict.ratio.toFixed(2)} ×, ${verdict.isMet ? "met" : "not met"}`;
  return `target: ${label} ${target.text}: ${outcome}`;
}

/** A value in its metric's decimals. */
export function formatValue(
  value: number | undefined,
  { decimals }: Metric,
): string {
  return value === undefined ? "-" : value.toFixed(decimals);
}

/** Cells as lines: the first and the last column to the left, the rest to the right. */
export function alignColumns(table: readonly (readonly string[])[]): string[] {
  const widths = table[0]!.map((_, column) =>
    Math.max(...table.map((row) => row[column]!.length))
  );
  return table.map((row) =>
    row.map((cell, column) =>
      column === 0 || column === row.length - 1
        ? cell.padEnd(widths[column]!)
        : cell.padStart(widths[column]!)
    ).join("  ").trimEnd()
  );
}
