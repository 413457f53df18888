/**
 * `deno task bench [--only NAME]... [--runs COUNT] [--size SIZE] [--loopback] [--json FILE]`:
 * measures and prints; nothing here passes or fails by a time.
 *
 * @module
 */
import { parseCommandLine } from "../cli/flags.ts";
import { Interrupt } from "../cli/interrupt.ts";
import { runProgram } from "../cli/program.ts";
import { UsageError } from "../cli/program_error.ts";
import { writeLine } from "../cli/console.ts";
import { bestNetworkKind } from "./bench/network.ts";
import { oneToOne } from "./bench/one_to_one.ts";
import { formatResults, formatValue, judge } from "./bench/report.ts";
import type { Row } from "./bench/row.ts";
import { takeTurns } from "./bench/take_turns.ts";
import { openWorkspace } from "./bench/workspace.ts";

const ROWS: readonly Row[] = [oneToOne];

const HELP = `
Measures how fast a file is shared, next to other clients where installed.

Usage: deno task bench [options]

  --only NAME   run one row; may be given more than once:
                ${ROWS.map(({ name }) => name).join(", ")}
  --runs COUNT  runs of each contender; the median counts (5)
  --size SIZE   share so much instead of what the row says, like 64MiB; the
                targets are for the row's own size
  --loopback    on 127.0.0.1 even where network namespaces can be made
  --json FILE   write the results to a file as well
  --version, --help, --debug
`;

async function main(args: readonly string[]): Promise<number> {
  const { flags } = parseCommandLine(args, {
    help: HELP,
    flags: {
      only: { type: "text" },
      runs: { type: "number", default: 5, min: 1 },
      size: { type: "size", default: 0 },
      loopback: { type: "boolean" },
      json: { type: "text" },
    },
  });
  const rows = ROWS.filter(({ name }) =>
    flags.only === undefined || name === flags.only
  );
  if (rows.length === 0) {
    throw new UsageError(`there is no row ${flags.only}`);
  }
  using interrupt = Interrupt.listen("run the benchmark");
  const { signal } = interrupt;
  const network = flags.loopback ? "loopback" : await bestNetworkKind();
  const reports = [];
  for (const row of rows) {
    await using workspace = await openWorkspace();
    writeLine(
      `${row.name}: ${row.work} (${network}, files in ${
        workspace.kind === "memory" ? "memory" : "the page cache or on the disk"
      }, Deno ${Deno.version.deno})`,
    );
    const participants = await row.prepare({
      network,
      folder: workspace.folder,
      storage: workspace.kind,
      ...(flags.size > 0 && { size: flags.size }),
    });
    const results = await takeTurns(participants, {
      runCount: flags.runs,
      signal,
      onRun: (name, values) => {
        const cells = row.metrics.map((metric) =>
          `${formatValue(values[metric.id], metric)} ${metric.label}`
        );
        writeLine(`  ${name}: ${cells.join(", ")}`);
      },
    });
    writeLine(formatResults(row, results));
    reports.push({
      row: row.name,
      work: row.work,
      results,
      verdicts: row.targets.map((target) => judge(target, results)),
    });
  }
  if (flags.json !== undefined) {
    await Deno.writeTextFile(flags.json, JSON.stringify(reports, null, 2));
  }
  return 0;
}

if (import.meta.main) Deno.exit(await runProgram(main));
