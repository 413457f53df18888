/**
 * Units of the rows.
 *
 * @module
 */

/** 1 MiB in bytes. */
export const MEBIBYTE: number = 1024 * 1024;

/** 1 GiB in bytes. */
export const GIBIBYTE: number = 1024 * MEBIBYTE;

/** Shortest time for bytes on a link, in seconds. */
export function secondsOnLink(
  bytes: number,
  megabitsPerSecond: number,
): number {
  return bytes * 8 / (megabitsPerSecond * 1e6);
}
