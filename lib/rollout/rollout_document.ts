/**
 * A rollout for programs: a JSON document for each share, a table of comma-separated
 * values, and numbers for Prometheus. Fields are only ever added; what is unknown is
 * absent. Wall-clock times are derived from the age of an event when they are
 * written. Pure.
 *
 * @module
 */
import type { InfoHash } from "../base/identifier.ts";
import type { MetricFamily } from "../tracker/page/metrics.ts";
import type { Finish } from "./forecast.ts";
import {
  countStates,
  type RolloutHost,
  type RolloutState,
} from "./host_state.ts";
import type { Rollout, Verdict } from "./rollout.ts";
import type { SourceLight } from "./rollout_share.ts";

/** The verdict of a document. */
export type VerdictDocument = Omit<Verdict, "missing">;

/** One host of a document; fractions and rates are rounded down. */
export interface HostDocument
  extends Omit<RolloutHost, "isReporting" | "firstSeenMs" | "completeAtMs"> {
  /** `hash`: our peer reports that it verified each piece; `announce`: a client's word. */
  readonly source: "hash" | "announce";
  /** ISO 8601. */
  readonly firstSeen?: string | undefined;
  /** ISO 8601. */
  readonly completeAt?: string | undefined;
}

/** The machine that shares, as far as other hosts depend on it. */
export interface SourceDocument extends Omit<SourceLight, "map"> {
  /** False once others have everything, or enough hosts are verified. */
  readonly needed: boolean;
}

/** The end of a share: of the hosts that are there. */
export interface FinishDocument {
  /** Until the last one is complete; 0 if all are. */
  readonly inSeconds: number;
  /** It may be sooner or later by this. */
  readonly uncertaintySeconds: number;
  /** The time of the end, ISO 8601. */
  readonly at: string;
  /** The least time for all of it, from what each host was seen to move. */
  readonly boundSeconds: number;
  /** The bound as a share of the time that it takes, from 0 to 1. */
  readonly ofBound: number;
}

/** One share with its hosts. */
export interface RolloutDocument {
  /** Of this format. */
  readonly version: 1;
  /**
   * 1 to 64 letters and digits: the info hash once the share is ready, the same on
   * every machine that offers it; before that a random one.
   */
  readonly id: string;
  /** Name of the file or folder. */
  readonly name: string;
  /** Length of the content in bytes; absent until it is known. */
  readonly sizeBytes?: number | undefined;
  /** `hashing` until there is a torrent file. */
  readonly state: "hashing" | "ready";
  /** True while its hosts are paused. */
  readonly paused: boolean;
  /** Bytes a second that they may receive together; absent without a limit. */
  readonly limitBytesPerSecond?: number | undefined;
  /** The result so far. */
  readonly verdict: VerdictDocument;
  /** Absent until the share is ready. */
  readonly source?: SourceDocument | undefined;
  /** Absent while no host moves. */
  readonly finish?: FinishDocument | undefined;
  /** Hosts in each state. */
  readonly counts: Readonly<Record<RolloutState, number>>;
  /** The expected hosts in their order, then all others. */
  readonly hosts: readonly HostDocument[];
}

/** The two clocks at one moment, in milliseconds. */
export interface Clocks {
  /** Of the events. */
  readonly nowMs: number;
  /** Since 1970. */
  readonly wallMs: number;
}

export function describeRollout(
  { id, name, sizeBytes, state }: Pick<
    RolloutDocument,
    "id" | "name" | "sizeBytes" | "state"
  >,
  rollout: Rollout,
  clocks: Clocks,
): RolloutDocument {
  const { nowMs } = clocks;
  const hosts = rollout.hosts(nowMs, id as InfoHash);
  const { missing: _, ...verdict } = rollout.verdict(hosts);
  const light = rollout.light(nowMs, id as InfoHash);
  const finish = rollout.finish(nowMs, id as InfoHash);
  const { isPaused: paused, limit } = rollout.control.of(id);
  return {
    ...{ version: 1, id, name, sizeBytes, state, paused },
    limitBytesPerSecond: limit?.bytesPerSecond,
    verdict,
    source: light && {
      needed: !verdict.isMet && light.light !== "green",
      onlyHere: Math.ceil(light.onlyHere * 1e4) / 1e4,
      light: light.light,
    },
    finish: finish && describeFinish(finish, clocks),
    counts: countStates(hosts),
    hosts: hosts.map((host) => describeHost(host, clocks)),
  };
}

