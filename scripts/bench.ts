/**
 * `deno task bench [--only NAME]... [--runs COUNT] [--size SIZE] [--against NAME]...`:
 * measures and prints. No result makes it fail.
 *
 * @module
 */
import type { Console } from "../cli/console.ts";
import { parseCommandLine, wholeNumber } from "../cli/flags.ts";
import { readSize } from "../cli/quantity.ts";
import { type JobContext, runProgram } from "../cli/program.ts";
import { EXIT_CODES, type ExitCode, UsageError } from "../cli/program_error.ts";
import { CONTENDERS, OURS } from "./bench/contender.ts";
import { describeMachine } from "./bench/machine.ts";
import { measureRow } from "./bench/measure_row.ts";
import { bestNetworkKind, type NetworkKind } from "./bench/network.ts";
import {
  formatVerdicts,
  reportToJson,
  type RowReport,
} from "./bench/report.ts";
import { updateDocument } from "./bench/report_document.ts";
import type { Row } from "./bench/row.ts";
import { earlyLeecher } from "./bench/early_leecher.ts";
import { create, verify } from "./bench/hashing_rows.ts";
import { manyFiles } from "./bench/many_files.ts";
import { memory } from "./bench/memory.ts";
import { SIMULATED_ROWS } from "./bench/simulated_rows.ts";
import { SWARM_ROWS } from "./bench/swarm_rows.ts";
import { openWorkspace } from "./bench/workspace.ts";

/** All rows, in order. */
const ROWS: readonly Row[] = [
  ...SWARM_ROWS,
  memory,
  manyFiles,
  create,
  verify,
  earlyLeecher,
  ...SIMULATED_ROWS,
];

const OTHERS = CONTENDERS.map(({ name }) => name).filter((name) =>
  name !== OURS
);

const HELP = `
Measures sharing of files beside other clients, if these are installed, and prints
the results as Markdown.

Usage: deno task bench [options]

  --only NAME    measure only this row; may be given several times:
                 ${chunk(ROWS.map(({ name }) => name), 3).join(",\n")}
  --runs COUNT   runs of each client; the median counts (5)
  --against NAME measure only this other client, or "none"; may be given several
                 times: ${OTHERS.join(", ")}
  --size SIZE    size of the content, such as 64MiB; the targets are for the
                 row's own size
  --loopback     use 127.0.0.1 instead of network namespaces
  --json FILE    write the results to a file too
  --write FILE   replace the figures of the measured rows in a document,
                 docs/performance.md
  --version, --help, --debug
`;

/** The options of a run. */
interface BenchOptions {
  readonly runCount: number;
  readonly against: readonly string[];
  readonly size: number | undefined;
  readonly network: NetworkKind;
  readonly signal: AbortSignal;
  readonly console: Console;
}

async function main(
  args: readonly string[],
  { console, signal }: JobContext,
): Promise<ExitCode> {
  const { flags } = parseCommandLine(args, {
    help: HELP,
    flags: {
      only: { type: "list" },
      runs: { type: "text", default: 5, read: wholeNumber(1) },
      against: { type: "list" },
      size: { type: "text", default: 0, read: readSize },
      loopback: { type: "boolean" },
      json: { type: "text" },
      write: { type: "text" },
    },
  });
  checkNames(flags.only, ROWS.map(({ name }) => name), "row");
  checkNames(flags.against, ["none", ...OTHERS], "client");
  const rows = ROWS.filter(({ name }) =>
    flags.only.length === 0 || flags.only.includes(name)
  );
  const options: BenchOptions = {
    runCount: flags.runs,
    against: flags.against,
    size: flags.size > 0 ? flags.size : undefined,
    network: flags.loopback ? "loopback" : await bestNetworkKind(),
    signal,
    console,
  };
  const machine = await describeMachine();
  const size = options.size === undefined
    ? ""
    : `; --size ${options.size} bytes`;
  console.writeLine(
    `${machine}; ${options.network}, medians of ${flags.runs}${size}\n`,
  );
  const reports: RowReport[] = [];
  for (const row of rows) {
    reports.push(await runRow(row, options));
    // After each row, so that a later failure loses nothing.
    if (flags.json !== undefined) {
      const head = {
        ...{ machine, network: options.network, runs: flags.runs },
        size: options.size,
      };
      const text = JSON.stringify(
        { ...head, rows: reports.map(reportToJson) },
        null,
        2,
      );
      await Deno.writeTextFile(flags.json, `${text}\n`);
    }
  }
  console.writeLine(formatVerdicts(reports));
  if (flags.write !== undefined) {
    const date = new Date().toISOString().slice(0, 10);
    const conditions = { machine, runCount: flags.runs, date };
    await updateDocument(flags.write, reports, conditions);
  }
  const isOursWhole = reports.every(({ results, skipped }) =>
    skipped !== undefined || results[0]?.remark === undefined
  );
  return isOursWhole ? EXIT_CODES.done : EXIT_CODES.failed;
}

async function runRow(row: Row, options: BenchOptions): Promise<RowReport> {
  const { network, size, against, runCount, signal, console } = options;
  console.writeLine(`### ${row.name}\n`);
  if (row.needsNamespaces && network === "loopback") {
    const skipped = "needs network namespaces";
    console.writeLine(`${row.work}: ${skipped}\n`);
    return { row, results: [], skipped };
  }
  await using workspace = await openWorkspace(
    row.needsDisk ? "disk" : "memory",
  );
  console.writeLine(`${row.work}; files ${WHERE[workspace.kind]}\n`);
  const participants = await row.prepare({
    network,
    folder: workspace.folder,
    size,
  });
  const chosen = participants.filter(({ name }) =>
    !OTHERS.includes(name) || against.length === 0 || against.includes(name)
  );
  return await measureRow(row, chosen, { runCount, signal, console });
}

const WHERE = {
  memory: "in memory",
  disk: "on the disk or in its cache",
} as const;

function checkNames(
  given: readonly string[],
  known: readonly string[],
  kind: string,
): void {
  for (const name of given) {
    if (!known.includes(name)) {
      throw new UsageError(
        `there is no ${kind} ${name}, only ${known.join(", ")}`,
      );
    }
  }
}

/** Names in lines of at most `count`. */
function chunk(names: readonly string[], count: number): string[] {
  const lines = [];
  for (let start = 0; start < names.length; start += count) {
    lines.push(names.slice(start, start + count).join(", "));
  }
  return lines.map((line, index) =>
    index === 0 ? line : `${" ".repeat(17)}${line}`
  );
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
