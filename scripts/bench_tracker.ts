/**
 * `deno task bench:tracker [--only NAME]... [--runs COUNT] [--json FILE]`:
 * measures the tracker beside opentracker. No result makes it fail.
 */
import { parseCommandLine } from "../cli/flags.ts";
import { programOf } from "../cli/program.ts";
import { describeTrackerMachine } from "./bench/machine.ts";
import type { Row } from "./bench/row.ts";
import {
  BENCHMARK_FLAGS,
  listNames,
  runBenchmark,
  startBenchmark,
} from "./bench/run_benchmark.ts";
import { ANNOUNCE_ROWS, BURST_ROW } from "./bench/tracker/announce_rows.ts";
import { LOADED_ROW } from "./bench/tracker/loaded_row.ts";
import { ROLLOUT_ROW } from "./bench/tracker/rollout_row.ts";

const ROWS: readonly Row[] = [
  ...ANNOUNCE_ROWS,
  BURST_ROW,
  LOADED_ROW,
  ROLLOUT_ROW,
];

const HELP = `
Measures how many announces the tracker answers, next to opentracker where it is
installed, and a share with 1,000 hosts, and prints it as Markdown. The announces
come from wrk.

Usage: deno task bench:tracker [options]

Options:

The rows:
${listNames(ROWS)}
`;

const FLAGS = {
  ...BENCHMARK_FLAGS,
  runs: {
    ...BENCHMARK_FLAGS.runs,
    help: "runs of each tracker; the median counts (default: 3)",
    default: 3,
  },
} as const;

const bench = programOf(
  (args) => parseCommandLine(args, { help: HELP, flags: FLAGS }).flags,
  async (flags, context) =>
    await runBenchmark({
      ...{ ...flags, rows: ROWS, network: "loopback" },
      machine: await describeTrackerMachine(),
    }, context),
);

if (import.meta.main) await startBenchmark(bench);
