/**
 * What a failure looks like: one line `error: cannot …` on stderr and, on
 * `--debug`, the stack after it.
 *
 * @module
 */
import {
  FetchError,
  MetainfoError,
  StorageError,
  StoreError,
  TrackerError,
} from "../mod.ts";
import { writeErrorLine } from "./console.ts";
import { printable } from "./printable.ts";
import { ProgramError } from "./program_error.ts";

/** Options of {@linkcode reportError}. */
export interface ReportErrorOptions {
  /** Whether the stack follows. */
  readonly isDebug: boolean;
}

/** Writes the line for an error and, if asked for, its stack. */
export function reportError(
  error: unknown,
  { isDebug }: ReportErrorOptions,
): void {
  writeErrorLine(`error: ${describeError(error)}`);
  if (isDebug && error instanceof Error) writeErrorLine(describeStack(error));
}

/** The line for an error, without `error:`; safe to print, never two lines. */
export function describeError(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const advice = adviceFor(error);
  return printable(
    beginAsError(message) + (advice === undefined ? "" : `; ${advice}`),
  );
}

/**
 * `message` as what follows a colon: the library's messages begin with a
 * capital, and what nobody foresaw does not say what failed.
 */
function beginAsError(message: string): string {
  return /^cannot /i.test(message)
    ? `c${message.slice(1)}`
    : `cannot go on: ${message}`;
}

/** What to do; `undefined` where the message says it already. */
function adviceFor(error: unknown): string | undefined {
  const isExpected = error instanceof ProgramError ||
    error instanceof StorageError || error instanceof StoreError ||
    error instanceof TrackerError || error instanceof FetchError;
  if (isExpected) return undefined;
  return error instanceof MetainfoError
    ? "get a fresh copy of the torrent file"
    : "run again with --debug for the details";
}

/** The stack with those of its causes; a message in it may be a stranger's. */
function describeStack(error: Error): string {
  const stack = (error.stack ?? error.message)
    .split("\n").map(printable).join("\n");
  return error.cause instanceof Error
    ? `${stack}\nCaused by: ${describeStack(error.cause)}`
    : stack;
}
