/**
 * A rollout for programs: one JSON document, and a table of comma-separated values.
 * Fields are only ever added. Wall-clock times are derived from the age of an event
 * when they are written. Pure.
 *
 * @module
 */
import type { InfoHash } from "../base/identifier.ts";
import type { Finish } from "./forecast.ts";
import {
  countStates,
  type RolloutHost,
  type RolloutState,
} from "./host_state.ts";
import type { ReasonCode } from "./reason.ts";
import type { Rollout, Verdict } from "./rollout.ts";
import type { ListedShare } from "./share_listing.ts";
import {
  isSourceNeeded,
  type LightColor,
  type SourceLight,
} from "./source_light.ts";

/** The verdict of a document. */
export interface VerdictDocument {
  /** Hosts that are expected; absent without `--expect`. */
  readonly expected?: number;
  /** Hosts that are enough; absent without `--expect` and `--at-least`. */
  readonly needed?: number;
  /** Hosts that count and are verified. */
  readonly verified: number;
  /** True if enough hosts are verified. */
  readonly isMet: boolean;
}

/** One host of a document; what is unknown is absent. */
export interface HostDocument {
  /** As it was expected, or as it reports itself, or its address. */
  readonly name: string;
  /** Its IP address. */
  readonly address?: string;
  /** True if this name was expected. */
  readonly isExpected: boolean;
  /** Its state. */
  readonly state: RolloutState;
  /** From 0 to 1, rounded down. */
  readonly fraction: number;
  /** For people. */
  readonly reason?: string;
  /** The kind of the reason; for programs. */
  readonly reasonCode?: ReasonCode;
  /** Its receive rate. */
  readonly downloadBytesPerSecond: number;
  /** Its send rate. */
  readonly uploadBytesPerSecond: number;
  /** Received from the machine that shares. */
  readonly bytesFromSource?: number;
  /** Received from other machines. */
  readonly bytesFromOthers?: number;
  /** Free on its disk. */
  readonly freeBytes?: number;
  /** Exit code of its command. */
  readonly exitCode?: number;
  /** `hash`: our peer reports that it verified each piece; `announce`: a client's word. */
  readonly source: "hash" | "announce";
  /** ISO 8601. */
  readonly firstSeen?: string;
  /** ISO 8601. */
  readonly completeAt?: string;
}

/** One share with its hosts. */
export interface RolloutDocument {
  /** Of this format. */
  readonly version: 1;
  /** The info hash, once the share is ready. */
  readonly id: string;
  /** Name of the share. */
  readonly name: string;
  /** Of the content; absent until it is known. */
  readonly sizeBytes?: number;
  /** `hashing` until there is a torrent file. */
  readonly state: "hashing" | "ready";
  /** True while its hosts are paused. */
  readonly paused: boolean;
  /** Bytes a second that they may receive together; absent without a limit. */
  readonly limitBytesPerSecond?: number;
  /** The result so far. */
  readonly verdict: VerdictDocument;
  /** Absent until the share is ready. */
  readonly source?: SourceDocument;
  /** Absent while no host moves. */
  readonly finish?: FinishDocument;
  /** Hosts in each state. */
  readonly counts: Readonly<Record<RolloutState, number>>;
  /** The expected hosts in their order, then all others. */
  readonly hosts: readonly HostDocument[];
}

