/**
 * Compares the results of rows with their targets, and formats them as Markdown.
 * A document has a section for each row, between `<!-- bench:NAME -->` and
 * `<!-- /bench:NAME -->`; a run replaces the sections of the rows that it measured.
 */
import type { Metric, Row, Target, Values } from "./row.ts";

export interface Result {
  readonly name: string;
  /** In order; empty if the participant could not be measured. */
  readonly runs: readonly Values[];
  /** The reason why it was not measured, or not to the end. */
  readonly remark?: string;
}

export interface Verdict {
  readonly metric: string;
  readonly target: string;
  readonly measured: number;
  readonly reference: number;
  /** The participant with that value; undefined for a constant. */
  readonly referenceName: string | undefined;
  readonly ratio: number;
  readonly isMet: boolean;
}

export interface RowReport {
  readonly row: Pick<Row, "name" | "work" | "metrics" | "targets">;
  readonly results: readonly Result[];
  readonly skipped?: string;
}

/** The median of a metric over the runs that have it; `undefined` without any. */
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
 * Compares our result, the first one or that of the target's participant, with it.
 * @returns `undefined` if one of the two sides was not measured.
 */
export function judge(
  target: Target,
  results: readonly Result[],
): Verdict | undefined {
  const { participant = results[0]?.name } = target;
  const ours = results.find(({ name }) => name === participant);
  const measured = ours && medianOf(ours, target.metric);
  const reference = referenceOf(target, results);
  if (measured === undefined || reference === undefined) return undefined;
  const ratio = measured / reference.value;
  const isMet = {
    "at least": ratio >= target.factor,
    "at most": ratio <= target.factor,
    "below": ratio < target.factor,
  }[target.limit];
  return {
    metric: target.metric,
    target: target.text,
    measured,
    reference: reference.value,
    referenceName: reference.name,
    ratio,
    isMet,
  };
}

function referenceOf(
  { metric, limit, reference }: Target,
  results: readonly Result[],
): { readonly name?: string; readonly value: number } | undefined {
  if (reference.type === "constant") return { value: reference.value };
  const medians = results
    .filter(({ name }) => reference.contenders.includes(name))
    .map((result) => ({
      name: result.name,
      value: medianOf(result, metric) ?? NaN,
    }))
    .filter(({ value }) => !Number.isNaN(value))
    .sort((a, b) => a.value - b.value);
  return limit === "at least" ? medians.at(-1) : medians[0];
}

export function reportToJson({ row, results, skipped }: RowReport): unknown {
  return {
    name: row.name,
    work: row.work,
    skipped,
    results,
    verdicts: row.targets.map((target) =>
      judge(target, results) ?? { target: target.text, metric: target.metric }
    ),
  };
}

/** The table of a row: the medians of each participant, and its runs. */
export function formatResults({ row, results }: RowReport): string {
  const first = row.metrics[0]!;
  const measured = results.filter(({ runs }) => runs.length > 0);
  return [
    formatTable([
      ["", ...row.metrics.map(({ label }) => label), "runs"],
      ...measured.map((result) => [
        result.name,
        ...row.metrics.map((metric) =>
          formatValue(medianOf(result, metric.id), metric)
        ),
        result.runs.map((run) => formatValue(run[first.id], first)).join(" "),
      ]),
    ]),
    ...results.filter(({ remark }) => remark !== undefined)
      .map(({ name, remark }) => `\n- ${name}: ${remark}`),
  ].join("\n");
}

/** The table of all targets, one line each. */
export function formatVerdicts(reports: readonly RowReport[]): string {
  const lines = reports.flatMap(({ row, results, skipped }) =>
    row.targets.map((target) => {
      const metric = row.metrics.find(({ id }) => id === target.metric)!;
      const verdict = judge(target, results);
      return [
        row.work,
        metric.label,
        ...(verdict === undefined
          ? ["-", "-", "-", target.text, skipped ?? "not measured"]
          : [
            formatValue(verdict.measured, metric),
            verdict.referenceName === undefined
              ? `${verdict.reference}`
              : `${
                formatValue(verdict.reference, metric)
              } (${verdict.referenceName})`,
            verdict.ratio.toFixed(2),
            target.text,
            verdict.isMet ? "met" : "not met",
          ]),
      ];
    })
  );
  const heading = ["work", "", "lanswarm", "against", "ratio", "target", ""];
  return formatTable([heading, ...lines]);
}

export function formatValue(
  value: number | undefined,
  { decimals }: Metric,
): string {
  return value === undefined ? "-" : value.toFixed(decimals);
}

/** A Markdown table as `deno fmt` writes it; the first line is the heading. */
export function formatTable(table: readonly (readonly string[])[]): string {
  const widths = table[0]!.map((_, column) =>
    Math.max(3, ...table.map((line) => line[column]!.length))
  );
  const lines = table.map((line) =>
    `| ${
      line.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")
    } |`
  );
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [lines[0]!, rule, ...lines.slice(1)].join("\n");
}

export interface Conditions {
  readonly machine: string;
  readonly runCount: number;
  readonly date: string;
}

/**
 * Replaces the sections of measured rows in the document at a path.
 * @throws {Error} If the document has no section for a row.
 */
export async function updateDocument(
  path: string,
  reports: readonly RowReport[],
  conditions: Conditions,
): Promise<void> {
  let text = await Deno.readTextFile(path);
  for (const report of reports) {
    // A row that was not measured keeps its last figures.
    if (report.skipped !== undefined) continue;
    text = replaceSection(text, report.row.name, section(report, conditions));
  }
  await Deno.writeTextFile(path, text);
}

/** Replaces the text between the two comments of a section. */
export function replaceSection(
  text: string,
  name: string,
  body: string,
): string {
  const [open, close] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const [start, end] = [text.indexOf(open), text.indexOf(close)];
  if (start === -1 || end < start) {
    throw new Error(`Cannot write figures: the document lacks ${open}`);
  }
  return `${text.slice(0, start)}${open}\n\n${body}\n\n${text.slice(end)}`;
}

/** Results, targets and conditions of one row as Markdown. */
export function section(
  report: RowReport,
  { machine, runCount, date }: Conditions,
): string {
  const runs = runCount === 1 ? "one run" : `medians of ${runCount} runs`;
  return [
    formatResults(report),
    ...report.row.targets.length > 0 ? [formatVerdicts([report])] : [],
    `${date}, ${runs}. ${machine}.`,
  ].join("\n\n");
}
