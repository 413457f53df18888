/**
 * A progress bar as text: a pure function of how far the work is and how wide
 * the terminal is.
 *
 * @module
 */
import { format as formatBytes } from "@std/fmt/bytes";

/** How far work on a number of bytes is. */
export interface Progress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly elapsedMs: number;
}

/** Widest bar, brackets not counted: more columns show nothing more. */
const MAX_BAR_COLUMNS = 40;

/** Narrowest bar that still shows something. */
const MIN_BAR_COLUMNS = 5;

/** What a line shows beside the bar. */
interface Part {
  readonly text: string;
  /** Room kept for it, so that the bar does not jump as numbers grow. */
  readonly columns: number;
}

/**
 * One line of fewer than `columns` columns: bar, percentage, size, speed and
 * time left, from the front as many as fit.
 */
export function renderProgress(progress: Progress, columns: number): string {
  // One column stays free: some terminals wrap when the last is written.
  const widest = columns - 1;
  const parts = describeParts(progress);
  while (
    parts.length > 1 && roomFor(parts) + MIN_BAR_COLUMNS + 2 > widest
  ) {
    parts.pop();
  }
  const barColumns = Math.min(MAX_BAR_COLUMNS, widest - roomFor(parts) - 2);
  const bar = barColumns < MIN_BAR_COLUMNS
    ? ""
    : renderBar(fractionOf(progress), barColumns);
  const texts = parts.map((part) => `  ${part.text.padEnd(part.columns)}`);
  return (bar + texts.join("")).trim().slice(0, Math.max(0, widest));
}

function describeParts(progress: Progress): Part[] {
  const { doneBytes, totalBytes, elapsedMs } = progress;
  const bytesPerSecond = elapsedMs > 0 ? doneBytes / elapsedMs * 1000 : 0;
  const secondsLeft = (totalBytes - doneBytes) / bytesPerSecond;
  // Rounded down: 100% is said of finished work alone.
  const percentage = Math.floor(fractionOf(progress) * 100);
  const parts = [
    { text: `${percentage}%`.padStart(4), columns: 4 },
    {
      text: `${formatSize(doneBytes)} of ${formatSize(totalBytes)}`,
      columns: 26,
    },
    { text: `${formatSize(bytesPerSecond)}/s`, columns: 13 },
  ];
  if (Number.isFinite(secondsLeft) && secondsLeft > 0) {
    parts.push({ text: `${formatDuration(secondsLeft)} left`, columns: 12 });
  }
  return parts;
}

function fractionOf({ doneBytes, totalBytes }: Progress): number {
  return totalBytes === 0 ? 1 : doneBytes / totalBytes;
}

function roomFor(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + part.columns + 2, 0);
}

/** `[####......]`, of `columns` columns between the brackets. */
export function renderBar(fraction: number, columns: number): string {
  const filled = Math.floor(Math.min(1, Math.max(0, fraction)) * columns);
  return `[${"#".repeat(filled)}${".".repeat(columns - filled)}]`;
}

/** `1.3 GiB`, `256 KiB`, `17 B`. */
export function formatSize(bytes: number): string {
  return formatBytes(Math.round(bytes), {
    binary: true,
    maximumFractionDigits: 1,
    // IEC 80000-13 writes Ki with a capital; the package does not.
  }).replace("kiB", "KiB");
}

/** `0:07`, `12:30`, `1:02:03`; whole seconds, rounded up. */
export function formatDuration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const tail = String(whole % 60).padStart(2, "0");
  return hours > 0
    ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}`
    : `${minutes}:${tail}`;
}
