/**
 * `deno task simulate:rollouts [--unplug COUNT] [--forecast COUNT]`: runs seeded
 * rollouts in virtual time. Prints whether all hosts complete when the source is
 * killed at its first green light, and by how much the forecasts of the end are off. Ends
 * with 1 if a host does not complete, or a forecast is off by more than it may be.
 */
import {
  type FlagValues,
  parseCommandLine,
  wholeNumber,
} from "../cli/flags.ts";
import { type JobContext, programOf, runProgram } from "../cli/program.ts";
import { EXIT_CODES, type ExitCode } from "../cli/program_error.ts";
import { runForecast, runUnplug } from "./simulate/rollout_runs.ts";

const HELP = `
Simulates rollouts in virtual time: the real engine and the real rollout.

Usage: deno task simulate:rollouts [options]

Options:
`;

/** Shares of the content at which ends are forecast, and the largest error there. */
const FORECASTS = [
  { progress: 0.2, most: 0.15 },
  { progress: 0.5, most: 0.07 },
] as const;

const FLAGS = {
  unplug: {
    usage: "--unplug COUNT",
    help: "runs in which the source is killed at its first green light (50)",
    default: 50,
    read: wholeNumber(),
  },
  forecast: {
    usage: "--forecast COUNT",
    help: "runs whose end is forecast (20)",
    default: 20,
    read: wholeNumber(),
  },
} as const;

function simulate(
  { unplug, forecast }: FlagValues<typeof FLAGS>,
  { console }: JobContext,
): Promise<ExitCode> {
  const write = (line: string): void => console.writeLine(line);
  const isRight = [unplugAll(unplug, write), forecastAll(forecast, write)];
  const code = isRight.every(Boolean) ? EXIT_CODES.done : EXIT_CODES.failed;
  return Promise.resolve(code);
}

/** Returns whether all hosts of all runs completed. */
function unplugAll(count: number, write: (line: string) => void): boolean {
  let isRight = true;
  for (let seed = 1; seed <= count; seed++) {
    const run = runUnplug(seed);
    const { hostCount, fetchingCount, leavingCount, incompleteCount } = run;
    isRight &&= incompleteCount === 0;
    write(
      `seed ${seed}: killed after ${
        run.copiesSent.toFixed(2)
      } copies with ${fetchingCount} of ${hostCount} hosts fetching, ${leavingCount} leave when complete: ${
        incompleteCount === 0 ? "all complete" : `${incompleteCount} incomplete`
      }`,
    );
  }
  return isRight;
}

/** Returns whether no forecast was off by more than it may be. */
function forecastAll(count: number, write: (line: string) => void): boolean {
  const errors: number[][] = FORECASTS.map(() => []);
  for (let seed = 1; seed <= count; seed++) {
    const run = runForecast(seed, FORECASTS.map(({ progress }) => progress));
    const parts = run.errors.map(({ error, stated }, index) => {
      errors[index]!.push(Math.abs(error));
      return `${percent(error)} (± ${percent(stated)}) at ${
        percent(FORECASTS[index]!.progress, 0)
      }`;
    });
    write(
      `seed ${seed}: ${run.hostCount} hosts, ${
        (run.tookMs / 1000).toFixed()
      } s, ${percent(run.ofBound, 0)} of the bound; forecast with an error of ${
        parts.join(" and ")
      }`,
    );
  }
  return FORECASTS.every(({ progress, most }, index) => {
    const sorted = errors[index]!.sort((one, other) => one - other);
    const largest = sorted.at(-1) ?? 0;
    const median = sorted[sorted.length >> 1] ?? 0;
    write(
      `at ${percent(progress, 0)}: median error ${percent(median)}, largest ${
        percent(largest)
      }, at most ${percent(most, 0)} allowed`,
    );
    return largest <= most;
  });
}

function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

if (import.meta.main) {
  const parse = (args: readonly string[]) =>
    parseCommandLine(args, { help: HELP, flags: FLAGS }).flags;
  Deno.exit(await runProgram(programOf(parse, simulate)));
}
