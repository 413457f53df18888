/**
 * The programs' way to the terminal: whole lines to stdout and stderr, and the
 * lines on stderr that are rewritten in place while work goes on. Knows nothing
 * of what the lines say.
 *
 * @module
 */
import stringWidth from "string-width";
import { type Platform, platformOf } from "../mod.ts";

/** Assumed where no terminal tells. */
const DEFAULT_SIZE = { columns: 80, rows: 24 };

const encoder = new TextEncoder();
let liveLines: readonly string[] = [];

/** Writes one line to stdout. */
export function writeLine(text: string): void {
  eraseLiveLines();
  writeAll(Deno.stdout, `${text}\n`);
}

/** Writes one line to stderr. */
export function writeErrorLine(text: string): void {
  eraseLiveLines();
  writeAll(Deno.stderr, `${text}\n`);
}

/**
 * Shows `lines` at the bottom of stderr in place of those that stood there. For
 * terminals: the caller asks {@linkcode isTerminal} first, keeps each line
 * narrower than {@linkcode terminalColumns} and gives no more lines than
 * {@linkcode terminalRows}: what scrolled away cannot be replaced.
 */
export function writeLiveLines(lines: readonly string[]): void {
  if (lines.join("\n") === liveLines.join("\n")) return;
  // Up to the first line of the block, then all below it is replaced at once.
  const rowCount = rowsTaken(liveLines, terminalColumns());
  const up = rowCount > 1 ? `\x1b[${rowCount - 1}A` : "";
  writeAll(Deno.stderr, `\r${up}\x1b[J${lines.join("\n")}`);
  liveLines = lines;
}

/** Removes the live lines, if any are shown. */
export function eraseLiveLines(): void {
  writeLiveLines([]);
}

/** Whether a person may be looking at the stream, where lines can be rewritten. */
export function isTerminal(stream: "stdout" | "stderr"): boolean {
  return Deno[stream].isTerminal() && canRewriteLines({
    platform: platformOf(Deno.build.os),
    isStandalone: Deno.build.standalone,
    denoVersion: Deno.version.deno,
  });
}

/** What a program runs on. */
export interface ConsoleHost {
  readonly platform: Platform;
  /** Whether it is an executable of its own. */
  readonly isStandalone: boolean;
  readonly denoVersion: string;
}

/**
 * Whether terminals take what moves the cursor as that. Executables made by Deno
 * before 2.8.2 do not ask Windows for it, and its older consoles show it as text.
 */
export function canRewriteLines(host: ConsoleHost): boolean {
  if (host.platform !== "windows" || !host.isStandalone) return true;
  const [major = 0, minor = 0, patch = 0] = host.denoVersion.split(/[.-]/)
    .map(Number);
  return ((major - 2) || (minor - 8) || (patch - 2)) >= 0;
}

/** Width of the terminal, in columns; 80 where there is none. */
export function terminalColumns(): number {
  return terminalSize().columns;
}

/** Height of the terminal, in lines; 24 where there is none. */
export function terminalRows(): number {
  return terminalSize().rows;
}

function terminalSize(): { columns: number; rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    return columns > 0 && rows > 0 ? { columns, rows } : DEFAULT_SIZE;
  } catch {
    // Not a terminal: the usual size serves as well as any.
    return DEFAULT_SIZE;
  }
}

/**
 * Rows that lines take on a terminal that may have been narrowed since they were
 * written: most terminals then wrap what is too long.
 */
function rowsTaken(lines: readonly string[], columns: number): number {
  return lines.reduce(
    (sum, line) => sum + Math.max(1, Math.ceil(stringWidth(line) / columns)),
    0,
  );
}

function writeAll(
  stream: { writeSync(bytes: Uint8Array): number },
  text: string,
): void {
  let rest = encoder.encode(text);
  try {
    while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
  } catch (error) {
    // The reader left (`show … | head -1`, a closed terminal). What it does not
    // want to see is no reason to stop a transfer.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
