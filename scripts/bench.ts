/**
 * `deno task bench [--only NAME]... [--runs COUNT] [--size SIZE] [--against NAME]...`:
 * measures and prints. No result makes it fail.
 */
import { parseCommandLine } from "../cli/flags.ts";
import { programOf } from "../cli/program.ts";
import { readSize } from "../cli/quantity.ts";
import { BARE_LOOP, CONTENDERS } from "./bench/contender.ts";
import { EXECUTABLE_ROWS, join } from "./bench/executable_rows.ts";
import { create, verify } from "./bench/hashing_rows.ts";
import { describeMachine } from "./bench/machine.ts";
import { bestNetworkKind } from "./bench/network.ts";
import {
  earlyLeecher,
  manyFiles,
  manyTorrents,
  memory,
} from "./bench/other_swarm_rows.ts";
import { OURS, type Row } from "./bench/row.ts";
import {
  BENCHMARK_FLAGS,
  checkNames,
  listNames,
  runBenchmark,
  startBenchmark,
} from "./bench/run_benchmark.ts";
import { SIMULATED_ROWS } from "./bench/simulated_rows.ts";
import { SWARM_ROWS } from "./bench/swarm_rows.ts";

const ROWS: readonly Row[] = [
  ...SWARM_ROWS,
  ...EXECUTABLE_ROWS,
  ...[memory, manyFiles, manyTorrents, create, verify, earlyLeecher, join],
  ...SIMULATED_ROWS,
];

const OTHERS = [...CONTENDERS, BARE_LOOP].map(({ name }) => name)
  .filter((name) => name !== OURS);

const HELP = `
Measures sharing of files beside other clients, if these are installed, and prints
the results as Markdown.

Usage: deno task bench [options]

Options:

The rows:
${listNames(ROWS)}
`;

const FLAGS = {
  ...BENCHMARK_FLAGS,
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
} as const;

const bench = programOf(
  (args) => parseCommandLine(args, { help: HELP, flags: FLAGS }).flags,
  async (flags, context) => {
    const { against } = flags;
    checkNames(against, ["none", ...OTHERS], "client");
    return await runBenchmark({
      ...flags,
      rows: ROWS,
      machine: await describeMachine(),
      network: flags.loopback ? "loopback" : await bestNetworkKind(),
      size: flags.size || undefined,
      isChosen: (name) =>
        !OTHERS.includes(name) || against.length === 0 ||
        against.includes(name),
    }, context);
  },
);

if (import.meta.main) await startBenchmark(bench);
