/**
 * `deno task bench [--only NAME] [--runs COUNT] [--loopback] [--json FILE]`: measures and
 * prints; nothing here passes or fails by a time.
 *
 * @module
 */
import { parseCommandLine } from "../cli/flags.ts";
import { runProgram } from "../cli/program.ts";
import { UsageError } from "../cli/program_error.ts";
import { writeLine } from "../cli/console.ts";
import type { Benchmark } from "./bench/benchmark.ts";
import { bestNetworkKind } from "./bench/network.ts";
import { benchmarkOneToOne } from "./bench/one_to_one.ts";
import { formatTable, summarize } from "./bench/report.ts";

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  "one-to-one": benchmarkOneToOne,
};

const HELP = `
Measures how fast a file is shared, next to other clients where installed.

Usage: deno task bench [options]

  --only NAME   run one benchmark: ${Object.keys(BENCHMARKS).join(", ")}
  --runs COUNT  runs of each contender; the median counts (3)
  --loopback    on 127.0.0.1 even where network namespaces can be made
  --json FILE   write the results to a file as well
  --version, --help, --debug
`;

async function main(args: readonly string[]): Promise<number> {
  const { flags } = parseCommandLine(args, {
    help: HELP,
    flags: {
      only: { type: "text" },
      runs: { type: "number", default: 3, min: 1 },
      loopback: { type: "boolean" },
      json: { type: "text" },
    },
  });
  if (flags.only !== undefined && BENCHMARKS[flags.only] === undefined) {
    throw new UsageError(`there is no benchmark ${flags.only}`);
  }
  const network = flags.loopback ? "loopback" : await bestNetworkKind();
  const results = [];
  for (const [name, benchmark] of Object.entries(BENCHMARKS)) {
    if (flags.only !== undefined && flags.only !== name) continue;
    writeLine(`${name} (${network}, Deno ${Deno.version.deno})`);
    const report = await benchmark({
      runCount: flags.runs,
      network,
      tell: ({ name, seconds }) => {
        writeLine(`  ${name}: ${seconds.toFixed(2)} s`);
      },
    });
    const summaries = summarize(report);
    writeLine(formatTable(summaries));
    results.push({
      benchmark: name,
      lengthBytes: report.lengthBytes,
      network,
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
