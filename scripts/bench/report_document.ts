/**
 * A document with a section for each row of a benchmark, between
 * `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`. A run replaces the sections
 * of the rows that it measured and leaves the rest of the document as it is.
 *
 * @module
 */
import { formatResults, formatVerdicts, type RowReport } from "./report.ts";

/** Conditions of a run, as a section states them. */
export interface Conditions {
  /** Processor, memory and versions in one line. */
  readonly machine: string;
  readonly runCount: number;
  /** In ISO 8601, without a time. */
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
