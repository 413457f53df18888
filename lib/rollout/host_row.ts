/**
 * A host of a rollout, as known from its announces and reports, from which its state
 * follows with the time that is passed in. Pure.
 *
 * @module
 */
import { PEER_TIMEOUT } from "../announce/announce.ts";
import type { InfoHash, PeerId } from "../base/identifier.ts";
import { type HostReport, isOver } from "./host_report.ts";
import type { RolloutHost } from "./host_state.ts";
import { Judgement } from "./judgement.ts";
import { Progress } from "./forecast.ts";

/** Silence after which a host that reports has left, in milliseconds. */
const REPORTS_GONE_MS = 12_000;
/** Time without progress after which a host is stuck, in milliseconds. */
const STUCK_MS = { reporting: 20_000, announcing: 150_000 } as const;
/** Silence after which others cannot count on a host that reports: two reports. */
const SOURCE_SILENCE_MS = 24_000;
/** Time after which others can count on a complete host that only announces. */
const STAYS_AFTER_MS = 10_000;
const SILENT_ADVICE = "check its power, its cable and the program there";

/** A torrent at a host. */
export class Part {
  /** Bytes that the host lacks; `Infinity` while it does not know the length. */
  left = Infinity;
  isPresent = true;
  /** Bytes that the host wants. */
  wanted = Infinity;
  progress: Progress = new Progress();
  /** The highest receive rate seen, in bytes a second. */
  mostDown = 0;
  /** The highest send rate seen, in bytes a second. */
  mostUp = 0;

  /** Notes how much of the torrent the host wants; its progress begins anew. */
  want(bytes: number): void {
    if (bytes === this.wanted) return;
    this.wanted = bytes;
    this.progress = new Progress();
  }
}

interface DescribeOptions
  extends Pick<RolloutHost, "name" | "isExpected" | "fraction"> {
  /** True if the host waits for `resume`. */
  readonly isPaused: boolean;
  readonly nowMs: number;
}

export class HostRow {
  /** Its IP addresses, at least one. */
  readonly hostnames: string[] = [];
  /** As the host reports it; empty if it does not. */
  name = "";
  /** Further addresses, as the host reports them. */
  claimed: readonly string[] = [];
  peerId: PeerId | undefined;
  /** Its peer id and announce key. */
  key: string | undefined;
  port = 0;
  readonly parts: Map<InfoHash, Part> = new Map();
  report: HostReport | undefined;
  reportedMs = -Infinity;
  readonly firstSeenMs: number;
  lastSeenMs: number;
  /** The time at which the host last gained something, or had everything. */
  progressedMs: number;
  readonly judgement: Judgement = new Judgement();

  constructor(nowMs: number) {
    this.firstSeenMs = this.lastSeenMs = this.progressedMs = nowMs;
  }

  /** The torrent at the host, which takes part in it from now on. */
  part(infoHash: InfoHash): Part {
    const part = this.parts.get(infoHash) ?? new Part();
    this.parts.set(infoHash, part);
    return part;
  }

  /** The row as far as one torrent goes; `undefined` if its host takes no part in it. */
  of(infoHash: InfoHash): HostRow | undefined {
    const part = this.parts.get(infoHash);
    const report = this.report?.infoHash === infoHash ? this.report : undefined;
    const parts = new Map([[infoHash, part]]);
    return part &&
      Object.assign(new HostRow(this.firstSeenMs), this, { parts, report });
  }

  /** True for a host that has every share that it takes part in, or took part in. */
  get isComplete(): boolean {
    let hasOne = false;
    for (const { left, isPresent } of this.parts.values()) {
      if (left === 0) hasOne = true;
      else if (isPresent) return false;
    }
    return hasOne;
  }

