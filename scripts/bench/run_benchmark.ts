/**
 * Runs the rows of a benchmark: measures the participants of each row in turn, so
 * that changes of the machine affect all of them alike, and prints, saves and judges
 * the results.
 *
 * @module
 */
import type { JobContext } from "../../cli/program.ts";
import {
  EXIT_CODES,
  type ExitCode,
  UsageError,
} from "../../cli/program_error.ts";
import type { NetworkKind } from "./network.ts";
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
import { openWorkspace } from "./workspace.ts";

/** A participant that takes longer has only one run, unless it is ours. In milliseconds. */
const SLOW_MS = 60_000;

/** A benchmark, as its command line asks for it. */
export interface Benchmark {
  readonly rows: readonly Row[];
  /** Processor, memory and versions in one line. */
  readonly machine: string;
  readonly network: NetworkKind;
  /** Names of the rows to measure; empty for all. */
  readonly only: readonly string[];
  readonly runs: number;
  /** Size of the content, in bytes. @default {the row's own size} */
  readonly size?: number | undefined;
  /** The other participants to measure. @default {all} */
  readonly isChosen?: (name: string) => boolean;
  /** A file for the results. */
  readonly json: string | undefined;
  /** A document whose figures are replaced. */
  readonly write: string | undefined;
}

/** Measures the rows. @throws {UsageError} If a row does not exist. */
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
    const content = { machine, network, runs, size };
    const text = JSON.stringify(
      { ...content, rows: reports.map(reportToJson) },
      null,
      2,
    );
    await Deno.writeTextFile(json, `${text}\n`);
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

/** @throws {UsageError} If a given name is unknown. */
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

/** Options for {@linkcode takeTurns}. */
export interface TurnOptions {
  /** Runs of each participant. */
  readonly runCount: number;
  /** Called after each run. */
  readonly onRun: (name: string, values: Values) => void;
  /** Ends the measuring between two runs. */
  readonly signal: AbortSignal;
}

/**
 * Measures all participants. A failure is reported in the result. A participant has
 * no more runs after it, but others than ours may fail once.
 */
export async function takeTurns(
  participants: readonly Participant[],
  { runCount, onRun, signal }: TurnOptions,
): Promise<Result[]> {
  const runs = new Map<Participant, Values[]>();
  const remarks = new Map<Participant, string>();
  const failures = new Map<Participant, string>();
  for (const participant of participants) {
    runs.set(participant, []);
    const { missing } = participant;
    if (missing !== undefined) remarks.set(participant, missing);
  }
  for (let turn = 0; turn < runCount; turn++) {
    for (const [index, participant] of participants.entries()) {
      if (remarks.has(participant)) continue;
      signal.throwIfAborted();
      const startMs = performance.now();
      try {
        const values = await participant.measure();
        runs.get(participant)!.push(values);
        onRun(participant.name, values);
      } catch (error) {
        // After Ctrl+C all programs end, and waiting for one fails.
        signal.throwIfAborted();
        if (!(error instanceof Error)) throw error;
        if (index === 0 || failures.has(participant)) {
          remarks.set(participant, `failed: ${error.message}`);
        }
        failures.set(participant, `one run failed: ${error.message}`);
      }
      if (index > 0 && performance.now() - startMs > SLOW_MS) {
        const seconds = SLOW_MS / 1000;
        remarks.set(
          participant,
          remarks.get(participant) ??
            `one run only, as it takes more than ${seconds} s`,
        );
      }
    }
  }
  return participants.map((participant) => ({
    name: participant.name,
    runs: runs.get(participant)!,
    remark: remarks.get(participant) ?? failures.get(participant),
  }));
}
