/**
 * The state of one host of a rollout, as it follows from its announces, its reports
 * and the time. Pure.
 *
 * @module
 */
import { PEER_TIMEOUT } from "../announce/announce.ts";
import type { InfoHash, PeerId } from "../base/identifier.ts";
import type { Candidate } from "./expected_hosts.ts";
import { type HostReport, isOver } from "./host_report.ts";
import type { Progress } from "./progress.ts";
import type { ReasonCode } from "./reason.ts";
import type { Judgement } from "./judgement.ts";

/** Silence after which a host that reports has left, in milliseconds. */
const REPORTS_GONE_MS = 12_000;
/** Time without progress after which a host is stuck, in milliseconds. */
const STUCK_MS = { reporting: 20_000, announcing: 150_000 } as const;
/** Silence after which others cannot count on a host that reports: two reports. */
const SOURCE_SILENCE_MS = 24_000;
/** Time after which others can count on a complete host that only announces. */
const STAYS_AFTER_MS = 10_000;

/** The state of a host; `missing`: expected, and never seen. */
export type RolloutState =
  | "missing"
  | "waiting"
  | "fetching"
  | "verifying"
  | "verified"
  | "done"
  | "stuck"
  | "failed"
  | "left";

/** All states, those that need somebody first. */
export const ROLLOUT_STATES: readonly RolloutState[] = [
  ...["missing", "failed", "stuck", "left", "waiting"],
  ...["verifying", "fetching", "verified", "done"],
] as RolloutState[];

/** One host of a rollout. Times are on the clock of the events. */
export interface RolloutHost {
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
  /** The reason of a failure, or of a stuck or missing host; for people. */
  readonly reason?: string | undefined;
  /** The kind of the reason; for programs. */
  readonly reasonCode?: ReasonCode | undefined;
  /** Its receive rate, as it reports it. */
  readonly downloadBytesPerSecond: number;
  /** Its send rate, as it reports it. */
  readonly uploadBytesPerSecond: number;
  /** Received from the machine that shares, in bytes, as it reports it. */
  readonly bytesFromSource?: number | undefined;
  /** Received from other machines. */
  readonly bytesFromOthers?: number | undefined;
  /** Free on its disk, in bytes, as it reports it. */
  readonly freeBytes?: number | undefined;
  /** The exit code of the command that it ran then, as it reports it. */
  readonly exitCode?: number | undefined;
  /** True if our peer reports itself, false if only announces are known. */
  readonly isReporting: boolean;
  /** The time of its first sign; `undefined` if there was none. */
  readonly firstSeenMs?: number | undefined;
  /** The time at which it had everything; `undefined` until then. */
  readonly completeAtMs?: number | undefined;
}

/** One torrent at one host. */
export interface Part {
  /** Bytes. */
  left: number;
  isPresent: boolean;
  /** Its past. */
  readonly progress: Progress;
  /** The most that it was seen to receive, in bytes a second. */
  mostDown: number;
  /** The most that it was seen to send, in bytes a second. */
  mostUp: number;
}

/** A host, as far as it is known. */
export interface Row extends Candidate {
  peerId: PeerId | undefined;
  key: string | undefined;
  port: number;
  readonly parts: Map<InfoHash, Part>;
  report: HostReport | undefined;
  reportedMs: number;
  /** The time at which it last gained something, or had everything. */
  progressedMs: number;
  /** The judgement whether it is slow, and its reason. */
  readonly judgement: Judgement;
}

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

/** True for a host that has every share that it takes part in, or took part in. */
export function isComplete({ parts }: Row): boolean {
  let hasOne = false;
  for (const { left, isPresent } of parts.values()) {
    if (left === 0) hasOne = true;
    else if (isPresent) return false;
  }
  return hasOne;
}

/** True for a host that has left, or that is silent. */
export function isGone(
  { parts, report, reportedMs, lastSeenMs }: Row,
  nowMs: number,
): boolean {
  if (nowMs - lastSeenMs > PEER_TIMEOUT) return true;
  const isReporting = report !== undefined && !isOver(report);
  if (isReporting && nowMs - reportedMs > REPORTS_GONE_MS) return true;
  return parts.size > 0 &&
    !parts.values().some(({ isPresent }) => isPresent);
}

/** True for a host on which others can count for a torrent when this machine leaves. */
export function isStaying(
  row: Row,
  { hasAll, nowMs }: { readonly hasAll: boolean; readonly nowMs: number },
): boolean {
  const { failedProbeCount, reason } = row.judgement;
  const isReachable = row.port > 0 && failedProbeCount < 2 &&
    reason?.code !== "isolated";
  if (!isReachable || isGone(row, nowMs)) return false;
  const { report, reportedMs, progressedMs } = row;
  // Some clients leave as soon as they are complete.
  if (report === undefined) {
    return hasAll && nowMs - progressedMs >= STAYS_AFTER_MS;
  }
  return report.stays !== false && report.state !== "failed" &&
    nowMs - reportedMs <= SOURCE_SILENCE_MS;
}

/** The state, and its reason; `isComplete` and `isGone` of the row are those of now. */
export function stateOf(
  row: Row,
  { fraction, nowMs }: { readonly fraction: number; readonly nowMs: number },
): Pick<RolloutHost, "state" | "reason" | "reasonCode"> {
  const { report } = row;
  if (row.isComplete) {
    const { exitCode = 0 } = report ?? {};
    const state = report?.state === "done" ? "done" : "verified";
    if (exitCode === 0) return { state, ...NO_REASON };
    const reason = `its command ended with ${exitCode}`;
    return { state, reason, reasonCode: "command" };
  }
  if (report?.state === "failed") {
    const { reason, reasonCode = "failed" } = report;
    return { state: "failed", reason, reasonCode };
  }
  const place = `at ${Math.floor(fraction * 100)} %`;
  if (row.isGone) {
    const isOrderly = row.parts.size > 0 &&
      !row.parts.values().some(({ isPresent }) => isPresent);
    if (isOrderly) return { state: "left", reason: place, reasonCode: "left" };
    const ms = nowMs - row.lastSeenMs;
    // Each change is an event: whole minutes, once there are some.
    const age = describeAge(ms < 60_000 ? ms : ms - ms % 60_000);
    const reason = `${place}, silent for ${age}: ${SILENT_ADVICE}`;
    return { state: "left", reason, reasonCode: "silent" };
  }
  if (report?.state === "verifying") {
    return { state: "verifying", ...NO_REASON };
  }
  const { text, code: reasonCode } = row.judgement.reason ?? {};
  if (isStuck(row, nowMs)) {
    const still = `for ${describeAge(nowMs - row.progressedMs)} ${place}`;
    const reason = text === undefined ? still : `${still}: ${text}`;
    return { state: "stuck", reason, reasonCode };
  }
  const isWaiting = report?.state === "waiting" || fraction === 0;
  const state = isWaiting ? "waiting" : "fetching";
  return { state, reason: text, reasonCode };
}

/** True for a host that is there, fetches and has gained nothing for a while. */
export function isStuck(
  { progressedMs, report }: Pick<Row, "progressedMs" | "report">,
  nowMs: number,
): boolean {
  const limitMs = STUCK_MS[report === undefined ? "announcing" : "reporting"];
  return nowMs - progressedMs > limitMs && report?.state !== "waiting";
}

const NO_REASON = { reason: undefined, reasonCode: undefined } as const;
const SILENT_ADVICE = "check its power, its cable and the program there";

/** `40 s`, `4 min`, `2 h`: rounded down. */
function describeAge(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200
    ? `${Math.floor(seconds / 60)} min`
    : `${Math.floor(seconds / 3600)} h`;
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
