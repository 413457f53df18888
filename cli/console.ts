/**
 * The programs' way to the terminal: whole lines to stdout and stderr, and the lines
 * on stderr that are rewritten in place while work goes on. Knows
 * nothing of what the lines say.
 *
 * @module
 */

/** Columns assumed where no terminal tells. */
const DEFAULT_COLUMNS = 80;

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
 * terminals: the caller asks {@linkcode isTerminal} first and keeps each line
 * narrower than {@linkcode terminalColumns}.
 */
export function writeLiveLines(lines: readonly string[]): void {
  if (lines.join("\n") === liveLines.join("\n")) return;
  // Up to the first line of the block, then all below it is replaced at once.
  const up = liveLines.length > 1 ? `\x1b[${liveLines.length - 1}A` : "";
  writeAll(Deno.stderr, `\r${up}\x1b[J${lines.join("\n")}`);
  liveLines = lines;
}

/** Removes the live lines, if any are shown. */
export function eraseLiveLines(): void {
  writeLiveLines([]);
}

/** Whether a person may be looking at the stream. */
export function isTerminal(stream: "stdout" | "stderr"): boolean {
  return Deno[stream].isTerminal();
}

/** Width of the terminal, in columns; 80 where there is none. */
export function terminalColumns(): number {
  try {
    const { columns } = Deno.consoleSize();
    return columns > 0 ? columns : DEFAULT_COLUMNS;
  } catch {
    // Not a terminal: the usual width serves as well as any.
    return DEFAULT_COLUMNS;
  }
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