  /** True for a host that says that it leaves. */
  get #isLeaving(): boolean {
    return this.parts.size > 0 &&
      !this.parts.values().some(({ isPresent }) => isPresent);
  }

  /** True for a host that has left, or that is silent. */
  isGone(nowMs: number): boolean {
    const { report, reportedMs, lastSeenMs } = this;
    const isReporting = report !== undefined && !isOver(report);
    return nowMs - lastSeenMs > PEER_TIMEOUT || this.#isLeaving ||
      isReporting && nowMs - reportedMs > REPORTS_GONE_MS;
  }

  /** True for a present host that fetches and has gained nothing for a while. */
  isStuck(nowMs: number): boolean {
    const { progressedMs, report } = this;
    const limitMs = STUCK_MS[report === undefined ? "announcing" : "reporting"];
    return nowMs - progressedMs > limitMs && report?.state !== "waiting";
  }

  /** True for a host on which others can count for a torrent when this machine leaves. */
  isStaying(hasAll: boolean, nowMs: number): boolean {
    const { report, reportedMs, progressedMs, port } = this;
    const { failedProbeCount, reason } = this.judgement;
    const isReachable = port > 0 && failedProbeCount < 2 &&
      reason?.code !== "isolated";
    if (!isReachable || this.isGone(nowMs)) return false;
    // Some clients leave as soon as they are complete.
    if (report === undefined) {
      return hasAll && nowMs - progressedMs >= STAYS_AFTER_MS;
    }
    return report.stays !== false && report.state !== "failed" &&
      nowMs - reportedMs <= SOURCE_SILENCE_MS;
  }

  describe(
    { name, isExpected, isPaused, fraction, nowMs }: DescribeOptions,
  ): RolloutHost {
    const { report, isComplete, firstSeenMs, progressedMs } = this;
    const { receivedBytes, sourceBytes, freeBytes, exitCode } = report ?? {};
    const state = this.#state(fraction, nowMs);
    const isGone = this.isGone(nowMs);
    const isHeld = state.reason === undefined && isPaused;
    return {
      ...{ name, isExpected, address: this.hostnames[0], ...state },
      ...isHeld && { reason: "paused by the share", reasonCode: "paused" },
      fraction,
      downloadBytesPerSecond: isGone || isComplete
        ? 0
        : report?.downloadBytesPerSecond ?? 0,
      uploadBytesPerSecond: isGone ? 0 : report?.uploadBytesPerSecond ?? 0,
      bytesFromSource: sourceBytes,
      bytesFromOthers: receivedBytes === undefined
        ? undefined
        : receivedBytes - (sourceBytes ?? 0),
      ...{ freeBytes, exitCode, firstSeenMs },
      isReporting: report !== undefined,
      completeAtMs: isComplete ? progressedMs : undefined,
    };
  }

  #state(
    fraction: number,
    nowMs: number,
  ): Pick<RolloutHost, "state" | "reason" | "reasonCode"> {
    const { report } = this;
    if (this.isComplete) {
      const { exitCode = 0 } = report ?? {};
      const state = report?.state === "done" ? "done" : "verified";
      if (exitCode === 0) return { state };
      const reason = `its command ended with ${exitCode}`;
      return { state, reason, reasonCode: "command" };
    }
    if (report?.state === "failed") {
      const { reason, reasonCode = "failed" } = report;
      return { state: "failed", reason, reasonCode };
    }
    const place = `at ${Math.floor(fraction * 100)} %`;
    if (this.#isLeaving) {
      return { state: "left", reason: place, reasonCode: "left" };
    }
    if (this.isGone(nowMs)) {
      const ms = nowMs - this.lastSeenMs;
      // Each change is an event: whole minutes, once there are some.
      const age = describeAge(ms < 60_000 ? ms : ms - ms % 60_000);
      const reason = `${place}, silent for ${age}: ${SILENT_ADVICE}`;
      return { state: "left", reason, reasonCode: "silent" };
    }
    if (report?.state === "verifying") return { state: "verifying" };
    const { text, code: reasonCode } = this.judgement.reason ?? {};
    if (this.isStuck(nowMs)) {
      const age = describeAge(nowMs - this.progressedMs);
      const reason = `for ${age} ${place}${text ? `: ${text}` : ""}`;
      return { state: "stuck", reason, reasonCode };
    }
    const isWaiting = report?.state === "waiting" || fraction === 0;
    const state = isWaiting ? "waiting" : "fetching";
    return { state, reason: text, reasonCode };
  }
}

/** `40 s`, `4 min`, `2 h`: rounded down. */
function describeAge(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200
    ? `${Math.floor(seconds / 60)} min`
    : `${Math.floor(seconds / 3600)} h`;
}
