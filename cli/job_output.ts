/**
 * The output of one job in the form that its flags ask for: lines above a live block
 * on a terminal, lines now and then elsewhere, JSON lines for programs, or nothing.
 * Errors and warnings are written elsewhere.
 *
 * @module
 */
import stringWidth from "string-width";
import type { Console, LiveBlock, TerminalSize } from "./console.ts";
import { printable, printableJson } from "./printable.ts";

/** Time between two refreshes in each form. */
const REFRESH_MS = { json: 1_000, quiet: 60_000, live: 250, log: 5_000 };
/** Columns kept free: a terminal shows `^C` there, and some wrap after the last one. */
const MARGIN_COLUMNS = 3;

/** A value for one line of JSON. */
export type JsonLine = {
  readonly type: string;
  readonly [key: string]: unknown;
};

/** The output of one job. Disposing of it ends its live block. */
export class JobOutput implements Disposable {
  readonly form: keyof typeof REFRESH_MS;
  readonly refreshMs: number;
  readonly #console: Console;
  readonly #block: LiveBlock;
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
    this.#block = console.openBlock();
  }

  /** Columns and rows for the state. */
  get room(): TerminalSize {
    const { columns, rows } = this.#block.room();
    return { columns: columns - MARGIN_COLUMNS, rows };
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
      const { columns } = this.room;
      this.#block.show(lines.map((line) => truncate(printable(line), columns)));
    } else {
      lines.forEach((line, index) => this.line(line, `state ${index}`));
    }
  }

  /** Shows that the job is leaving its swarms, which may take seconds. */
  leaving(): void {
    if (this.form === "live") {
      this.#block.show(["leaving; Ctrl+C again ends at once"]);
    }
  }

  [Symbol.dispose](): void {
    this.#block[Symbol.dispose]();
  }
}

/** Truncates `text` to `columns`, with an ellipsis at the end. */
export function truncate(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let kept = "";
  for (const character of text) {
    if (stringWidth(kept + character) > columns - 1) break;
    kept += character;
  }
  return columns > 0 ? `${kept}…` : "";
}
