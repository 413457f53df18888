/**
 * Quantities as people write and read them: sizes, times, counts. Pure.
 */
export {
  formatDuration as describeDuration,
  formatPlural as plural,
  formatSize,
} from "../lib/values.ts";

const KIB = 1024;

/** The error for a text that is not what it stands for. */
export function notA(what: string, text: string): RangeError {
  return new RangeError(`${JSON.stringify(text)} is not ${what}`);
}

/** Reads bytes, with or without a unit: `262144`, `256KiB`, `1m`. @throws {RangeError} */
export function readSize(text: string): number {
  const [, number, unit] = /^([0-9]{1,15})(?:(k|m)(?:ib)?)?$/i.exec(text) ?? [];
  const factor = { k: KIB, m: KIB * KIB }[unit?.toLowerCase() ?? ""] ?? 1;
  const bytes = Number(number) * factor;
  if (Number.isSafeInteger(bytes)) return bytes;
  throw notA("a size such as 256KiB, 1MiB or 500000 (bytes)", text);
}

/**
 * Reads a rate: `10MB/s`, `800KiB/s`, bytes a second without a unit, or `none`, which
 * is 0. @throws {RangeError}
 */
export function readRate(text: string): number {
  if (text === "none") return 0;
  const [, number, prefix = "", binary] =
    /^([0-9]{1,12}(?:\.[0-9]{1,3})?)(?:([kmg])(i?)b?)?(?:\/s)?$/i.exec(text) ??
      [];
  const power = "kmg".indexOf(prefix.toLowerCase() || " ") + 1;
  const rate = Math.round(Number(number) * (binary ? KIB : 1_000) ** power);
  if (rate >= KIB && Number.isSafeInteger(rate)) return rate;
  throw notA("a rate such as 10MB/s, 800KiB/s or none, at least 1KiB/s", text);
}

/**
 * Reads a time: `90s`, `10m`, `2h`, seconds without a unit, or `forever`, which is
 * `Infinity`. In milliseconds. @throws {RangeError}
 */
export function readDuration(text: string): number {
  if (text === "forever") return Infinity;
  const [, number, unit = "s"] = /^([0-9]{1,9})([smh])?$/.exec(text) ?? [];
  const seconds = Number(number) * { s: 1, m: 60, h: 3600 }[unit]!;
  if (seconds >= 0) return seconds * 1000;
  throw notA("a time such as 90s, 10m, 2h, 90 (seconds) or forever", text);
}

/**
 * Reads a time of the day: `7:30`, `18:00`. Milliseconds until it comes next.
 * @throws {RangeError}
 */
export function msUntil(text: string, now: Date): number {
  const [, hours, minutes] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (hours === undefined) {
    throw notA("a time of the day such as 7:30 or 18:00", text);
  }
  const next = new Date(now);
  next.setHours(Number(hours), Number(minutes), 0, 0);
  if (next <= now) next.setDate(next.getDate() + 1);
  return next.getTime() - now.getTime();
}

/** `45s`, `10m`, `2h`: a time as {@linkcode readDuration} reads it, rounded up. */
export function formatTime(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
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

const MAX_SECONDS_LEFT = 99 * 3600;
/** Most columns of {@linkcode formatTimeLeft}: `99:00:00 left`. */
export const TIME_LEFT_COLUMNS = 13;

/** `12:30 left`; empty if the end is unknown or more than 99 hours away. */
export function formatTimeLeft(seconds = NaN): string {
  return seconds > 0 && seconds <= MAX_SECONDS_LEFT
    ? `${formatDuration(seconds)} left`
    : "";
}
