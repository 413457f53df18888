/**
 * Turns the signals that end a program (Ctrl+C, a closed terminal, the system's
 * request) into an `AbortSignal`, for work that must clean up first. Imports
 * nothing, so that a program listens before it loads the rest.
 */

/** Signals within this time are one: a Ctrl+C arrives from the terminal and from `deno task`. */
const ECHO_MS = 1_000;

/**
 * Time from the first signal to the abort. The echo would kill a program that exits at
 * once, and `deno task` 2.9.6 kills itself if its program exits before it has seen the
 * Ctrl+C.
 */
const PAUSE_MS = 150;
/** Time from the first signal to the end of the process. */
const LEAVE_MS = 1_900;
/** Part of it that is kept for the end of the output and of the process. */
const LAST_PART_MS = 400;
/** Time between two checks of the clock after the first signal. */
const TICK_MS = 25;
/** Most that one check counts: while the machine stood still, nothing could be done. */
const MAX_STEP_MS = 100;
/** Longest wait for the console of a program that is cut short. */
const FAREWELL_MS = 100;
/** The exit codes of a program that does not end by itself. */
const CUT_SHORT = { bySignal: 130, byTime: 4 } as const;

/** The reaction to SIGHUP, which a terminal sends when it closes. */
export type HangupAction = "end" | "ignore";

/** A signal asked the program to end. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";

  constructor() {
    super("cannot finish: interrupted; run again");
  }
}

/** Signals, from the first statement of a program to its end. */
export class Interrupt {
  readonly #controller = new AbortController();
  readonly #deadline = new AbortController();
  #interruptedAtMs: number | undefined;
  /** Time since the first signal while the machine ran, and when it was counted. */
  #elapsedMs = 0;
  #countedAtMs = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  /**
   * Ends only a program that was started in a terminal: `nohup`, `setsid` and
   * service managers have SIGHUP ignored, and Deno cannot tell.
   */
  onHangup: HangupAction = isInTerminal() ? "end" : "ignore";
  readonly #leaveMs: number;
  /** Asked at the first Ctrl+C: true to stay, until the next one. @default it ends */
  staysOnce: () => boolean = () => false;
  #stayedAtMs: number | undefined;
  /** Called before the process is cut short. */
  onCutShort: () => Promise<unknown> = () => Promise.resolve();

  constructor(leaveMs: number) {
    this.#leaveMs = leaveMs;
  }

  /** Aborts soon after the first signal, with an {@linkcode InterruptedError}. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborts when a job that leaves must stop waiting for what it can do without. */
  get deadline(): AbortSignal {
    return this.#deadline.signal;
  }

  /** Time that is left to leave in order. */
  get remainingMs(): number {
    if (this.#interruptedAtMs === undefined) return Infinity;
    return this.#leaveMs - this.#elapsedMs;
  }

  receive(name: Deno.Signal): void {
    if (name === "SIGHUP" && this.onHangup === "ignore") return;
    const nowMs = performance.now();
    if (this.#interruptedAtMs === undefined) {
      if (name === "SIGINT" && this.#stays(nowMs)) return;
      this.#interruptedAtMs = this.#countedAtMs = nowMs;
      this.#timer = setInterval(() => this.#tick(), TICK_MS);
    } else if (nowMs - this.#interruptedAtMs > ECHO_MS) {
      this.#cutShort(CUT_SHORT.bySignal);
    }
  }

  #tick(): void {
    const nowMs = performance.now();
    this.#elapsedMs += Math.min(nowMs - this.#countedAtMs, MAX_STEP_MS);
    this.#countedAtMs = nowMs;
    if (this.#elapsedMs >= PAUSE_MS && !this.signal.aborted) {
      this.#controller.abort(new InterruptedError());
    }
    if (this.remainingMs <= LAST_PART_MS) this.#deadline.abort();
    if (this.remainingMs <= 0) this.#cutShort(CUT_SHORT.byTime);
  }

  #stays(nowMs: number): boolean {
    if (this.#stayedAtMs !== undefined) {
      return nowMs - this.#stayedAtMs <= ECHO_MS;
    }
    if (!this.staysOnce()) return false;
    this.#stayedAtMs = nowMs;
    return true;
  }

  #cutShort(code: number): void {
    clearInterval(this.#timer);
    setTimeout(() => Deno.exit(code), FAREWELL_MS);
    void this.onCutShort().then(() => Deno.exit(code));
  }
}

/**
 * Listens for signals until the process ends: an echo that arrives on its way out
 * must not kill it.
 * @param leaveMs Time from the first signal to the end of the process.
 */
export function listenForInterrupt(leaveMs = LEAVE_MS): Interrupt {
  const interrupt = new Interrupt(leaveMs);
  for (const name of endingSignals(Deno.build.os === "windows")) {
    Deno.addSignalListener(name, () => interrupt.receive(name));
  }
  return interrupt;
}

export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

/**
 * The signals that ask a program to end. On Windows only Ctrl+C and Ctrl+Break
 * leave it time to, and Deno refuses to listen for others there.
 */
export function endingSignals(isWindows: boolean): readonly Deno.Signal[] {
  return isWindows ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM", "SIGHUP"];
}

function isInTerminal(): boolean {
  const { stdin, stdout, stderr } = Deno;
  return [stdin, stdout, stderr].some((stream) => stream.isTerminal());
}
