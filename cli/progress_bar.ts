/**
 * The progress of work on a number of bytes as one line: a pure function of how
 * far it is and how wide the terminal is.
 *
 * @module
 */
import { fractionOf, type LinePart, renderBarLine } from "./bar_line.ts";
import { formatSize, formatTimeLeft, TIME_LEFT_COLUMNS } from "./quantity.ts";

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
