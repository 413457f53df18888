/**
 * The ways a program ends, as exit codes and as errors that carry one. Their
 * message is the whole line that a person sees: action, reason, advice.
 *
 * @module
 */

/** Exit codes of every program. */
export const EXIT_CODES = {
  done: 0,
  /** The work failed: network, disk, verification. */
  failed: 1,
  usage: 2,
  invalidTorrent: 3,
} as const;

/** The same as the last line of every `--help`. */
export const EXIT_CODES_HELP =
  "Exit codes: 0 done, 1 the work failed, 2 usage, 3 not a valid torrent file.";

export type ExitCode = typeof EXIT_CODES[keyof typeof EXIT_CODES];

/** An expected failure: `<action>: <reason>; <what to do>`. */
export class ProgramError extends Error {
  override readonly name: string = "ProgramError";
  readonly exitCode: ExitCode;

  constructor(
    message: string,
    options: { exitCode?: ExitCode; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.exitCode = options.exitCode ?? EXIT_CODES.failed;
  }
}

/** The command line makes no sense. */
export class UsageError extends ProgramError {
  override readonly name = "UsageError";

  constructor(reason: string) {
    super(`cannot read the command line: ${reason}; see --help`, {
      exitCode: EXIT_CODES.usage,
    });
  }
}
