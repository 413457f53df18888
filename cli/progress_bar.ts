/**
 * Renders progress as one line: a bar and texts beside it. Pure: how far the work
 * is and the width of the terminal in, text out. The bar keeps its length as the
 * numbers change, because each text has columns reserved for it.
 *
 * @module
 */
import { formatSize, formatTimeLeft, TIME_LEFT_COLUMNS } from "./quantity.ts";

/** Widest bar, without its brackets: more columns show nothing more. */
const MAX_BAR_COLUMNS = 40;
/** Narrowest bar that still shows something. */
const MIN_BAR_COLUMNS = 5;
const BRACKET_COLUMNS = 2;

/** A text beside the bar. */
export interface LinePart {
  /** One column per character; empty if there is nothing to show now. */
  readonly text: string;
  /** Columns reserved for it. */
  readonly columns: number;
}

/** The part that is done, from 0 to 1; 1 if there is no work at all. */
export function fractionOf(done: number, total: number): number {
  return total === 0 ? 1 : done / total;
}

/**
 * The bar and, from the front, as many parts as fit in `widest` columns. The bar is
 * left out before the first part.
 */
export function renderBarLine(
  fraction: number,
  parts: readonly LinePart[],
  widest: number,
): string {
  const shown = [...parts];
  const partColumns = (): number =>
    shown.reduce(
      (sum, { text, columns }) => sum + Math.max(columns, text.length) + 2,
      0,
    );
  while (
    shown.length > 1 &&
    partColumns() + MIN_BAR_COLUMNS + BRACKET_COLUMNS > widest
  ) {
    shown.pop();
  }
  const barColumns = Math.min(
    MAX_BAR_COLUMNS,
    widest - partColumns() - BRACKET_COLUMNS,
  );
  const bar = barColumns < MIN_BAR_COLUMNS
    ? ""
    : renderBar(fraction, barColumns);
  const texts = shown.map((part) => `  ${part.text.padEnd(part.columns)}`);
  return (bar + texts.join("")).trim().slice(0, Math.max(0, widest));
}

/** `[####......]`, with `columns` columns between the brackets. */
export function renderBar(fraction: number, columns: number): string {
  const filled = Math.floor(Math.min(1, Math.max(0, fraction)) * columns);
  return `[${"#".repeat(filled)}${".".repeat(columns - filled)}]`;
}

/** Progress of work on a number of bytes. */
export interface Progress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly elapsedMs: number;
}

/**
 * One line narrower than `columns`: bar, percentage, size, speed and time left, as
 * many of them as fit.
 */
export function renderProgress(
  { doneBytes, totalBytes, elapsedMs }: Progress,
  columns: number,
): string {
  const fraction = fractionOf(doneBytes, totalBytes);
  const bytesPerSecond = elapsedMs > 0 ? doneBytes / elapsedMs * 1000 : 0;
  const secondsLeft = (totalBytes - doneBytes) / bytesPerSecond;
  // Rounded down: only finished work shows 100%.
  const percentage = Math.floor(fraction * 100);
  const sizes = `${formatSize(doneBytes)} of ${formatSize(totalBytes)}`;
  const parts = [
    { text: `${percentage}%`.padStart(4), columns: 4 },
    { text: sizes, columns: 26 },
    { text: `${formatSize(bytesPerSecond)}/s`, columns: 13 },
    { text: formatTimeLeft(secondsLeft), columns: TIME_LEFT_COLUMNS },
  ];
  // One column stays free: some terminals wrap when the last is written.
  return renderBarLine(fraction, parts, columns - 1);
}
