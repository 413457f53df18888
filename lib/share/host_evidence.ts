/**
 * A host's measurements of itself, from which the tracker of its share judges why it
 * is slow; as a part of the query of a report. Pure.
 *
 * @module
 */

/** Measurements over about the last five seconds; shares of the time from 0 to 1. */
export interface HostEvidence {
  /** A write to the disk was pending. */
  readonly disk: number;
  /** Timers were late: the processor was busy, here or elsewhere. */
  readonly late: number;
  /** Pieces were hashed. */
  readonly hash: number;
  /** No connected peer had anything that it lacks. */
  readonly idle: number;
  /** Share of the peers that owe it blocks and sent nothing for a while. */
  readonly stall: number;
  /** Hosts to which it is connected. */
  readonly peerCount: number;
  /** Its own limit of the receive rate; 0 for none. */
  readonly limitBytesPerSecond: number;
  /** True if its only network is wireless. */
  readonly isWireless: boolean;
}

/** The fields of a query. */
const FIELDS = {
  disk: "disk",
  late: "late",
  hash: "hash",
  idle: "idle",
  stall: "stall",
  peers: "peerCount",
  limit: "limitBytesPerSecond",
} as const;

/** Adds measurements to a query. */
export function writeEvidence(
  query: URLSearchParams,
  evidence: HostEvidence,
): void {
  for (const [key, field] of Object.entries(FIELDS)) {
    query.set(key, `${Math.round(evidence[field] * 100) / 100}`);
  }
  if (evidence.isWireless) query.set("wireless", "1");
}

/**
 * Reads them, if there are any.
 * @param number Reads one field that must be a number up to the other one.
 */
export function readEvidence(
  query: URLSearchParams,
  number: (key: string, most: number) => number,
): HostEvidence | undefined {
  if (!query.has("disk")) return undefined;
  return {
    disk: number("disk", 1),
    late: number("late", 1),
    hash: number("hash", 1),
    idle: number("idle", 1),
    stall: number("stall", 1),
    peerCount: number("peers", 100_000),
    limitBytesPerSecond: number("limit", Number.MAX_SAFE_INTEGER),
    isWireless: query.get("wireless") === "1",
  };
}
