/**
 * Units that the rows are stated in.
 *
 * @module
 */

/** In bytes. */
export const MEBIBYTE: number = 1024 * 1024;

/** In bytes. */
export const GIBIBYTE: number = 1024 * MEBIBYTE;

/** The least time in which a link carries so many bytes, in seconds. */
export function secondsOnLink(
  bytes: number,
  megabitsPerSecond: number,
): number {
  return bytes * 8 / (megabitsPerSecond * 1e6);
}
