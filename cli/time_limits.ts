/**
 * The limits of time of a job: the ends that `--timeout` and `--give-up-after` set,
 * and the attempts that `--retry-for` repeats, because after a power failure
 * machines and networks start in any order.
 */
import { delay } from "@std/async/delay";
import { FetchError } from "../lib/values.ts";
import type { Console } from "./console.ts";
import { describeError, EXIT_CODES, ProgramError } from "./program_error.ts";
import { formatTime } from "./quantity.ts";

const CHECK_INTERVAL_MS = 250;

/**
 * Starts the clocks of `--timeout`, in all, and `--give-up-after`, without progress.
 * The signal aborts when one is over, with the error to end with.
 */
export function openTimeLimits({ timeoutMs, giveUpAfterMs, progress }: {
  /** These are `Infinity` for no limit. */
  readonly timeoutMs: number;
  readonly giveUpAfterMs: number;
  /** Bytes and pieces that were gained so far; `undefined` if nothing is missing. */
  readonly progress: () => number | undefined;
}): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const startMs = performance.now();
  let [progressedAtMs, most] = [startMs, -1];
  const abort = (reason: string): void => {
    const text = `cannot finish: ${reason}; run again to continue`;
    const exitCode = EXIT_CODES.undone;
    controller.abort(new ProgramError(text, { exitCode }));
  };
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

const MAX_PAUSE_MS = 15_000;

export interface RetryOptions {
  /** Time in which attempts start; `Infinity` for no limit. */
  readonly retryForMs: number;
  /** Ends the waiting; the promise then rejects with its reason. */
  readonly signal: AbortSignal;
  /** True for the error of an attempt that may succeed later. */
  readonly isTemporary: (error: unknown) => boolean;
  /** Takes a warning: once, and again when the reason changes. */
  readonly console: Pick<Console, "warn">;
  /** Pause after the first attempt, doubled with each further one. @default {500} */
  readonly firstPauseMs?: number;
}

/**
 * Returns what the first attempt without a temporary error returns.
 * @throws {ProgramError} With the last error, when the time is over.
 */
export async function withRetries<T>(
  attempt: () => Promise<T> | T,
  { retryForMs, signal, isTemporary, console, firstPauseMs = 500 }:
    RetryOptions,
): Promise<T> {
  const endMs = performance.now() + retryForMs;
  let pauseMs = firstPauseMs;
  let lastReason: string | undefined;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted || !isTemporary(error)) throw error;
      const reason = describeError(error);
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) {
        const note = retryForMs > 0
          ? `; given up after ${formatTime(retryForMs)}, see --retry-for`
          : "";
        const exitCode = EXIT_CODES.undone;
        throw new ProgramError(reason + note, { exitCode, cause: error });
      }
      if (reason !== lastReason) {
        const howLong = leftMs === Infinity
          ? "until that changes"
          : `for ${formatTime(leftMs)} (--retry-for)`;
        console.warn(`${reason}; trying again ${howLong}`);
      }
      lastReason = reason;
      // Spread, so that a room full of machines does not ask in step.
      const spreadMs = pauseMs * (0.75 + Math.random() / 2);
      await delay(Math.min(spreadMs, leftMs), { signal });
      pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
    }
  }
}

export function isTemporary(error: unknown): boolean {
  return error instanceof FetchError && error.isTemporary;
}

/**
 * True if listening failed because this machine does not have the address, or
 * cannot resolve the host name, yet.
 */
export function isAddressMissing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error instanceof Deno.errors.AddrNotAvailable ||
    // The runtime has no class for a name that cannot be resolved.
    error.message.startsWith("failed to lookup address") ||
    isAddressMissing(error.cause);
}
