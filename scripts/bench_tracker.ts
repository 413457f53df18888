/**
 * `deno task bench:tracker [--only NAME]... [--runs COUNT] [--json FILE]`:
 * measures the tracker next to opentracker; nothing here passes or fails by a
 * time.
 *
 * @module
 */
import { parseCommandLine, wholeNumber } from "../cli/flags.ts";
import { type JobContext, runProgram } from "../cli/program.ts";
import { EXIT_CODES, type ExitCode, UsageError } from "../cli/program_error.ts";
import { measureRow } from "./bench/measure_row.ts";
import {
  formatVerdicts,
  reportToJson,
  type RowReport,
} from "./bench/report.ts";
import { updateDocument } from "./bench/report_document.ts";
import type { Row } from "./bench/row.ts";
import { openWorkspace } from "./bench/workspace.ts";
import { ANNOUNCE_ROWS } from "./bench/tracker/announce_rows.ts";
import { LOADED_ROW } from "./bench/tracker/loaded_row.ts";
import { describeTrackerMachine } from "./bench/tracker/tracker_machine.ts";

const ROWS: readonly Row[] = [...ANNOUNCE_ROWS, LOADED_ROW];
const NAMES = ROWS.map(({ name }) => name);

const HELP = `
Measures how many announces the tracker answers, next to opentracker where it is
installed, and prints it as Markdown. The announces come from wrk.

Usage: deno task bench:tracker [options]

  --only NAME   run this row; may be given several times:
                ${NAMES.join(", ")}
  --runs COUNT  runs of each tracker; the median counts (3)
  --json FILE   write the results to a file as well
  --write FILE  replace the figures of the measured rows in a document,
                docs/performance.md
  --version, --help, --debug
`;

async function main(
  args: readonly string[],
  context: JobContext,
): Promise<ExitCode> {
  const { console } = context;
  const { flags } = parseCommandLine(args, {
    help: HELP,
    flags: {
      only: { type: "list" },
      runs: { type: "text", default: 3, read: wholeNumber(1) },
      json: { type: "text" },
      write: { type: "text" },
    },
  });
  const unknown = flags.only.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `there is no row ${unknown}, only ${NAMES.join(", ")}`,
    );
  }
  const machine = await describeTrackerMachine();
  console.writeLine(`${machine}; loopback, medians of ${flags.runs}\n`);
  const reports: RowReport[] = [];
  for (const row of ROWS) {
    if (flags.only.length > 0 && !flags.only.includes(row.name)) continue;
    reports.push(await runRow(row, flags.runs, context));
    // After each, so that a row that fails takes nothing with it.
    if (flags.json === undefined) continue;
    const rows = reports.map(reportToJson);
    const content = { machine, runs: flags.runs, rows };
    const text = JSON.stringify(content, null, 2);
    await Deno.writeTextFile(flags.json, `${text}\n`);
  }
  console.writeLine(formatVerdicts(reports));
  if (flags.write !== undefined) {
    const date = new Date().toISOString().slice(0, 10);
    const conditions = { machine, runCount: flags.runs, date };
    await updateDocument(flags.write, reports, conditions);
  }
  const isOursWhole = reports.every(({ results }) =>
    results[0]?.remark === undefined
  );
  return isOursWhole ? EXIT_CODES.done : EXIT_CODES.failed;
}

async function runRow(
  row: Row,
  runCount: number,
  { console, signal }: JobContext,
): Promise<RowReport> {
  console.writeLine(`### ${row.name}\n`);
  console.writeLine(`${row.work}\n`);
  await using workspace = await openWorkspace("memory");
  const { folder } = workspace;
  const participants = await row.prepare({ network: "loopback", folder });
  return await measureRow(row, participants, { runCount, signal, console });
}

if (import.meta.main) {
  Deno.exit(
    await runProgram({
      parse: (args) => args,
      run: main,
      handlesSignals: true,
    }),
  );
}
