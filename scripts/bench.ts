/**
 * `deno task bench [--only NAME]... [--runs COUNT] [--size SIZE] [--against NAME]...`:
 * measures and prints. No result makes it fail.
 *
 * @module
 */
import { parseCommandLine, wholeNumber } from "../cli/flags.ts";
import { readSize } from "../cli/quantity.ts";
import { listenForInterrupt } from "../cli/interrupt.ts";
import { type JobContext, programOf, runProgram } from "../cli/program.ts";
import type { ExitCode } from "../cli/program_error.ts";
import { BARE_LOOP, CONTENDERS, OURS } from "./bench/contender.ts";
import { describeMachine } from "./bench/machine.ts";
import { bestNetworkKind } from "./bench/network.ts";
import type { Row } from "./bench/row.ts";
import { checkNames, runBenchmark } from "./bench/run_benchmark.ts";
import { EXECUTABLE_ROWS } from "./bench/executable_rows.ts";
import { create, verify } from "./bench/hashing_rows.ts";
import { join } from "./bench/join_row.ts";
import { earlyLeecher, manyFiles, memory } from "./bench/other_swarm_rows.ts";
import { SIMULATED_ROWS } from "./bench/simulated_rows.ts";
import { SWARM_ROWS } from "./bench/swarm_rows.ts";

/** All rows, in order. */
const ROWS: readonly Row[] = [
  ...SWARM_ROWS,
  ...EXECUTABLE_ROWS,
  memory,
  manyFiles,
  create,
  verify,
  earlyLeecher,
  join,
  ...SIMULATED_ROWS,
];

const OTHERS = [...CONTENDERS, BARE_LOOP].map(({ name }) => name)
  .filter((name) => name !== OURS);

const HELP = `
Measures sharing of files beside other clients, if these are installed, and prints
the results as Markdown.

Usage: deno task bench [options]

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
        help: `measure only this row; may be given several times:\n${
          ROWS.map(({ name }) => name).join("\n")
        }`,
      },
      runs: {
        usage: "--runs COUNT",
        help: "runs of each client; the median counts (5)",
        default: 5,
        read: wholeNumber(1),
      },
      against: {
        usage: "--against NAME...",
        help:
          `measure only this other client, or "none"; may be given several times: ${
            OTHERS.join(", ")
          }`,
      },
      size: {
        usage: "--size SIZE",
        help:
          "size of the content, such as 64MiB; the targets are for the row's own size",
        default: 0,
        read: readSize,
      },
      loopback: {
        usage: "--loopback",
        help: "use 127.0.0.1 instead of network namespaces",
      },
      json: {
        usage: "--json FILE",
        help: "write the results to a file too",
      },
      write: {
        usage: "--write FILE",
        help:
          "replace the figures of the measured rows in a document, docs/performance.md",
      },
    },
  });
  const { against } = flags;
  checkNames(against, ["none", ...OTHERS], "client");
  return await runBenchmark({
    ...flags,
    rows: ROWS,
    machine: await describeMachine(),
    network: flags.loopback ? "loopback" : await bestNetworkKind(),
    size: flags.size || undefined,
    isChosen: (name) =>
      !OTHERS.includes(name) || against.length === 0 || against.includes(name),
  }, context);
}

if (import.meta.main) {
  // Namespaces and mounts are removed before the end.
  const interrupt = listenForInterrupt(60_000);
  Deno.exit(await runProgram(programOf((args) => args, main), { interrupt }));
}
