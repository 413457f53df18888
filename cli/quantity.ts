/**
 * Quantities as people write and read them: sizes, times, counts. Pure.
 *
 * @module
 */
import { format as formatBytes } from "@std/fmt/bytes";

const KIB = 1024;

/** `1.3 GiB`, `256 KiB`, `17 B`. */
export function formatSize(bytes: number): string {
  return formatBytes(Math.round(bytes), {
    binary: true,
    maximumFractionDigits: 1,
    // IEC 80000-13 writes Ki with a capital; the package does not.
  }).replace("kiB", "KiB");
}

/** Bytes of `262144`, `256KiB`, `256k`, `1MiB` or `1m`; `undefined` of anything else. */
export function parseSize(text: string): number | undefined {
  const match = /^([0-9]{1,15})(?:(k|m)(?:ib)?)?$/i.exec(text);
  if (match === null) return undefined;
  const unit = { k: KIB, m: KIB * KIB }[match[2]?.toLowerCase() ?? ""] ?? 1;
  const bytes = Number(match[1]) * unit;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
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

/** Longest time that {@linkcode formatTimeLeft} tells, in seconds. */
const MAX_TIME_LEFT = 99 * 3600;

/** Columns that {@linkcode formatTimeLeft} takes at most: `99:00:00 left`. */
export const TIME_LEFT_COLUMNS = 13;

/** `12:30 left`; empty where the end is not known or so far that it says nothing. */
export function formatTimeLeft(seconds: number | undefined): string {
  return seconds === undefined || !(seconds > 0 && seconds <= MAX_TIME_LEFT)
    ? ""
    : `${formatDuration(seconds)} left`;
}

/** `1 peer`, `2 peers`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
