/**
 * Turns the signals that end a program (Ctrl+C, a closed terminal, the system's
 * request) into an `AbortSignal`, for work that must clean up first.
 *
 * @module
 */
import { type Platform, platformOf } from "../mod.ts";
import { ProgramError } from "./program_error.ts";

/**
 * Signals within this time count as one, in milliseconds: a Ctrl+C arrives twice,
 * from the terminal and from `deno task`, 1 ms apart.
 */
const ECHO_MS = 1_000;

/**
 * Time from the first signal to the abort, in milliseconds. A program that exits
 * at once would be killed by the echo on its way out; and `deno task` 2.9.6 kills
 * itself if its program has exited before it has seen the Ctrl+C.
 */
const PAUSE_MS = 150;

/** Signals, from the first one until disposed of. */
export interface Interrupt extends Disposable {
  /** Aborts soon after the first signal, with the error to end with as reason. */
  readonly signal: AbortSignal;
}

/** Listens for signals. A later signal ends the process at once. */
export function listenForInterrupt(): Interrupt {
  const names = endingSignals(platformOf(Deno.build.os));
  const controller = new AbortController();
  let interruptedAtMs: number | undefined;
  const listener = (): void => {
    const now = performance.now();
    if (interruptedAtMs !== undefined) {
      if (now - interruptedAtMs > ECHO_MS) Deno.exit(1);
      return;
    }
    interruptedAtMs = now;
    const reason = new ProgramError(
      "cannot finish: interrupted; run again to start over",
    );
    setTimeout(() => controller.abort(reason), PAUSE_MS);
  };
  for (const name of names) Deno.addSignalListener(name, listener);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      // After a signal the process is about to exit: an echo that is still to come
      // must not kill it before.
      if (interruptedAtMs !== undefined) return;
      for (const name of names) Deno.removeSignalListener(name, listener);
    },
  };
}

/** Waits until `signal` aborts. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) =>
    signal.addEventListener("abort", resolve, { once: true })
  );
}

/**
 * The signals that ask a program to end. On Windows only Ctrl+C and Ctrl+Break
 * leave it time to, and Deno refuses to listen for others there.
 */
export function endingSignals(platform: Platform): readonly Deno.Signal[] {
  return platform === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
}
