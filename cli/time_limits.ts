/**
 * Ends a job that takes too long: `--timeout` in all, `--give-up-after` without
 * progress.
 *
 * @module
 */
import { EXIT_CODES, ProgramError } from "./program_error.ts";
import { formatDuration } from "./quantity.ts";

/** Time between two looks at the clock, in milliseconds. */
const CHECK_INTERVAL_MS = 250;

/** Options for {@linkcode openTimeLimits}. */
export interface TimeLimitsOptions {
  /** `Infinity` for no limit. */
  readonly timeoutMs: number;
  /** `Infinity` for no limit. */
  readonly giveUpAfterMs: number;
  /** Bytes and pieces that were gained so far; `undefined` if nothing is missing. */
  readonly progress: () => number | undefined;
}

/** The limits, until disposed of. */
export interface TimeLimits extends Disposable {
  /** Aborts when a limit is reached, with the error to end with. */
  readonly signal: AbortSignal;
}

/** Starts the clocks. */
export function openTimeLimits(
  { timeoutMs, giveUpAfterMs, progress }: TimeLimitsOptions,
): TimeLimits {
  const controller = new AbortController();
  const startMs = performance.now();
  let [progressedAtMs, most] = [startMs, -1];
  const abort = (reason: string): void =>
    controller.abort(
      new ProgramError(`cannot finish: ${reason}; run again to continue`, {
        exitCode: EXIT_CODES.undone,
      }),
    );
  const check = (): void => {
    const nowMs = performance.now();
    const current = progress();
    if (current === undefined || current > most) {
      progressedAtMs = nowMs;
      most = Math.max(most, current ?? most);
    }
    if (nowMs - startMs >= timeoutMs) {
      abort(`--timeout of ${formatDuration(timeoutMs / 1000)} is over`);
    } else if (nowMs - progressedAtMs >= giveUpAfterMs) {
      abort(
        `nothing has arrived for ${formatDuration(giveUpAfterMs / 1000)}`,
      );
    }
  };
  const timer = setInterval(check, CHECK_INTERVAL_MS);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
