/**
 * `deno task bench [--only NAME] [--runs COUNT] [--json FILE]`: measures and
 * prints; nothing here passes or fails by a time.
 *
 * @module
 */
import { parseCommandLine } from "../cli/flags.ts";
import { runProgram } from "../cli/program.ts";
import { UsageError } from "../cli/program_error.ts";
import { writeLine } from "../cli/console.ts";
import { NETWORK_KIND } from "./bench/network.ts";
import { benchmarkOneToOne } from "./bench/one_to_one.ts";
import {
  formatTable,
  type Measurement,
  type Report,
  summarize,
} from "./bench/report.ts";

/** Runs so many times and tells of each run. */
type Benchmark = (
  runCount: number,
  tell: (measurement: Measurement) => void,
) => Promise<Report>;

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  "one-to-one": benchmarkOneToOne,
};

const HELP = `
Measures how fast a file is shared, next to other clients where installed.

Usage: deno task bench [options]

  --only NAME   run one benchmark: ${Object.keys(BENCHMARKS).join(", ")}
  --runs COUNT  runs of each contender; the median counts (3)
  --json FILE   write the results to a file as well
  --version, --help, --debug
`;

async function main(args: readonly string[]): Promise<number> {
  const { flags } = parseCommandLine(args, {
    help: HELP,
    flags: {
      only: { type: "text" },
      runs: { type: "number", default: 3, min: 1 },
      json: { type: "text" },
    },
  });
  if (flags.only !== undefined && BENCHMARKS[flags.only] === undefined) {
    throw new UsageError(`there is no benchmark ${flags.only}`);
  }
  const results = [];
  for (const [name, benchmark] of Object.entries(BENCHMARKS)) {
    if (flags.only !== undefined && flags.only !== name) continue;
    writeLine(`${name} (${NETWORK_KIND}, Deno ${Deno.version.deno})`);
    const report = await benchmark(flags.runs, ({ name, seconds }) => {
      writeLine(`  ${name}: ${seconds.toFixed(2)} s`);
    });
    const summaries = summarize(report);
    writeLine(formatTable(summaries));
    results.push({
      benchmark: name,
      lengthBytes: report.lengthBytes,
      network: NETWORK_KIND,
      deno: Deno.version.deno,
      cpuCount: navigator.hardwareConcurrency,
      contenders: summaries,
    });
  }
  if (flags.json !== undefined) {
    await Deno.writeTextFile(flags.json, JSON.stringify(results, null, 2));
  }
  return 0;
}

if (import.meta.main) Deno.exit(await runProgram(main));
