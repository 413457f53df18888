/**
 * What is the same for every program: it runs `main`, answers `--help`
 * and `--version`, and turns whatever is thrown into one line on
 * stderr (with the stack after it on `--debug`) and an exit code.
 *
 * @module
 */
import { MetainfoError, StorageError, TrackerError } from "../mod.ts";
import { writeErrorLine, writeLine } from "./console.ts";
import { InformationRequest } from "./flags.ts";
import { printable } from "./printable.ts";
import { EXIT_CODES, type ExitCode, ProgramError } from "./program_error.ts";

export {
  type CommandLine,
  type FlagDefinitions,
  parseCommandLine,
} from "./flags.ts";
export {
  EXIT_CODES,
  type ExitCode,
  ProgramError,
  UsageError,
} from "./program_error.ts";

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
    writeErrorLine(`error: ${describeError(error)}`);
    if (args.includes("--debug") && error instanceof Error) {
      writeErrorLine(describeStack(error));
    }
    return exitCodeOf(error);
  }
}

/** The line for an error, without `error:`; safe to print, never two lines. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error));
  const isExpected = error instanceof ProgramError ||
    error instanceof StorageError || error instanceof TrackerError;
  if (isExpected) return printable(error.message);
  const advice = error instanceof MetainfoError
    ? "get a fresh copy of the torrent file"
    : "run again with --debug for the details";
  return printable(`${error.message}; ${advice}`);
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof ProgramError) return error.exitCode;
  if (error instanceof MetainfoError) return EXIT_CODES.invalidTorrent;
  return EXIT_CODES.failed;
}

function describeStack(error: Error): string {
  const stack = error.stack ?? error.message;
  return error.cause instanceof Error
    ? `${stack}\nCaused by: ${describeStack(error.cause)}`
    : stack;
}
