/**
 * Programs as jobs: a program parses its command line to a job, and a job runs in a
 * context, which owns what a process has once: the console, the signals and the
 * permissions.
 */
import { joinSignals } from "../lib/values.ts";
import { Console } from "./console.ts";
import { InformationRequest } from "./flags.ts";
import type { Interrupt } from "./interrupt.ts";
import {
  EXIT_CODES,
  type ExitCode,
  exitCodeOf,
  reportError,
  UsageError,
} from "./program_error.ts";

const ALL = ["read", "write", "net", "run", "sys", "env", "ffi"] as const;

/**
 * The permissions of a job. A task grants what any command line may need; each job
 * gives up the rest before it reads what other machines send.
 */
export interface JobPermissions {
  /** Gives up all permissions but these; what was given up before stays so. */
  keepOnly(...names: readonly Deno.PermissionName[]): Promise<void>;
}

/** The permissions of this process, which are revoked for good. */
const PROCESS_PERMISSIONS: JobPermissions = {
  keepOnly: async (...names) => {
    for (const name of ALL) {
      if (!names.includes(name)) await Deno.permissions.revoke({ name });
    }
  },
};

/** The objects of which a process has one each, for its job. */
export interface JobContext {
  readonly console: Console;
  /** Aborts when the job must end; its reason is the error to end with. */
  readonly signal: AbortSignal;
  readonly permissions: JobPermissions;
  /** The signals, for a job that decides what some of them mean. @default none */
  readonly interrupt?: Interrupt | undefined;
}

/**
 * Does the work; its exit code, or nothing if it is done. May throw what
 * {@linkcode reportError} takes.
 */
export type Job = (context: JobContext) => Promise<ExitCode | void>;

/** Parses a command line. @throws {UsageError | InformationRequest} */
export type Program = (args: readonly string[]) => Job | Promise<Job>;

export function programOf<Parsed>(
  parse: (args: readonly string[]) => Parsed,
  run: (job: Parsed, context: JobContext) => ReturnType<Job>,
): Program {
  return (args) => {
    const job = parse(args);
    return (context) => run(job, context);
  };
}

/** Runs a program in a process of its own; the exit code. Never rejects. */
export async function runProgram(
  program: Program,
  { args = Deno.args, interrupt }: {
    readonly args?: readonly string[];
    /** The signals that end the job. @default {none: they kill the process} */
    readonly interrupt?: Interrupt;
  } = {},
): Promise<ExitCode> {
  const console = await Console.ofProcess();
  if (interrupt !== undefined) interrupt.onCutShort = () => console.end();
  endOnBug(console);
  using ending = joinSignals(console.overflow, interrupt?.signal);
  let code: ExitCode;
  try {
    const { signal } = ending;
    const permissions = PROCESS_PERMISSIONS;
    const job = await program(args);
    code = await job({ console, signal, permissions, interrupt }) ??
      EXIT_CODES.done;
  } catch (error) {
    if (error instanceof InformationRequest) {
      console.writeResult(error.text);
      code = EXIT_CODES.done;
    } else {
      code = exitCodeOf(error);
      // The command line may be what is wrong, so it has no parsed --debug to read.
      const isDebug = args.includes("--debug");
      if (!console.overflow.aborted) {
        reportError(console, await clearer(error), { isDebug });
      }
    }
  }
  // Some of the time that a signal leaves is for the line about lost results.
  const remainingMs = interrupt?.remainingMs ?? Infinity;
  const limitMs = Math.min(1_000, Math.max(0, remainingMs - 300));
  // With no work left to hold up, results wait as long as their reader lives; but
  // after a limit of time they must not.
  const mayWait = code !== EXIT_CODES.undone && !ending.signal.aborted;
  const waiting = mayWait ? { signal: ending.signal } : {};
  const loss = await console.end({ limitMs, ...waiting });
  if (loss === undefined) return code;
  console.writeErrorLine(
    `error: cannot write all results to stdout: ${loss}; read it faster, or write it to a file that has room`,
  );
  await console.end({ limitMs: 200 });
  if (code !== EXIT_CODES.done) return code;
  return mayWait && ending.signal.aborted
    ? EXIT_CODES.undone
    : EXIT_CODES.failed;
}

/** The error, with the word that may be meant where one is unknown. */
async function clearer(error: unknown): Promise<unknown> {
  if (!(error instanceof UsageError && error.unknown)) return error;
  const { withSuggestion } = await import("./suggestion.ts");
  return withSuggestion(error);
}

/** Reports an error that nothing has caught, which ends the process. */
function endOnBug(console: Console): void {
  const report = (event: Event, error: unknown): void => {
    event.preventDefault();
    reportError(console, error, { isDebug: true });
    void console.end().then(() => Deno.exit(EXIT_CODES.failed));
  };
  addEventListener("error", (event) => report(event, event.error));
  addEventListener("unhandledrejection", (event) => {
    report(event, event.reason);
  });
}
