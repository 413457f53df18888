/**
 * Programs as jobs: a command line is parsed to a job, and a job runs in a
 * context, which owns what a process has once: the console, the signals and the
 * permissions. A process may run several jobs in one context.
 *
 * @module
 */
import { MetainfoError } from "../mod.ts";
import { Console } from "./console.ts";
import { InformationRequest } from "./flags.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { JobPermissions } from "./permissions.ts";
import {
  EXIT_CODES,
  type ExitCode,
  ProgramError,
  reportError,
} from "./program_error.ts";

/** The parts of a process that its jobs share. */
export interface JobContext {
  readonly console: Console;
  /** Aborts when the job must end; its reason is the error to end with. */
  readonly signal: AbortSignal;
  readonly permissions: JobPermissions;
}

/** A program. */
export interface Program<Job> {
  /**
   * Reads the command line.
   * @throws {UsageError} If it makes no sense.
   * @throws {InformationRequest} On `--help` or `--version`.
   */
  readonly parse: (args: readonly string[]) => Job;
  /** Does the job; its exit code. May throw what {@linkcode reportError} takes. */
  readonly run: (job: Job, context: JobContext) => Promise<ExitCode>;
  /**
   * True if `run` ends when the context's signal aborts. Ctrl+C kills other
   * programs. @default {false}
   */
  readonly handlesSignals?: boolean;
}

/** Runs a program in a process of its own; the exit code. Never rejects. */
export async function runProgram<Job>(
  program: Program<Job>,
  args: readonly string[] = Deno.args,
): Promise<ExitCode> {
  const console = Console.ofProcess();
  // Even if a bug or a second Ctrl+C ends the process, no live block remains.
  for (const event of ["unload", "error", "unhandledrejection"]) {
    addEventListener(event, () => console.close());
  }
  try {
    const job = program.parse(args);
    using interrupt = program.handlesSignals === true
      ? listenForInterrupt()
      : undefined;
    return await program.run(job, {
      console,
      signal: interrupt?.signal ?? new AbortController().signal,
      permissions: JobPermissions.ofProcess(),
    });
  } catch (error) {
    if (error instanceof InformationRequest) {
      console.writeLine(error.text);
      return EXIT_CODES.done;
    }
    // The command line may be what is wrong, so it has no parsed --debug to read.
    reportError(console, error, { isDebug: args.includes("--debug") });
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof ProgramError) return error.exitCode;
  if (error instanceof MetainfoError) return EXIT_CODES.invalidTorrent;
  return EXIT_CODES.failed;
}
