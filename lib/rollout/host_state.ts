/**
 * A host of a rollout as others see it, and the states that it may have. Pure.
 *
 * @module
 */
import type { HostReport } from "./host_report.ts";

/** All states, those that need somebody first. `missing`: expected, and never seen. */
export const ROLLOUT_STATES = [
  ...["missing", "failed", "stuck", "left", "waiting"],
  ...["verifying", "fetching", "verified", "done"],
] as const;

/** The state of a host. */
export type RolloutState = typeof ROLLOUT_STATES[number];

/**
 * A host of a rollout, with some fields of its last report. What is unknown is
 * `undefined`; times are on the clock of the events.
 */
export interface RolloutHost extends
  Pick<
    HostReport,
    | "reason"
    | "reasonCode"
    | "downloadBytesPerSecond"
    | "uploadBytesPerSecond"
    | "freeBytes"
    | "exitCode"
  > {
  /** As it was expected, or as it reports itself, or its address. */
  readonly name: string;
  /** Its IP address; `undefined` if it was never seen. */
  readonly address?: string | undefined;
  /** True if `name` was expected; false for any host if a number was. */
  readonly isExpected: boolean;
  /** Its state. */
  readonly state: RolloutState;
  /** The part that it has of its shares, from 0 to 1. */
  readonly fraction: number;
  /** Received from the machine that shares, in bytes, as it reports it. */
  readonly bytesFromSource?: number | undefined;
  /** Received from other machines. */
  readonly bytesFromOthers?: number | undefined;
  /** True if our peer reports itself, false if only announces are known. */
  readonly isReporting: boolean;
  /** The time of its first sign. */
  readonly firstSeenMs?: number | undefined;
  /** The time at which it had everything; `undefined` until then. */
  readonly completeAtMs?: number | undefined;
}

/** A host that was expected, and never seen. */
export const NEVER_SEEN: Omit<RolloutHost, "name" | "isExpected"> = {
  state: "missing",
  fraction: 0,
  reason: "never seen",
  reasonCode: "silent",
  downloadBytesPerSecond: 0,
  uploadBytesPerSecond: 0,
  isReporting: false,
};

/** True for a host with everything, whatever it does since. */
export function isVerified({ state }: Pick<RolloutHost, "state">): boolean {
  return state === "verified" || state === "done";
}

/** The number of hosts in each state. */
export function countStates(
  hosts: readonly RolloutHost[],
): Record<RolloutState, number> {
  const counts = Object.fromEntries(ROLLOUT_STATES.map((state) => [state, 0]));
  for (const { state } of hosts) counts[state]!++;
  return counts as Record<RolloutState, number>;
}
