/**
 * Exit codes, the errors that carry one, and the report of an error: one line
 * `error: cannot …: reason; remedy` on stderr and, with `--debug`, the stack.
 */
import {
  FetchError,
  MetainfoError,
  StorageError,
  StoreError,
  TrackerError,
} from "../lib/values.ts";
import type { Console } from "./console.ts";
import { InterruptedError } from "./interrupt.ts";
import { printable } from "./printable.ts";

/** Exit codes of every program. A second Ctrl+C while it leaves ends it with 130. */
export const EXIT_CODES = {
  done: 0,
  /** The work failed: network, disk, verification, output. */
  failed: 1,
  usage: 2,
  invalidTorrent: 3,
  /** A signal or a limit of time ended the work before it was done. */
  undone: 4,
  /** No share was found on the network, or several. */
  noShare: 5,
} as const;

export const EXIT_CODES_HELP =
  `Exit codes: 0 done, 1 failed, 2 wrong command line, 3 invalid torrent file,
4 not done in time or before a signal, 5 no share found, or several, 130 cut
short by a further Ctrl+C.`;

export type ExitCode = typeof EXIT_CODES[keyof typeof EXIT_CODES];

/** An expected failure; the message is `cannot <action>: <reason>; <remedy>`. */
export class ProgramError extends Error {
  override readonly name: string = "ProgramError";
  readonly exitCode: ExitCode;
  /** Further lines of the report. */
  readonly details: readonly string[];

  constructor(
    message: string,
    { exitCode = EXIT_CODES.failed, cause, details = [] }: {
      exitCode?: ExitCode;
      cause?: unknown;
      details?: readonly string[];
    } = {},
  ) {
    super(message, { cause });
    this.exitCode = exitCode;
    this.details = details;
  }
}

/** A word that is none of those that may stand in its place. */
export interface UnknownWord {
  readonly word: string;
  /** At least one. */
  readonly choices: readonly string[];
}

export class UsageError extends ProgramError {
  override readonly name = "UsageError";
  readonly reason: string;
  /** The word that is wrong, if others may be meant. */
  readonly unknown: UnknownWord | undefined;

  constructor(
    reason: string,
    { unknown, remedy = "see --help" }: {
      readonly unknown?: UnknownWord | undefined;
      readonly remedy?: string;
    } = {},
  ) {
    const exitCode = EXIT_CODES.usage;
    super(`cannot read the command line: ${reason}; ${remedy}`, { exitCode });
    this.reason = reason;
    this.unknown = unknown;
  }
}

export class NoShareError extends ProgramError {
  override readonly name = "NoShareError";

  constructor(message: string, details: readonly string[] = []) {
    super(message, { exitCode: EXIT_CODES.noShare, details });
  }
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof ProgramError) return error.exitCode;
  if (error instanceof InterruptedError) return EXIT_CODES.undone;
  if (error instanceof MetainfoError) return EXIT_CODES.invalidTorrent;
  return EXIT_CODES.failed;
}

export function reportError(
  console: Console,
  error: unknown,
  { isDebug }: { readonly isDebug: boolean },
): void {
  console.writeErrorLine(`error: ${describeError(error)}`);
  const details = error instanceof ProgramError ? error.details : [];
  for (const line of details) console.writeErrorLine(`  ${printable(line)}`);
  if (isDebug && error instanceof Error) {
    console.writeErrorLine(describeStack(error));
  }
}

/** The line for an error, without `error:`; one line, safe for a terminal. */
export function describeError(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // The library's messages begin with a capital; an unexpected error's says less.
  const start = /^cannot /i.test(message)
    ? `c${message.slice(1)}`
    : `cannot go on: ${message}`;
  const remedy = remedyFor(error);
  return printable(remedy === undefined ? start : `${start}; ${remedy}`);
}

const EXPECTED_ERRORS = [
  ...[ProgramError, InterruptedError, StorageError, StoreError],
  ...[TrackerError, FetchError],
];

/** The remedy for an error; `undefined` if its message contains one. */
function remedyFor(error: unknown): string | undefined {
  if (EXPECTED_ERRORS.some((family) => error instanceof family)) return;
  return error instanceof MetainfoError
    ? "get a fresh copy of the torrent file"
    : "run again with --debug for the details";
}

/** The stack with those of its causes; the messages in it may be a stranger's. */
function describeStack(error: Error): string {
  const stack = (error.stack ?? error.message)
    .split("\n").map(printable).join("\n");
  return error.cause instanceof Error
    ? `${stack}\nCaused by: ${describeStack(error.cause)}`
    : stack;
}
