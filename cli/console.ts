/**
 * Writes a process's lines to stdout and stderr, and keeps one live block, redrawn
 * in place, at the bottom of a terminal. All jobs of a process share one console:
 * each has a part of the block, and lines appear above it. Knows nothing of the
 * text that it writes.
 *
 * @module
 */
import stringWidth from "string-width";
import { type Platform, platformOf } from "../mod.ts";

/** Size of a terminal, in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Used if the size of the terminal is unknown. */
const DEFAULT_SIZE: TerminalSize = { columns: 80, rows: 24 };

/** A stream that a console writes to, such as `Deno.stdout`. */
export interface ConsoleStream {
  writeSync(bytes: Uint8Array): number;
  isTerminal(): boolean;
}

/** The streams and the terminal of a console. */
export interface ConsoleOptions {
  readonly stdout: ConsoleStream;
  readonly stderr: ConsoleStream;
  readonly size: () => TerminalSize;
  /** True if the terminal, if there is one, understands cursor movements. */
  readonly canMoveCursor: boolean;
}

/** One job's part of the live block. */
export interface LiveBlock extends Disposable {
  /** The columns and rows that `show` may fill, as far as other parts leave any. */
  room(): TerminalSize;
  /** Replaces the lines of this part; each must be narrower than the terminal. */
  show(lines: readonly string[]): void;
}

/** The lines and the live block of one process. */
export class Console {
  readonly #options: ConsoleOptions;
  /** The parts of the live block, from top to bottom. */
  readonly #parts = new Map<LiveBlock, readonly string[]>();
  /** The lines of the live block that are on the terminal now. */
  #drawn: readonly string[] = [];
  #suspensionCount = 0;
  #wasSuspended = false;

  constructor(options: ConsoleOptions) {
    this.#options = options;
  }

  /** The console of this process. Make one only: two would draw over each other. */
  static ofProcess(): Console {
    return new Console({
      stdout: Deno.stdout,
      stderr: Deno.stderr,
      size: terminalSize,
      canMoveCursor: canMoveCursor({
        platform: platformOf(Deno.build.os),
        isStandalone: Deno.build.standalone,
        denoVersion: Deno.version.deno,
      }),
    });
  }

  /** True if a live block can be shown: stderr is a terminal. */
  get isLive(): boolean {
    return this.#options.stderr.isTerminal() && this.#options.canMoveCursor;
  }

  /** Writes one line to stdout. */
  writeLine(text: string): void {
    this.#writeAbove(this.#options.stdout, text);
  }

  /** Writes one line to stderr. */
  writeErrorLine(text: string): void {
    this.#writeAbove(this.#options.stderr, text);
  }

  /** Adds a part to the live block, until it is disposed of. */
  openBlock(): LiveBlock {
    const block: LiveBlock = {
      room: () => this.#roomOf(block),
      show: (lines) => {
        if (this.#parts.has(block)) this.#parts.set(block, lines);
        this.#draw();
      },
      [Symbol.dispose]: () => {
        this.#parts.delete(block);
        this.#draw();
      },
    };
    this.#parts.set(block, []);
    return block;
  }

  /** Hides the live block, while another process writes to the same terminal. */
  suspendBlock(): Disposable {
    this.#suspensionCount++;
    this.#draw();
    return {
      [Symbol.dispose]: () => {
        this.#suspensionCount--;
        this.#draw();
      },
    };
  }

  /** Removes the live block for good, before the process exits. */
  close(): void {
    this.#parts.clear();
    this.#draw();
  }

  #writeAbove(stream: ConsoleStream, text: string): void {
    const isDrawn = this.#drawn.length > 0;
    if (isDrawn && stream.isTerminal()) this.#replace([]);
    this.#write(`${text}\n`, stream);
    if (isDrawn) this.#draw();
  }

  #draw(): void {
    if (!this.isLive) return;
    const isSuspended = this.#suspensionCount > 0;
    // The other process may have left a line without an end, which would be erased.
    // The spaces wrap behind it, but stay on a line that is empty.
    if (this.#wasSuspended && !isSuspended) {
      this.#write(`${" ".repeat(this.#options.size().columns - 1)}\r`);
    }
    this.#wasSuspended = isSuspended;
    const lines = isSuspended ? [] : [...this.#parts.values()].flat();
    // A line that has scrolled off the top could not be replaced.
    this.#replace(lines.slice(0, this.#rows()));
  }

  #replace(lines: readonly string[]): void {
    if (lines.join("\n") === this.#drawn.join("\n")) return;
    const { columns } = this.#options.size();
    // Most terminals wrap lines that are too long after they were narrowed.
    const rowCount = this.#drawn.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(stringWidth(line) / columns)),
      0,
    );
    // Up to the first line of the block, then everything below is replaced at once.
    const up = rowCount > 1 ? `\x1b[${rowCount - 1}A` : "";
    this.#write(`\r${up}\x1b[J${lines.join("\n")}`);
    this.#drawn = lines;
  }

  #roomOf(block: LiveBlock): TerminalSize {
    const rows = this.#rows();
    const others = [...this.#parts].filter(([part]) => part !== block);
    const otherRows = others.flatMap(([, lines]) => lines).length;
    const equalShare = Math.floor(rows / (others.length + 1));
    return {
      columns: this.#options.size().columns,
      rows: Math.max(equalShare, rows - otherRows),
    };
  }

  /** Rows for the live block: one stays free for the last line above it. */
  #rows(): number {
    return Math.max(1, this.#options.size().rows - 1);
  }

  #write(text: string, stream = this.#options.stderr): void {
    let rest = new TextEncoder().encode(text);
    try {
      while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
    } catch (error) {
      // The reader has closed the pipe (`show … | head -1`, a closed terminal): no
      // reason to stop a transfer.
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  }
}

/**
 * True if terminals understand cursor movements. Executables made by Deno before
 * 2.8.2 do not enable them on Windows, and its older consoles print them as text.
 */
export function canMoveCursor(
  { platform, isStandalone, denoVersion }: {
    readonly platform: Platform;
    readonly isStandalone: boolean;
    readonly denoVersion: string;
  },
): boolean {
  if (platform !== "windows" || !isStandalone) return true;
  const [major = 0, minor = 0, patch = 0] = denoVersion.split(/[.-]/)
    .map(Number);
  return ((major - 2) || (minor - 8) || (patch - 2)) >= 0;
}

function terminalSize(): TerminalSize {
  try {
    const { columns, rows } = Deno.consoleSize();
    return columns > 0 && rows > 0 ? { columns, rows } : DEFAULT_SIZE;
  } catch {
    // Not a terminal.
    return DEFAULT_SIZE;
  }
}
