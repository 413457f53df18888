/**
 * What is the same for every program: it runs `main`, answers `--help` and
 * `--version`, and turns whatever is thrown into a report on stderr and an exit
 * code.
 *
 * @module
 */
import { MetainfoError } from "../mod.ts";
import { writeLine } from "./console.ts";
import { reportError } from "./error_report.ts";
import { InformationRequest } from "./flags.ts";
import { EXIT_CODES, type ExitCode, ProgramError } from "./program_error.ts";

/** A program's work: the arguments in, the exit code out; it may throw. */
export type Main = (args: readonly string[]) => Promise<number>;

/** Runs a program to its exit code; never rejects. */
export async function runProgram(
  main: Main,
  args: readonly string[] = Deno.args,
): Promise<number> {
  try {
    return await main(args);
  } catch (error) {
    if (error instanceof InformationRequest) {
      writeLine(error.text);
      return EXIT_CODES.done;
    }
    // The command line may be what is wrong, so it is looked at as it stands.
    reportError(error, { isDebug: args.includes("--debug") });
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof ProgramError) return error.exitCode;
  if (error instanceof MetainfoError) return EXIT_CODES.invalidTorrent;
  return EXIT_CODES.failed;
}