function describeFinish(
  { leftMs, uncertaintyMs, endMs, boundMs, ofBound }: Finish,
  clocks: Clocks,
): FinishDocument {
  const seconds = (ms: number): number => Math.round(ms / 100) / 10;
  return {
    inSeconds: seconds(leftMs),
    uncertaintySeconds: seconds(uncertaintyMs),
    at: wallTime(endMs, clocks),
    boundSeconds: seconds(boundMs),
    ofBound: floored(ofBound),
  };
}

function describeHost(
  { isReporting, firstSeenMs, completeAtMs, ...host }: RolloutHost,
  clocks: Clocks,
): HostDocument {
  const time = (ms: number | undefined): string | undefined =>
    ms === undefined ? undefined : wallTime(ms, clocks);
  return {
    ...host,
    fraction: floored(host.fraction),
    downloadBytesPerSecond: Math.round(host.downloadBytesPerSecond),
    uploadBytesPerSecond: Math.round(host.uploadBytesPerSecond),
    source: isReporting ? "hash" : "announce",
    firstSeen: time(firstSeenMs),
    completeAt: time(completeAtMs),
  };
}

function floored(fraction: number): number {
  return Math.floor(fraction * 1e4) / 1e4;
}

function wallTime(ms: number, { nowMs, wallMs }: Clocks): string {
  return new Date(wallMs + ms - nowMs).toISOString();
}

/** Writes the hosts of all shares of a machine as comma-separated values. */
export function formatReport(rollout: Rollout, clocks: Clocks): string {
  const hosts = rollout.hosts(clocks.nowMs);
  return formatCsv(hosts.map((host) => describeHost(host, clocks)));
}

/** The columns of the table; further ones are only ever added behind them. */
const COLUMNS: Readonly<
  Record<string, (host: HostDocument) => string | number | undefined>
> = {
  "host": ({ name }) => name,
  "address": ({ address }) => address,
  "expected": ({ isExpected }) => isExpected ? "yes" : "no",
  "state": ({ state }) => state,
  "percent": ({ fraction }) => Math.floor(fraction * 100),
  "first seen": ({ firstSeen }) => firstSeen,
  "complete at": ({ completeAt }) => completeAt,
  "verified by": ({ completeAt, source }) => completeAt && source,
  "exit code": ({ exitCode }) => exitCode,
  "reason": ({ reason }) => reason,
  "reason code": ({ reasonCode }) => reasonCode,
  "bytes from source": ({ bytesFromSource }) => bytesFromSource,
  "bytes from others": ({ bytesFromOthers }) => bytesFromOthers,
};

/** Writes the hosts as comma-separated values. [RFC 4180] */
export function formatCsv(hosts: readonly HostDocument[]): string {
  const rows = hosts.map((host) =>
    Object.values(COLUMNS).map((valueOf) => valueOf(host) ?? "")
  );
  return [Object.keys(COLUMNS), ...rows]
    .map((row) => `${row.map(cell).join()}\r\n`).join("");
}

/** A value that no spreadsheet takes for a formula. */
function cell(value: string | number): string {
  const text = /^[=+\-@\t\r]/.test(`${value}`) ? `'${value}` : `${value}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function rolloutMetrics(
  rollout: Rollout,
  nowMs: number,
): MetricFamily[] {
  const counts = Object.entries(countStates(rollout.hosts(nowMs)));
  const finish = rollout.finish(nowMs);
  // Without a forecast there is no number: 0 would be the end.
  const samples = finish && [{ labels: {}, value: finish.leftMs / 1_000 }];
  return [
    ...samples === undefined ? [] : [{
      name: "share_finish_seconds",
      help: "Time until the last host of the rollout is complete",
      samples,
    }],
    {
      name: "share_hosts",
      help: "Hosts of the rollout in each state",
      samples: counts.map(([state, value]) => ({ labels: { state }, value })),
    },
  ];
}
