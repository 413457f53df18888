/**
 * `deno task simulate [--peers COUNT] [--pieces COUNT] [--up RATE] …`: runs the engine
 * in virtual time, a whole swarm in one process, and prints the times it takes against
 * the least time possible.
 *
 * @module
 */
import type { LiveBlock } from "../cli/console.ts";
import { parseCommandLine, wholeNumber } from "../cli/flags.ts";
import { readSize } from "../cli/quantity.ts";
import { type JobContext, programOf, runProgram } from "../cli/program.ts";
import { EXIT_CODES, type ExitCode, UsageError } from "../cli/program_error.ts";
import { renderBarLine } from "../cli/progress_bar.ts";
import { MAX_PEERS, PIECE_LENGTH, StorageError } from "../mod.ts";
import { curveToSvg, drawCurve } from "./simulate/completion_curve.ts";
import { parseLinkRate } from "./simulate/link_rate.ts";
import { type Figures, figuresOf } from "./simulate/figures.ts";
import { describeFigures, describeScenario } from "./simulate/outcome_text.ts";
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

const FLAGS = {
  peers: {
    usage: "--peers COUNT",
    help: "leechers, which start together beside one seeder (100)",
    default: 100,
    read: wholeNumber(1, 10_000),
  },
  pieces: {
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
  up: {
    usage: "--up RATE",
    help: "upload rate of every link, as 1gbit or 200mbit (1gbit)",
    default: "1gbit",
  },
  down: { usage: "--down RATE", help: "download rate of every link (as --up)" },
  slow: {
    usage: "--slow COUNT",
    help: "leechers on slower links, of all (0)",
    default: 0,
    read: wholeNumber(),
  },
  slowRate: {
    usage: "--slow-rate RATE",
    help: "rate of slower links, both ways (a tenth of --up)",
  },
  leave: {
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
  svg: { usage: "--svg FILE", help: "write the curve to a file" },
  json: {
    usage: "--json",
    help: "write the figures as JSON instead, times in milliseconds",
  },
} as const;

async function main(
  args: readonly string[],
  { console }: JobContext,
): Promise<ExitCode> {
  const { flags, positionals } = parseCommandLine(args, {
    help: HELP,
    flags: FLAGS,
  });
  if (positionals.length > 0) {
    throw new UsageError(`there is nothing to do with ${positionals[0]}`);
  }
  const up = readRate("up", flags.up);
  const slowRate = flags.slowRate;
  const scenario: Scenario = {
    seed: flags.seed,
    leecherCount: flags.peers,
    pieceCount: flags.pieces,
    pieceLength: flags.pieceLength,
    upBytesPerSecond: up,
    downBytesPerSecond: flags.down === undefined
      ? up
      : readRate("down", flags.down),
    slowCount: flags.slow,
    slowBytesPerSecond: slowRate === undefined
      ? undefined
      : readRate("slow-rate", slowRate),
    leavingCount: flags.leave,
    doesSeederLeave: flags.doesSeederLeave,
    maxPeers: flags.maxPeers,
  };
  checkCounts(scenario);
  const writeLines = (lines: readonly string[]): void => {
    for (const line of lines) console.writeLine(line);
  };
  if (!flags.json) writeLines(describeScenario(scenario));
  const startMs = performance.now();
  using block = console.openBlock();
  const onSample = console.isLive && !flags.json
    ? (sample: Sample) => showSample(sample, block)
    : undefined;
  const run = runScenario(scenario, { onSample });
  block.show([]);
  const tookMs = performance.now() - startMs;
  const figures = figuresOf(run);
  const curve = { samples: run.samples, boundMs: boundOf(figures) };
  if (flags.json) {
    console.writeLine(JSON.stringify({ ...figures, tookMs }));
  } else {
    writeLines([...describeFigures(figures), "", ...drawCurve(curve), ""]);
    console.writeLine(`the simulation took ${(tookMs / 1000).toFixed(1)} s`);
  }
  if (flags.svg !== undefined) {
    const [title] = describeScenario(scenario);
    await writeSvg(flags.svg, curveToSvg(curve, title!));
  }
  return EXIT_CODES.done;
}

/** Shows the progress on the terminal: a large swarm takes a minute. */
function showSample(
  { at, held, complete }: Sample,
  block: LiveBlock,
): void {
  const parts = [
    { text: `${Math.floor(held * 100)} % held`, columns: 10 },
    { text: `${Math.floor(complete * 100)} % complete`, columns: 14 },
    { text: `after ${(at / 1000).toFixed(2)} s`, columns: 14 },
  ];
  // One column stays free: some terminals wrap when the last is written.
  block.show([renderBarLine(held, parts, block.room().columns - 1)]);
}

/** The bound of the leechers that the curve shows first. */
function boundOf({ fast, slow }: Figures): number {
  return (fast ?? slow)!.boundMs;
}

async function writeSvg(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StorageError(
      `Cannot write ${path}: ${reason}; choose another place`,
      { cause: error },
    );
  }
}

function readRate(flag: string, text: string): number {
  const rate = parseLinkRate(text);
  if (rate === undefined) {
    throw new UsageError(
      `--${flag} must be a rate such as 1gbit or 200mbit, not ${text}`,
    );
  }
  return rate;
}

function checkCounts(scenario: Scenario): void {
  const { leecherCount, pieceLength } = scenario;
  const { slowCount = 0, leavingCount = 0 } = scenario;
  if (slowCount > leecherCount) {
    throw new UsageError(
      `--slow ${slowCount} are more than there are leechers`,
    );
  }
  if (leavingCount >= leecherCount) {
    throw new UsageError(`--leave ${leavingCount} leaves no leecher`);
  }
  if (pieceLength < 1) throw new UsageError("--piece-length must be above 0");
}

if (import.meta.main) {
  Deno.exit(await runProgram(programOf((args) => args, main)));
}
