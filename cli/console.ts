/**
 * The lines that a process writes to stdout and stderr, and one live block, redrawn
 * in place, at the bottom of a terminal, below all lines. Only `suspendBlock()` and
 * `end()` wait for readers. The output of a job has the form that its flags ask for:
 * lines above the live block, lines now and then, JSON lines, or nothing.
 */
import { type Platform, platformOf } from "../lib/values.ts";
import {
  type FlushOptions,
  type LineStream,
  LineWriter,
} from "./line_writer.ts";
import { printable, printableJson } from "./printable.ts";

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A part of a terminal. */
export interface Room extends TerminalSize {
  readonly widthOf: WidthOf;
}

/** The columns that a text takes on a terminal. */
export type WidthOf = (text: string) => number;

/** Used if the size of the terminal is unknown. */
const DEFAULT_SIZE: TerminalSize = { columns: 80, rows: 24 };
/** Longest wait for readers at the end. */
const END_MS = 1_000;

export interface ConsoleOptions {
  readonly stdout: LineStream;
  readonly stderr: LineStream;
  readonly size: () => TerminalSize;
  /** True if the terminal, if there is one, understands cursor movements. */
  readonly canMoveCursor: boolean;
  /** @default {the text's length} */
  readonly widthOf?: WidthOf | undefined;
}

export class Console {
  readonly #options: ConsoleOptions;
  readonly #stdout: LineWriter;
  readonly #stderr: LineWriter;
  #block: readonly string[] = [];
  /** The lines of the block that are on the terminal now. */
  #drawn: readonly string[] = [];
  /** While it is above 0, the live block is hidden. */
  #suspensionCount = 0;
  #wasSuspended = false;

  constructor(options: ConsoleOptions) {
    const { stdout, stderr } = options;
    this.#options = options;
    this.#stderr = new LineWriter(stderr, {
      erase: () => this.#replace([]),
      draw: () => this.#draw(),
    });
    // On a terminal, all lines appear in the order in which they were written.
    this.#stdout = stdout.isTerminal() && stderr.isTerminal()
      ? this.#stderr
      : new LineWriter(stdout);
  }

  /**
   * The console of this process. Make one only: two would draw over each other. The
   * package that counts columns takes 55 ms of CPU to load: only a terminal needs it.
   */
  static async ofProcess(): Promise<Console> {
    const widths = Deno.stderr.isTerminal()
      ? await import("string-width")
      : undefined;
    return new Console({
      widthOf: widths?.default,
      stdout: Deno.stdout,
      stderr: Deno.stderr,
      size: terminalSize,
      canMoveCursor: canMoveCursor({
        platform: platformOf(Deno.build.os),
        isStandalone: Deno.build.standalone,
        denoVersion: Deno.version.deno,
        term: environmentVariable("TERM"),
      }),
    });
  }

  get widthOf(): WidthOf {
    return this.#options.widthOf ?? ((text) => text.length);
  }

  get isLive(): boolean {
    return this.#options.stderr.isTerminal() && this.#options.canMoveCursor;
  }

  /** Aborts when results are lost because nobody reads them. */
  get overflow(): AbortSignal {
    return this.#stdout.overflow;
  }

  /** Writes one line to stdout, for people: it is dropped if too many wait. */
  writeLine(text: string): void {
    this.#stdout.push({ stream: this.#options.stdout, text, isResult: false });
  }

  /** Writes one line to stdout, for programs: the work is not done without it. */
  writeResult(text: string): void {
    this.#stdout.push({ stream: this.#options.stdout, text, isResult: true });
  }

  writeErrorLine(text: string): void {
    this.#stderr.push({ stream: this.#options.stderr, text, isResult: false });
  }

  /** Writes warnings to stderr, safe for a terminal. */
  warn(...texts: readonly string[]): void {
    for (const text of texts) {
      this.writeErrorLine(printable(`warning: ${text}`));
    }
  }

  /** The columns and rows of the terminal that the live block may fill. */
  get room(): TerminalSize {
    const { columns, rows } = this.#options.size();
    // One row stays free for the last line above it.
    return { columns, rows: Math.max(1, rows - 1) };
  }

  /** Replaces the live block; each line must be narrower than the terminal. */
  show(lines: readonly string[]): void {
    this.#block = lines;
    this.#stderr.wake();
  }

  /** Hides the live block, while another process writes to the same terminal. */
  async suspendBlock(): Promise<Disposable> {
    this.#suspensionCount++;
    this.#stderr.wake();
    await this.#stderr.flush({ limitMs: END_MS });
    return {
      [Symbol.dispose]: () => {
        this.#suspensionCount--;
        this.#stderr.wake();
      },
    };
  }

  /**
   * Removes the live block for good and waits until all lines are written: for a
   * second by default and, with a signal, for the reader of results until it aborts.
   * Returns the reason if results are lost.
   */
  async end(options: Partial<FlushOptions> = {}): Promise<string | undefined> {
    this.#suspensionCount = Infinity;
    this.#stderr.wake();
    const limited = { limitMs: END_MS, ...options };
    await Promise.all([
      this.#stdout.flush(limited),
      this.#stderr.flush(limited),
    ]);
    return this.#stdout.loss;
  }

  #draw(): string {
    if (!this.isLive) return "";
    const isSuspended = this.#suspensionCount > 0;
    // The other process may have left a line without an end, which would be erased.
    // The spaces wrap behind it, but stay on a line that is empty.
    const margin = this.#wasSuspended && !isSuspended
      ? `${" ".repeat(this.#options.size().columns - 1)}\r`
      : "";
    this.#wasSuspended = isSuspended;
    const lines = isSuspended ? [] : this.#block;
    // A line that has scrolled off the top could not be replaced.
    return margin + this.#replace(lines.slice(0, this.room.rows));
  }

  #replace(lines: readonly string[]): string {
    if (lines.join("\n") === this.#drawn.join("\n")) return "";
    const { columns } = this.#options.size();
    // Most terminals wrap lines that are too long after they were narrowed.
    const rowCounts = this.#drawn
      .map((line) => Math.max(1, Math.ceil(this.widthOf(line) / columns)));
    const rowCount = rowCounts.reduce((sum, count) => sum + count, 0);
    this.#drawn = lines;
    // Up to the first line of the block, then everything below is replaced at once.
    const up = rowCount > 1 ? `\x1b[${rowCount - 1}A` : "";
    return `\r${up}\x1b[J${lines.join("\n")}`;
  }
}

