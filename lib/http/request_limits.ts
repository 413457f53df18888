/**
 * How much a request may be. Everything is judged before memory is taken for it.
 *
 * @module
 */

/** What a request may have at most. */
export interface RequestLimits {
  /** Longest target (path and query) in bytes; beyond it the answer is 414. */
  readonly maxTargetLength: number;
  /** Length of all header lines together in bytes; beyond it the answer is 431. */
  readonly maxHeaderLength: number;
  /** Number of header lines; beyond it the answer is 431. */
  readonly maxHeaderCount: number;
  /** Length of a body, which is skipped, in bytes; beyond it the answer is 413. */
  readonly maxBodyLength: number;
}

/** Room for a scrape of 200 torrents, and for what browsers say of themselves. */
export const REQUEST_LIMITS: RequestLimits = {
  maxTargetLength: 16 * 1024,
  maxHeaderLength: 16 * 1024,
  maxHeaderCount: 100,
  maxBodyLength: 64 * 1024,
};
