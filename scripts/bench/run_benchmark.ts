/**
 * Runs the rows of a benchmark: measures the participants of each row in turn, so
 * that changes of the machine affect all of them alike, and prints, saves and judges
 * the results.
 */
import { wholeNumber } from "../../cli/flags.ts";
import { listenForInterrupt } from "../../cli/interrupt.ts";
import {
  type JobContext,
  type Program,
  runProgram,
} from "../../cli/program.ts";
import {
  EXIT_CODES,
  type ExitCode,
  UsageError,
} from "../../cli/program_error.ts";
import { type NetworkKind, openWorkspace } from "./network.ts";
import {
  formatResults,
  formatValue,
  formatVerdicts,
  reportToJson,
  type Result,
  type RowReport,
  updateDocument,
} from "./report.ts";
import type { Participant, Row, Values } from "./row.ts";

/** A participant that takes longer has only one run, unless it is ours. */
const SLOW_MS = 60_000;

export const BENCHMARK_FLAGS = {
  only: {
    usage: "--only NAME...",
    help: "measure only this row; may be given several times",
  },
  runs: {
    usage: "--runs COUNT",
    help: "runs of each participant; the median counts (default: 5)",
    default: 5,
    read: wholeNumber(1),
  },
  json: { usage: "--json FILE", help: "write the results to a file too" },
  write: {
    usage: "--write FILE",
    help:
      "replace the figures of the measured rows in a document, docs/performance.md",
  },
} as const;

export function listNames(rows: readonly Row[]): string {
  return rows.map(({ name }) => `  ${name}`).join("\n");
}

/** Runs a benchmark as a program; namespaces and mounts are removed before the end. */
export async function startBenchmark(benchmark: Program): Promise<never> {
  const interrupt = listenForInterrupt(60_000);
  Deno.exit(await runProgram(benchmark, { interrupt }));
}

interface Benchmark {
  readonly rows: readonly Row[];
  readonly machine: string;
  readonly network: NetworkKind;
  readonly only: readonly string[];
  readonly runs: number;
  readonly size?: number | undefined;
  readonly isChosen?: (name: string) => boolean;
  readonly json: string | undefined;
  readonly write: string | undefined;
}

export async function runBenchmark(
  benchmark: Benchmark,
  context: JobContext,
): Promise<ExitCode> {
  const { rows, machine, network, only, runs, size, json, write } = benchmark;
  checkNames(only, rows.map(({ name }) => name), "row");
  const { console } = context;
  const sizeText = size === undefined ? "" : `; --size ${size} bytes`;
  console.writeLine(`${machine}; ${network}, medians of ${runs}${sizeText}\n`);
  const reports: RowReport[] = [];
  for (const row of rows) {
    if (only.length > 0 && !only.includes(row.name)) continue;
    reports.push(await runRow(row, benchmark, context));
    if (json === undefined) continue;
    // After each row, so that a later failure loses nothing.
    const rows = reports.map(reportToJson);
    const content = { machine, network, runs, size, rows };
    await Deno.writeTextFile(json, `${JSON.stringify(content, null, 2)}\n`);
  }
  console.writeLine(formatVerdicts(reports));
  if (write !== undefined) {
    const date = new Date().toISOString().slice(0, 10);
    await updateDocument(write, reports, { machine, runCount: runs, date });
  }
  const isOursWhole = reports.every(({ results, skipped }) =>
    skipped !== undefined || results[0]?.remark === undefined
  );
  return isOursWhole ? EXIT_CODES.done : EXIT_CODES.failed;
}

export function checkNames(
  given: readonly string[],
  known: readonly string[],
  kind: string,
): void {
  const unknown = given.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new UsageError(
    `there is no ${kind} ${unknown}, only ${known.join(", ")}`,
  );
}

async function runRow(
  row: Row,
  { network, size, runs, isChosen = () => true }: Benchmark,
  { console, signal }: JobContext,
): Promise<RowReport> {
  console.writeLine(`### ${row.name}\n`);
  if (row.needsNamespaces && network === "loopback") {
    const skipped = "needs network namespaces";
    console.writeLine(`${row.work}: ${skipped}\n`);
    return { row, results: [], skipped };
  }
  await using workspace = await openWorkspace(
    row.needsDisk ? "disk" : "memory",
  );
  const { folder, place } = workspace;
  console.writeLine(`${row.work}; files ${place}\n`);
  const participants = await row.prepare({ network, folder, size });
  const onRun = (name: string, values: Values): void => {
    const cells = row.metrics.map((metric) =>
      `${formatValue(values[metric.id], metric)} ${metric.label}`
    );
    console.writeErrorLine(`  ${name}: ${cells.join(", ")}`);
  };
  // A failure will repeat itself in the run that counts.
  if (row.warmsUp) await participants[0]!.measure().catch(() => undefined);
  const results = await takeTurns(
    participants.filter(({ name }) => isChosen(name)),
    { runCount: runs, signal, onRun },
  );
  const report = { row, results };
  console.writeLine(`${formatResults(report)}\n`);
  return report;
}

/**
 * Measures all participants. A failure is reported in the result. A participant has
 * no more runs after it, but others than ours may fail once.
 */
export async function takeTurns(
  participants: readonly Participant[],
  { runCount, onRun, signal }: {
    readonly runCount: number;
    readonly onRun: (name: string, values: Values) => void;
    /** Ends the measuring between two runs. */
    readonly signal: AbortSignal;
  },
): Promise<Result[]> {
  const turns = participants.map(({ name, missing, measure }) => {
    const runs: Values[] = [];
    return {
      name,
      runs,
      remark: missing,
      measure,
      isOver: missing !== undefined,
    };
  });
  for (let run = 0; run < runCount; run++) {
    for (const [index, turn] of turns.entries()) {
      if (turn.isOver) continue;
      signal.throwIfAborted();
      const startMs = performance.now();
      try {
        const values = await turn.measure();
        turn.runs.push(values);
        onRun(turn.name, values);
      } catch (error) {
        // After Ctrl+C all programs end, and waiting for one fails.
        signal.throwIfAborted();
        if (!(error instanceof Error)) throw error;
        turn.isOver = index === 0 || turn.remark !== undefined;
        const failed = turn.isOver ? "failed" : "one run failed";
        turn.remark = `${failed}: ${error.message}`;
      }
      if (turn.isOver || index === 0) continue;
      if (performance.now() - startMs > SLOW_MS) {
        turn.isOver = true;
        turn.remark = `one run only, as it takes more than ${SLOW_MS / 1000} s`;
      }
    }
  }
  return turns.map(({ name, runs, remark }) => ({ name, runs, remark }));
}
