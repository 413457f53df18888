/**
 * `deno task simulate [--peers COUNT] [--pieces COUNT] [--up RATE] …`: runs the engine
 * in virtual time, a whole swarm in one process, and prints the times it takes against
 * the least time possible.
 */
import type { Console } from "../cli/console.ts";
import { parseCommandLine, wholeNumber } from "../cli/flags.ts";
import { type JobContext, programOf, runProgram } from "../cli/program.ts";
import { UsageError } from "../cli/program_error.ts";
import { renderBarLine } from "../cli/progress_bar.ts";
import { readSize } from "../cli/quantity.ts";
import { MAX_PEERS, PIECE_LENGTH } from "../mod.ts";
import {
  describeFigures,
  describeScenario,
  drawCurve,
  figuresOf,
  parseLinkRate,
} from "./simulate/figures.ts";
import {
  runScenario,
  type Sample,
  type Scenario,
} from "./simulate/scenario.ts";

const HELP = `
Simulates a swarm in virtual time: the peers' real engine, with virtual links and clocks
in place of sockets.

Usage: deno task simulate [options]

Options:
`;

/** @throws {RangeError} */
function readLinkRate(text: string): number {
  const rate = parseLinkRate(text);
  if (rate !== undefined) return rate;
  throw new RangeError(`${text} is not a rate such as 1gbit or 200mbit`);
}

const FLAGS = {
  leecherCount: {
    usage: "--peers COUNT",
    help: "leechers, which start together beside one seeder (100)",
    default: 100,
    read: wholeNumber(1, 10_000),
  },
  pieceCount: {
    usage: "--pieces COUNT",
    help: "number of pieces (1000)",
    default: 1000,
    read: wholeNumber(1, 1_000_000),
  },
  pieceLength: {
    usage: "--piece-length SIZE",
    help: "length of a piece (256KiB)",
    default: PIECE_LENGTH,
    read: readSize,
  },
  upBytesPerSecond: {
    usage: "--up RATE",
    help: "upload rate of every link, as 1gbit or 200mbit (1gbit)",
    default: 125_000_000,
    read: readLinkRate,
  },
  downBytesPerSecond: {
    usage: "--down RATE",
    help: "download rate of every link (as --up)",
    read: readLinkRate,
  },
  slowCount: {
    usage: "--slow COUNT",
    help: "leechers on slower links, of all (0)",
    default: 0,
    read: wholeNumber(),
  },
  slowBytesPerSecond: {
    usage: "--slow-rate RATE",
    help: "rate of slower links, both ways (a tenth of --up)",
    read: readLinkRate,
  },
  leavingCount: {
    usage: "--leave COUNT",
    help: "leechers that leave midway, of all (0)",
    default: 0,
    read: wholeNumber(),
  },
  doesSeederLeave: {
    usage: "--seeder-leaves",
    help: "the seeder leaves once the leechers have one copy",
  },
  maxPeers: {
    usage: "--max-peers COUNT",
    help: `limit of connections of each host (${MAX_PEERS})`,
    default: MAX_PEERS,
    read: wholeNumber(1, 10_000),
  },
  seed: {
    usage: "--seed NUMBER",
    help: "seed of the run: the same seed gives the same run (1)",
    default: 1,
    read: wholeNumber(),
  },
  json: {
    usage: "--json",
    help: "write the figures as JSON instead, times in milliseconds",
  },
} as const;

interface SimulateJob extends Scenario {
  readonly json: boolean;
}

/** @throws {UsageError} */
function parseSimulateJob(args: readonly string[]): SimulateJob {
  const { flags } = parseCommandLine(args, { help: HELP, flags: FLAGS });
  const { leecherCount, slowCount, leavingCount, upBytesPerSecond } = flags;
  if (slowCount > leecherCount) {
    throw new UsageError(
      `--slow ${slowCount} are more than there are leechers`,
    );
  }
  if (leavingCount >= leecherCount) {
    throw new UsageError(`--leave ${leavingCount} leaves no leecher`);
  }
  if (flags.pieceLength < 1) {
    throw new UsageError("--piece-length must be above 0");
  }
  const { downBytesPerSecond = upBytesPerSecond } = flags;
  return { ...flags, downBytesPerSecond };
}

function simulate(
  { json, ...scenario }: SimulateJob,
  { console }: JobContext,
): Promise<void> {
  const writeLines = (lines: readonly string[]): void =>
    lines.forEach((line) => console.writeLine(line));
  if (!json) writeLines(describeScenario(scenario));
  const startMs = performance.now();
  const onSample = console.isLive && !json
    ? (sample: Sample) => showSample(sample, console)
    : undefined;
  const run = runScenario(scenario, onSample);
  console.show([]);
  const tookMs = performance.now() - startMs;
  const figures = figuresOf(run);
  if (json) {
    console.writeLine(JSON.stringify({ ...figures, tookMs }));
  } else {
    const { boundMs } = (figures.fast ?? figures.slow)!;
    const curve = drawCurve(run.samples, boundMs);
    writeLines([...describeFigures(figures), "", ...curve, ""]);
    console.writeLine(`the simulation took ${(tookMs / 1000).toFixed(1)} s`);
  }
  return Promise.resolve();
}

/** Shows the progress on the terminal: a large swarm takes a minute. */
function showSample(
  { at, held, complete }: Sample,
  console: Console,
): void {
  const parts = [
    { text: `${Math.floor(held * 100)} % held`, columns: 10 },
    { text: `${Math.floor(complete * 100)} % complete`, columns: 14 },
    { text: `after ${(at / 1000).toFixed(2)} s`, columns: 14 },
  ];
  // One column stays free: some terminals wrap when the last is written.
  console.show([renderBarLine(held, parts, console.room.columns - 1)]);
}

if (import.meta.main) {
  Deno.exit(await runProgram(programOf(parseSimulateJob, simulate)));
}
