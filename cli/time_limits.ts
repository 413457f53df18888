/**
 * The limits of time that end a job: `--timeout` and `--give-up-after`.
 *
 * @module
 */
import { EXIT_CODES, ProgramError } from "./program_error.ts";
import { formatTime } from "./quantity.ts";

/** Time between two looks at the clock, in milliseconds. */
const CHECK_INTERVAL_MS = 250;

/**
 * Starts the clocks of `--timeout`, in all, and `--give-up-after`, without progress.
 * The signal aborts when one is over, with the error to end with.
 */
export function openTimeLimits({ timeoutMs, giveUpAfterMs, progress }: {
  /** `Infinity` for no limit. */
  readonly timeoutMs: number;
  /** `Infinity` for no limit. */
  readonly giveUpAfterMs: number;
  /** Bytes and pieces that were gained so far; `undefined` if nothing is missing. */
  readonly progress: () => number | undefined;
}): Disposable & { readonly signal: AbortSignal } {
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
      abort(`--timeout of ${formatTime(timeoutMs)} is over`);
    } else if (nowMs - progressedAtMs >= giveUpAfterMs) {
      abort(`nothing has arrived for ${formatTime(giveUpAfterMs)}`);
    }
  };
  const timer = setInterval(check, CHECK_INTERVAL_MS);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
