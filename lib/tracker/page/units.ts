/**
 * Formats quantities for the page. Times are rounded to steps, so that a page
 * that is watched stays calm and an unchanged view is not sent again.
 *
 * @module
 */

const SIZE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] as const;

/** `17 B`, `1.3 GiB`, `256 KiB`: at most three digits. */
export function formatSize(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  // 999.5 would be shown as 1000.
  while (amount >= 999.5 && unit < SIZE_UNITS.length - 1) {
    amount /= 1024;
    unit++;
  }
  const digits = unit === 0 || amount >= 99.95 ? 0 : 1;
  return `${amount.toFixed(digits).replace(/\.0$/, "")} ${SIZE_UNITS[unit]}`;
}

/** `11.2 MiB/s`. */
export function formatSpeed(bytesPerSecond: number): string {
  return `${formatSize(bytesPerSecond)}/s`;
}

/** `9,000`. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 host`, `9,000 hosts`. */
export function formatPlural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `37%`, rounded down: only a complete copy is 100%. */
export function formatFraction(fraction: number): string {
  return `${Math.floor(fraction * 100)}%`;
}

/** `3 d 4 h`, `4 h 5 min`, `5 min 6 s` or `6 s`: the two largest units. */
export function formatDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts: [count: number, unit: string][] = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor(whole / 3_600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return parts.slice(first === -1 ? 3 : first).slice(0, 2)
    .map(([count, unit]) => `${count} ${unit}`).join(" ");
}

/** The step that a time left is rounded up to, by the time that it is below; in seconds. */
const TIME_LEFT_STEPS: readonly [belowSeconds: number, stepSeconds: number][] =
  [[60, 5], [600, 30], [3_600, 60], [99 * 3_600, 600]];

/** `25 s`, `2 min 30 s`, `1 h 10 min`: rounded up, in larger steps for longer times. */
export function formatTimeLeft(seconds: number): string {
  for (const [below, step] of TIME_LEFT_STEPS) {
    const rounded = Math.max(1, Math.ceil(seconds / step)) * step;
    if (rounded <= below) {
      return formatDuration(rounded).replace(/ 0 (min|s|h)$/, "");
    }
  }
  return "days";
}

/** `just now`, `20 s ago`, `5 min ago`: rounded down. */
export function formatAge(seconds: number): string {
  if (seconds < 10) return "just now";
  if (seconds < 60) return `${Math.floor(seconds / 10) * 10} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  return `${Math.floor(seconds / 3_600)} h ago`;
}
