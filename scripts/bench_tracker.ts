/**
 * `deno task bench:tracker [--only NAME]... [--runs COUNT] [--json FILE]`:
 * measures the tracker beside opentracker. No result makes it fail.
 *
 * @module
 */
import { parseCommandLine, wholeNumber } from "../cli/flags.ts";
import { listenForInterrupt } from "../cli/interrupt.ts";
import { type JobContext, programOf, runProgram } from "../cli/program.ts";
import type { ExitCode } from "../cli/program_error.ts";
import { describeTrackerMachine } from "./bench/machine.ts";
import type { Row } from "./bench/row.ts";
import { runBenchmark } from "./bench/run_benchmark.ts";
import { ANNOUNCE_ROWS } from "./bench/tracker/announce_rows.ts";
import { BURST_ROW } from "./bench/tracker/burst_row.ts";
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
`;

async function main(
  args: readonly string[],
  context: JobContext,
): Promise<ExitCode> {
  const { flags } = parseCommandLine(args, {
    help: HELP,
    flags: {
      only: {
        usage: "--only NAME...",
        help: `run this row; may be given several times: ${
          ROWS.map(({ name }) => name).join(", ")
        }`,
      },
      runs: {
        usage: "--runs COUNT",
        help: "runs of each tracker; the median counts (3)",
        default: 3,
        read: wholeNumber(1),
      },
      json: {
        usage: "--json FILE",
        help: "write the results to a file as well",
      },
      write: {
        usage: "--write FILE",
        help:
          "replace the figures of the measured rows in a document, docs/performance.md",
      },
    },
  });
  const machine = await describeTrackerMachine();
  return await runBenchmark(
    { ...flags, rows: ROWS, machine, network: "loopback" },
    context,
  );
}

if (import.meta.main) {
  // Namespaces and mounts are removed before the end.
  const interrupt = listenForInterrupt(60_000);
  Deno.exit(await runProgram(programOf((args) => args, main), { interrupt }));
}
