/**
 * The programs' way to the terminal: whole lines to stdout and stderr, and the
 * one line on stderr that is rewritten in place while work goes on. Knows
 * nothing of what the lines say.
 *
 * @module
 */

/** Columns assumed where no terminal tells. */
const DEFAULT_COLUMNS = 80;

const encoder = new TextEncoder();
let liveLine = "";

/** Writes one line to stdout. */
export function writeLine(text: string): void {
  eraseLiveLine();
  writeAll(Deno.stdout, `${text}\n`);
}

/** Writes one line to stderr. */
export function writeErrorLine(text: string): void {
  eraseLiveLine();
  writeAll(Deno.stderr, `${text}\n`);
}

/**
 * Shows `text` on the last line of stderr in place of what stood there. For
 * terminals: the caller asks {@linkcode isTerminal} first and keeps the text
 * narrower than {@linkcode terminalColumns}.
 */
export function writeLiveLine(text: string): void {
  if (text === liveLine) return;
  writeAll(Deno.stderr, `\r\x1b[K${text}`);
  liveLine = text;
}

/** Removes the live line, if one is shown. */
export function eraseLiveLine(): void {
  if (liveLine !== "") writeLiveLine("");
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
