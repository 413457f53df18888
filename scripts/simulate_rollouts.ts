/**
 * `deno task simulate:rollouts [--unplug COUNT]`: runs seeded rollouts in virtual
 * time, and prints whether all hosts complete when the source is killed at its first
 * green light. Ends with 1 if a host does not.
 *
 * @module
 */
import { parseCommandLine, wholeNumber } from "../cli/flags.ts";
import { type JobContext, programOf, runProgram } from "../cli/program.ts";
import { EXIT_CODES, type ExitCode } from "../cli/program_error.ts";
import { runUnplug } from "./simulate/unplug_run.ts";

const HELP = `
Simulates rollouts in virtual time: the real engine and the real rollout.

Usage: deno task simulate:rollouts [options]

Options:
`;

async function main(
  args: readonly string[],
  { console }: JobContext,
): Promise<ExitCode> {
  const { flags } = parseCommandLine(args, {
    help: HELP,
    flags: {
      unplug: {
        usage: "--unplug COUNT",
        help:
          "runs in which the source is killed at its first green light (50)",
        default: 50,
        read: wholeNumber(),
      },
    },
  });
  let isRight = true;
  for (let seed = 1; seed <= flags.unplug; seed++) {
    const run = runUnplug(seed);
    const { hostCount, fetchingCount, leavingCount, incompleteCount } = run;
    isRight &&= incompleteCount === 0;
    console.writeLine(
      `seed ${seed}: killed after ${
        run.copiesSent.toFixed(2)
      } copies with ${fetchingCount} of ${hostCount} hosts fetching, ${leavingCount} leave when complete: ${
        incompleteCount === 0 ? "all complete" : `${incompleteCount} incomplete`
      }`,
    );
  }
  return await Promise.resolve(isRight ? EXIT_CODES.done : EXIT_CODES.failed);
}

if (import.meta.main) {
  Deno.exit(await runProgram(programOf((args) => args, main)));
}
