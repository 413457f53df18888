/**
 * Renders progress as one line: a bar and texts beside it. Pure: how far the work
 * is and the width of the terminal in, text out. The bar keeps its length as the
 * numbers change, because each text has columns reserved for it.
 *
 * @module
 */
import { formatSize, formatTimeLeft, TIME_LEFT_COLUMNS } from "./quantity.ts";

/** Widest bar, brackets not counted: more columns show nothing more. */
const MAX_BAR_COLUMNS = 40;

/** Narrowest bar that still shows something. */
const MIN_BAR_COLUMNS = 5;

/** Two brackets. */
const BRACKET_COLUMNS = 2;

/** What a line shows beside the bar. */
export interface LinePart {
  /** One column a character; empty where there is nothing to say now. */
  readonly text: string;
  /** Room kept for it. */
  readonly columns: number;
}

/** How much is done, from 0 to 1; no work at all is done. */
export function fractionOf(done: number, total: number): number {
  return total === 0 ? 1 : done / total;
}

/**
 * The bar and, from the front, as many parts as fit; at most `widest` columns.
 * The bar goes before the first part does.
 */
export function renderBarLine(
  fraction: number,
  parts: readonly LinePart[],
  widest: number,
): string {
  const shown = [...parts];
  while (
    shown.length > 1 &&
    roomFor(shown) + MIN_BAR_COLUMNS + BRACKET_COLUMNS > widest
  ) {
    shown.pop();
  }
  const barColumns = Math.min(
    MAX_BAR_COLUMNS,
    widest - roomFor(shown) - BRACKET_COLUMNS,
  );
  const bar = barColumns < MIN_BAR_COLUMNS
    ? ""
    : renderBar(fraction, barColumns);
  const texts = shown.map((part) => `  ${part.text.padEnd(part.columns)}`);
  return (bar + texts.join("")).trim().slice(0, Math.max(0, widest));
}

function roomFor(parts: readonly LinePart[]): number {
  return parts.reduce(
    (sum, { text, columns }) => sum + Math.max(columns, text.length) + 2,
    0,
  );
}

/** `[####......]`, of `columns` columns between the brackets. */
export function renderBar(fraction: number, columns: number): string {
  const filled = Math.floor(Math.min(1, Math.max(0, fraction)) * columns);
  return `[${"#".repeat(filled)}${".".repeat(columns - filled)}]`;
}

/** How far work on a number of bytes is. */
export interface Progress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly elapsedMs: number;
}

/**
 * One line of fewer than `columns` columns: bar, percentage, size, speed and
 * time left, from the front as many as fit.
 */
export function renderProgress(progress: Progress, columns: number): string {
  const fraction = fractionOf(progress.doneBytes, progress.totalBytes);
  // One column stays free: some terminals wrap when the last is written.
  return renderBarLine(
    fraction,
    describeParts(progress, fraction),
    columns - 1,
  );
}

function describeParts(
  { doneBytes, totalBytes, elapsedMs }: Progress,
  fraction: number,
): LinePart[] {
  const bytesPerSecond = elapsedMs > 0 ? doneBytes / elapsedMs * 1000 : 0;
  const secondsLeft = (totalBytes - doneBytes) / bytesPerSecond;
  // Rounded down: 100% is said of finished work alone.
  const percentage = Math.floor(fraction * 100);
  return [
    { text: `${percentage}%`.padStart(4), columns: 4 },
    {
      text: `${formatSize(doneBytes)} of ${formatSize(totalBytes)}`,
      columns: 26,
    },
    { text: `${formatSize(bytesPerSecond)}/s`, columns: 13 },
    { text: formatTimeLeft(secondsLeft), columns: TIME_LEFT_COLUMNS },
  ];
}
