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

/**
 * One line of fewer than `columns` columns: bar, percentage, size, speed and
 * time left, from the end as many as fit.
 */
export function renderProgress(progress: Progress, columns: number): string {
  const { doneBytes, totalBytes, elapsedMs } = progress;
  const fraction = totalBytes === 0 ? 1 : doneBytes / totalBytes;
  const bytesPerSecond = elapsedMs > 0 ? doneBytes / elapsedMs * 1000 : 0;
  const parts = [
    // Rounded down: 100% is said of finished work alone.
    `${Math.floor(fraction * 100)}%`.padStart(4),
    `${formatSize(doneBytes)} of ${formatSize(totalBytes)}`,
    `${formatSize(bytesPerSecond)}/s`,
  ];
  if (bytesPerSecond > 0 && doneBytes < totalBytes) {
    const secondsLeft = (totalBytes - doneBytes) / bytesPerSecond;
    parts.push(`${formatDuration(secondsLeft)} left`);
  }
  // One column stays free: some terminals wrap when the last is written.
  const widest = columns - 1;
  while (parts.length > 1 && textWidth(parts) + MIN_BAR_COLUMNS + 2 > widest) {
    parts.pop();
  }
  const barColumns = Math.min(MAX_BAR_COLUMNS, widest - textWidth(parts) - 2);
  const text = parts.map((part) => `  ${part}`).join("");
  return barColumns < MIN_BAR_COLUMNS
    ? text.trim().slice(0, Math.max(0, widest))
    : renderBar(fraction, barColumns) + text;
}

/** `[####......]`, of `columns` columns between the brackets. */
export function renderBar(fraction: number, columns: number): string {
  const filled = Math.floor(Math.min(1, Math.max(0, fraction)) * columns);
  return `[${"#".repeat(filled)}${".".repeat(columns - filled)}]`;
}

/** `1.25 GiB`, `256 KiB`, `17 B`. */
export function formatSize(bytes: number): string {
  return formatBytes(Math.round(bytes), {
    binary: true,
    maximumFractionDigits: 2,
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

function textWidth(parts: readonly string[]): number {
  return parts.reduce((sum, part) => sum + part.length + 2, 0);
}
