/**
 * The signals that end a program (Ctrl+C, a closed terminal, the system's
 * request) as an `AbortSignal`, for work that must clean up first.
 *
 * @module
 */
import { type Platform, platformOf } from "../mod.ts";
import { ProgramError } from "./program_error.ts";

/**
 * Signals that come together are one wish: in a terminal Ctrl+C reaches the
 * program twice, from the terminal and from `deno task`, 1 ms apart. In
 * milliseconds.
 */
const ECHO_MS = 1_000;

/**
 * The end begins so long after the first signal, in milliseconds. A program that
 * is quick to exit would be killed by the echo on its way out; and `deno task`
 * 2.9.6 kills itself if its program has exited before it has seen the Ctrl+C.
 */
const PAUSE_MS = 150;

/**
 * The signals that ask a program to end. Windows has none but Ctrl+C and
 * Ctrl+Break that leave it time to, and Deno refuses to listen for others there.
 */
export function endingSignals(platform: Platform): readonly Deno.Signal[] {
  return platform === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
}

/** Listens until disposed of. A later signal ends the program at once. */
export class Interrupt implements Disposable {
  readonly #controller = new AbortController();
  readonly #signals = endingSignals(platformOf(Deno.build.os));
  readonly #listener = (): void => this.#interrupt();

  readonly #action: string;
  #interruptedAtMs: number | undefined;

  private constructor(action: string) {
    this.#action = action;
  }

  /** @param action What is given up, for the message: "create the torrent". */
  static listen(action: string): Interrupt {
    const interrupt = new Interrupt(action);
    for (const signal of interrupt.#signals) {
      Deno.addSignalListener(signal, interrupt.#listener);
    }
    return interrupt;
  }

  /** Aborts soon after the first signal, with the error to end with as its reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Resolves when `signal` aborts. */
  get raised(): Promise<void> {
    return new Promise((resolve) => {
      if (this.signal.aborted) resolve();
      this.signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  /**
   * Listens no more. After a signal it goes on to listen: the program is about to
   * exit, and the echo that may still come must not kill it before.
   */
  [Symbol.dispose](): void {
    if (this.signal.aborted) return;
    for (const signal of this.#signals) {
      Deno.removeSignalListener(signal, this.#listener);
    }
  }

  #interrupt(): void {
    const now = performance.now();
    if (this.#interruptedAtMs !== undefined) {
      if (now - this.#interruptedAtMs > ECHO_MS) Deno.exit(1);
      return;
    }
    this.#interruptedAtMs = now;
    const reason = new ProgramError(
      `cannot ${this.#action}: interrupted; run again to start over`,
    );
    setTimeout(() => this.#controller.abort(reason), PAUSE_MS);
  }
}