/**
 * False for dumb terminals, and for executables made by Deno before 2.8.2 on Windows,
 * which do not enable cursor movements.
 */
export function canMoveCursor(
  { platform, isStandalone, denoVersion, term }: {
    readonly platform: Platform;
    readonly isStandalone: boolean;
    readonly denoVersion: string;
    readonly term: string | undefined;
  },
): boolean {
  if (term === "dumb") return false;
  if (platform !== "windows" || !isStandalone) return true;
  const [major = 0, minor = 0, patch = 0] = denoVersion.split(/[.-]/)
    .map(Number);
  return ((major - 2) || (minor - 8) || (patch - 2)) >= 0;
}

/** A variable of the environment, if the process may read it. */
export function environmentVariable(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

function terminalSize(): TerminalSize {
  try {
    const { columns, rows } = Deno.consoleSize();
    return columns > 0 && rows > 0 ? { columns, rows } : DEFAULT_SIZE;
  } catch {
    return DEFAULT_SIZE;
  }
}

/** Time between two refreshes in each form. */
const REFRESH_MS = { json: 1_000, quiet: 60_000, live: 250, log: 5_000 };
/** Columns kept free: a terminal shows `^C` there, and some wrap after the last one. */
const MARGIN_COLUMNS = 3;

export type JsonLine = {
  readonly type: string;
  readonly [key: string]: unknown;
};

/** The output of a job. Disposing of it ends the live block. */
export class JobOutput implements Disposable {
  readonly form: keyof typeof REFRESH_MS;
  readonly refreshMs: number;
  readonly #console: Console;
  /** The last line about each subject, which is not repeated. */
  readonly #lastLines = new Map<string, string>();

  constructor(
    { json, quiet }: { readonly json: boolean; readonly quiet: boolean },
    console: Console,
  ) {
    if (json) this.form = "json";
    else if (quiet) this.form = "quiet";
    else this.form = console.isLive ? "live" : "log";
    this.refreshMs = REFRESH_MS[this.form];
    this.#console = console;
  }

  get room(): Room {
    const { room: { columns, rows }, widthOf } = this.#console;
    return { columns: columns - MARGIN_COLUMNS, rows, widthOf };
  }

  /** Writes a value for programs, with the time. */
  value(value: JsonLine): void {
    if (this.form !== "json") return;
    const time = new Date().toISOString();
    this.#console.writeResult(printableJson({ time, ...value }));
  }

  /** Writes a line for people, unless it is the last one about its subject. */
  line(text: string, subject?: string): void {
    if (text === "" || !["live", "log"].includes(this.form)) return;
    if (subject !== undefined) {
      if (this.#lastLines.get(subject) === text) return;
      this.#lastLines.set(subject, text);
    }
    this.#console.writeLine(printable(text));
  }

  /** Shows the state for people: in place of the one before, or each line that changed. */
  state(lines: readonly string[]): void {
    if (this.form === "live") {
      const { room } = this;
      this.#console.show(lines.map((line) => truncate(printable(line), room)));
    } else {
      lines.forEach((line, index) => this.line(line, `state ${index}`));
    }
  }

  /** Shows that the job is leaving its swarms, which may take seconds. */
  leaving(): void {
    if (this.form === "live") {
      this.#console.show(["leaving; Ctrl+C again ends at once"]);
    }
  }

  [Symbol.dispose](): void {
    this.#console.show([]);
  }
}

/** Truncates `text` to `columns`, with an ellipsis at the end. */
export function truncate(
  text: string,
  { columns, widthOf }: Pick<Room, "columns" | "widthOf">,
): string {
  if (widthOf(text) <= columns) return text;
  let kept = "";
  for (const character of text) {
    if (widthOf(kept + character) > columns - 1) break;
    kept += character;
  }
  return columns > 0 ? `${kept}…` : "";
}