/** The machine that shares, as far as other hosts depend on it. */
export interface SourceDocument {
  /** False once others have everything, or enough hosts are verified. */
  readonly needed: boolean;
  /** The share of pieces that no other host has, from 0 to 1, rounded up. */
  readonly onlyHere: number;
  /** `red`: a piece is only here; `amber`: one has one other holder; else `green`. */
  readonly light: LightColor;
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

/** The two clocks at one moment, in milliseconds. */
export interface Clocks {
  /** Of the events. */
  readonly nowMs: number;
  /** Since 1970. */
  readonly wallMs: number;
}

/** Describes one share of a machine. */
export function describeRollout(
  { id, name, sizeBytes, state }: ListedShare,
  rollout: Rollout,
  clocks: Clocks,
): RolloutDocument {
  const { nowMs } = clocks;
  const hosts = rollout.hosts(nowMs, id as InfoHash);
  const verdict = rollout.verdict(hosts);
  const light = rollout.light(nowMs, id as InfoHash);
  const { isPaused, limit } = rollout.control.of(id);
  const finish = rollout.finish(nowMs, id as InfoHash);
  return {
    version: 1,
    id,
    name,
    ...sizeBytes !== undefined && { sizeBytes },
    ...{ state, paused: isPaused },
    ...limit && { limitBytesPerSecond: limit.bytesPerSecond },
    verdict: describeVerdict(verdict),
    ...light && { source: describeSource(light, verdict) },
    ...finish && { finish: describeFinish(finish, clocks) },
    counts: countStates(hosts),
    hosts: hosts.map((host) => describeHost(host, clocks)),
  };
}

function describeVerdict(
  { expectedCount, neededCount, verifiedCount, isMet }: Verdict,
): VerdictDocument {
  return {
    ...expectedCount !== undefined && { expected: expectedCount },
    ...neededCount !== undefined && { needed: neededCount },
    verified: verifiedCount,
    isMet,
  };
}

function describeFinish(
  { leftMs, uncertaintyMs, endMs, boundMs, ofBound }: Finish,
  { nowMs, wallMs }: Clocks,
): FinishDocument {
  const seconds = (ms: number): number => Math.round(ms / 100) / 10;
  return {
    inSeconds: seconds(leftMs),
    uncertaintySeconds: seconds(uncertaintyMs),
    at: new Date(wallMs + endMs - nowMs).toISOString(),
    boundSeconds: seconds(boundMs),
    ofBound: Math.floor(ofBound * 1e4) / 1e4,
  };
}

function describeSource(
  light: SourceLight,
  verdict: Verdict,
): SourceDocument {
  return {
    needed: isSourceNeeded(light, verdict),
    onlyHere: Math.ceil(light.onlyHere * 1e4) / 1e4,
    light: light.light,
  };
}

function describeHost(
  host: RolloutHost,
  { nowMs, wallMs }: Clocks,
): HostDocument {
  const time = (ms: number): string =>
    new Date(wallMs - (nowMs - ms)).toISOString();
  const { name, isExpected, state, address, reason, freeBytes, exitCode } =
    host;
  const { bytesFromSource, bytesFromOthers } = host;
  const { firstSeenMs, completeAtMs, reasonCode } = host;
  return {
    name,
    ...known({ address }),
    ...{ isExpected, state },
    fraction: Math.floor(host.fraction * 1e4) / 1e4,
    ...known({ reason, reasonCode }),
    downloadBytesPerSecond: Math.round(host.downloadBytesPerSecond),
    uploadBytesPerSecond: Math.round(host.uploadBytesPerSecond),
    ...known({ bytesFromSource, bytesFromOthers, freeBytes, exitCode }),
    source: host.isReporting ? "hash" : "announce",
    ...firstSeenMs !== undefined && { firstSeen: time(firstSeenMs) },
    ...completeAtMs !== undefined && { completeAt: time(completeAtMs) },
  };
}

/** The fields that have a value. */
function known<T extends object>(
  fields: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** Writes the hosts of all shares of a machine as comma-separated values. */
export function formatReport(rollout: Rollout, clocks: Clocks): string {
  const hosts = rollout.hosts(clocks.nowMs);
  return formatCsv(hosts.map((host) => describeHost(host, clocks)));
}

/** The columns of the table; further ones are only ever added behind them. */
const COLUMNS = [
  ...["host", "address", "expected", "state", "percent", "first seen"],
  ...["complete at", "verified by", "exit code", "reason", "reason code"],
  ...["bytes from source", "bytes from others"],
];

/** Writes the hosts as comma-separated values. [RFC 4180] */
export function formatCsv(hosts: readonly HostDocument[]): string {
  const rows = hosts.map((host) => [
    ...[host.name, host.address, host.isExpected ? "yes" : "no", host.state],
    ...[Math.floor(host.fraction * 100), host.firstSeen, host.completeAt],
    host.completeAt === undefined ? undefined : host.source,
    ...[host.exitCode, host.reason, host.reasonCode],
    ...[host.bytesFromSource, host.bytesFromOthers],
  ]);
  return [COLUMNS, ...rows]
    .map((row) => `${row.map((value) => cell(value ?? "")).join()}\r\n`)
    .join("");
}

/** A value that no spreadsheet takes for a formula. */
function cell(value: string | number): string {
  const text = /^[=+\-@\t\r]/.test(`${value}`) ? `'${value}` : `${value}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
