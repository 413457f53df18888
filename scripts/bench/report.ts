/**
 * What a benchmark found, as a table. Pure.
 *
 * @module
 */

/** One run of one contender. */
export interface Measurement {
  readonly name: string;
  readonly seconds: number;
}

/** All runs of a benchmark. */
export interface Report {
  readonly benchmark: string;
  /** What each run transferred. */
  readonly lengthBytes: number;
  readonly measurements: readonly Measurement[];
}

/** A contender's runs taken together. */
export interface Summary {
  readonly name: string;
  /** In the order of the runs. */
  readonly seconds: readonly number[];
  readonly medianSeconds: number;
  readonly mebibytesPerSecond: number;
  /** How many times as long as the first contender it took. */
  readonly ratio: number;
}

/** Each contender's median, in the order of their first runs. */
export function summarize(report: Report): Summary[] {
  const runs = new Map<string, number[]>();
  for (const { name, seconds } of report.measurements) {
    runs.set(name, [...runs.get(name) ?? [], seconds]);
  }
  const medians = [...runs].map(([name, seconds]) =>
    [name, seconds, median(seconds)] as const
  );
  const reference = medians[0]?.[2] ?? 1;
  return medians.map(([name, seconds, medianSeconds]) => ({
    name,
    seconds,
    medianSeconds,
    mebibytesPerSecond: report.lengthBytes / 1024 / 1024 / medianSeconds,
    ratio: medianSeconds / reference,
  }));
}

/** The summaries as lines of text with aligned columns. */
export function formatTable(summaries: readonly Summary[]): string {
  const rows = summaries.map((summary) => [
    summary.name,
    summary.medianSeconds.toFixed(2),
    summary.mebibytesPerSecond.toFixed(0),
    summary.ratio.toFixed(2),
    summary.seconds.map((seconds) => seconds.toFixed(2)).join(" "),
  ]);
  const table = [["", "median s", "MiB/s", "time ratio", "runs"], ...rows];
  const widths = table[0]!.map((_, column) =>
    Math.max(...table.map((row) => row[column]!.length))
  );
  return table.map((row) =>
    row.map((cell, column) =>
      column === 0 || column === row.length - 1
        ? cell.padEnd(widths[column]!)
        : cell.padStart(widths[column]!)
    ).join("  ").trimEnd()
  ).join("\n");
}

/** The middle value, or the mean of the two middle ones. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >>> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
