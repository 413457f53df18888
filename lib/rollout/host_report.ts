/**
 * The report of one of our peers to the tracker of its share, as the query of a GET
 * request: its name, its state, its rates and its measurements of itself. The answer
 * says what the host is to do. Both are bounded, and checked when they are read. Pure.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import {
  type InfoHash,
  infoHashFromHex,
  type PeerId,
} from "../base/identifier.ts";
import { formatIpAddress, parseIpAddress } from "../base/ip_address.ts";
import {
  checkShape,
  decimal,
  isFlag,
  oneOf,
  optional,
  parseJson,
  text,
  whole,
} from "./json_shape.ts";
import { type HostEvidence, isReasonCode, type ReasonCode } from "./reason.ts";

/** Path of the reports on the server of a share; the query follows. */
export const REPORT_PATH = "/api/v1/report";
/** Longest query of a report, in bytes. */
const MAX_QUERY_LENGTH = 2_048;
/** Most addresses of one host. */
const MAX_ADDRESSES = 8;
/** Longest reason, in UTF-16 units. */
const MAX_REASON_LENGTH = 300;
/** Longest name of a host, in UTF-16 units. [RFC 1035, 2.3.4] */
const MAX_NAME_LENGTH = 253;
const IDENTIFIER = /^[\da-f]{40}$/;
/** Shares of the time in the evidence of a host. */
const SHARES = ["disk", "late", "hash", "idle", "stall"] as const;

/** All states of a peer, as it reports them. */
export const REPORTED_STATES = [
  ...["waiting", "fetching", "verifying", "verified", "done", "failed"],
] as const;

/** The state of a peer, as it reports it. */
export type ReportedState = typeof REPORTED_STATES[number];

/** The report of a peer about one torrent. Nothing that it claims is checked. */
export interface HostReport {
  /** The torrent. */
  readonly infoHash: InfoHash;
  /** As the peer announces; `undefined` before it does. */
  readonly peerId?: PeerId | undefined;
  /** Port on which the peer listens; 0 before it does. */
  readonly port: number;
  /** Name of the host; empty if it is unknown. */
  readonly name: string;
  /** IP addresses of the host in canonical text, at most eight. */
  readonly addresses: readonly string[];
  /** Its state. */
  readonly state: ReportedState;
  /** The part that is verified and stored, from 0 to 1: of what the host wants. */
  readonly fraction: number;
  /** Bytes that the host wants. @default {the whole torrent} */
  readonly wantedBytes?: number | undefined;
  /** Its receive rate. */
  readonly downloadBytesPerSecond: number;
  /** Its send rate. */
  readonly uploadBytesPerSecond: number;
  /** Free on its disk, in bytes. @default {the system does not say} */
  readonly freeBytes?: number | undefined;
  /** Exit code of the command of `--on-complete`. @default {it has not ended} */
  readonly exitCode?: number | undefined;
  /** The reason of a failure, or of a host that is slow, stuck or missing; one line. @default none */
  readonly reason?: string | undefined;
  /** The kind of the reason; for programs. @default none */
  readonly reasonCode?: ReasonCode | undefined;
  /** Its measurements of itself while it fetched. @default nothing */
  readonly evidence?: HostEvidence | undefined;
  /** Content received, in bytes. @default unknown */
  readonly receivedBytes?: number | undefined;
  /** The part of it that came from the machine that shares. @default unknown */
  readonly sourceBytes?: number | undefined;
  /** False if the peer leaves when it is complete. @default {true} */
  readonly stays?: boolean | undefined;
  /**
   * Number of the last change of control that it knows; 0 before the first answer.
   * The answer waits a little if there is no other. @default {it obeys none}
   */
  readonly change?: number | undefined;
}

/** True for a host with nothing left to fetch, or that has given up. */
export function isOver({ state }: Pick<HostReport, "state">): boolean {
  return state === "verified" || state === "done" || state === "failed";
}

/** True for what may name a host: nothing in it means anything to a terminal or page. */
export function isHostName(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH &&
    /^[\p{L}\p{N}_.:%-]*$/u.test(text);
}

/** A value for each share of the time in the evidence. */
function eachShare<T>(
  valueOf: (share: typeof SHARES[number]) => T,
): Record<typeof SHARES[number], T> {
  const entries = SHARES.map((share) => [share, valueOf(share)]);
  return Object.fromEntries(entries);
}

/** Writes a report as the path and query of a request. */
export function reportPath(report: HostReport): string {
  const { evidence, receivedBytes, sourceBytes } = report;
  const isCounted = receivedBytes !== undefined && sourceBytes !== undefined;
  const fields: Readonly<Record<string, string | number | undefined>> = {
    info_hash: report.infoHash,
    peer_id: report.peerId,
    port: report.port,
    name: isHostName(report.name) ? report.name : undefined,
    addresses: report.addresses.slice(0, MAX_ADDRESSES).join() || undefined,
    state: report.state,
    // Rounded down: 1 is everything.
    fraction: Math.floor(report.fraction * 1e6) / 1e6,
    wanted: report.wantedBytes,
    down: Math.round(report.downloadBytesPerSecond),
    up: Math.round(report.uploadBytesPerSecond),
    free: report.freeBytes,
    exit: report.exitCode,
    code: report.reasonCode,
    stays: report.stays === false ? 0 : undefined,
    received: isCounted ? receivedBytes : undefined,
    from_source: isCounted ? Math.min(sourceBytes, receivedBytes) : undefined,
    change: report.change,
    ...evidence && {
      ...eachShare((share) => Math.round(evidence[share] * 100) / 100),
      peers: evidence.peerCount,
      limit: Math.round(evidence.limitBytesPerSecond),
      wireless: evidence.isWireless ? 1 : undefined,
    },
    reason: report.reason?.slice(0, MAX_REASON_LENGTH).toWellFormed(),
  };
  const query = new URLSearchParams(
    Object.entries(fields).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, `${value}`]]
    ),
  );
  // A long reason in another script takes up to nine bytes a letter.
  if (`${query}`.length > MAX_QUERY_LENGTH) query.delete("reason");
  return `${REPORT_PATH}?${query}`;
}

const QUERY = {
  info_hash: text(IDENTIFIER),
  peer_id: optional(text(IDENTIFIER)),
  port: decimal(65_535),
  name: optional((name) => isHostName(name as string)),
  addresses: optional((list) => readAddresses(list as string) !== undefined),
  state: oneOf(REPORTED_STATES),
  ...{ fraction: decimal(1), down: decimal(), up: decimal() },
  ...{ free: optional(decimal()), exit: optional(decimal(0xffff_ffff)) },
  stays: optional(oneOf(["0", "1"])),
  ...{ received: optional(decimal()), wanted: optional(decimal()) },
  change: optional(decimal()),
};
const EVIDENCE = {
  ...eachShare(() => decimal(1)),
  ...{ peers: decimal(100_000), limit: decimal() },
};

/**
 * Reads the query of a report; unknown fields are ignored.
 * @throws {ProtocolError} If the query is no report.
 */
export function parseReport(text: string): HostReport {
  if (text.length > MAX_QUERY_LENGTH) {
    throw new ProtocolError(
      `Cannot read report: it exceeds the limit of ${MAX_QUERY_LENGTH} bytes`,
    );
  }
  const query = Object.fromEntries(new URLSearchParams(text));
  const { received, from_source, stays, code, disk, ...rest } = query;
  checkShape(query, QUERY, "report");
  if (disk !== undefined) checkShape(query, EVIDENCE, "report");
  // The source has sent no more than all.
  const share = { from_source: decimal(Number(received)) };
  if (received !== undefined) checkShape(query, share, "report");
  const number = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : Number(text);
  return {
    infoHash: infoHashFromHex(rest.info_hash!),
    peerId: rest.peer_id as PeerId | undefined,
    port: Number(rest.port),
    name: rest.name ?? "",
    addresses: readAddresses(rest.addresses) ?? [],
    state: rest.state as ReportedState,
    fraction: Number(rest.fraction),
    wantedBytes: number(rest.wanted),
    downloadBytesPerSecond: Number(rest.down),
    uploadBytesPerSecond: Number(rest.up),
    freeBytes: number(rest.free),
    exitCode: number(rest.exit),
    reason: rest.reason === undefined ? undefined : oneLine(rest.reason),
    // A later version may know more.
    reasonCode: isReasonCode(code) ? code : undefined,
    stays: stays !== "0",
    receivedBytes: number(received),
    sourceBytes: received === undefined ? undefined : number(from_source),
    change: number(rest.change),
    evidence: disk === undefined ? undefined : {
      ...eachShare((share) => Number(query[share])),
      peerCount: Number(rest.peers),
      limitBytesPerSecond: Number(rest.limit),
      isWireless: rest.wireless === "1",
    },
  };
}

function readAddresses(text: string | undefined): string[] | undefined {
  const addresses = text?.split(",", MAX_ADDRESSES + 1).map(parseIpAddress);
  const isValid = addresses !== undefined &&
    addresses.length <= MAX_ADDRESSES && !addresses.includes(undefined);
  return isValid
    ? addresses.map((bytes) => formatIpAddress(bytes!))
    : undefined;
}

/** A stranger's text without control and formatting characters. */
function oneLine(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, " ").slice(0, MAX_REASON_LENGTH)
    .toWellFormed();
}

/** The control of a host, as the answer to its report says. */
export interface HostControl {
  /** Number of the last change. */
  readonly change: number;
  /** True if the host must not request or serve anything. */
  readonly isPaused: boolean;
  /** Bytes that the host may receive in a second; `undefined` for no limit. */
  readonly maxBytesPerSecond: number | undefined;
  /** True if the share ends: nothing holds for the host any more. */
  readonly isEnding: boolean;
  /** The peer of the machine that shares; `undefined` if it is unknown. */
  readonly source: PeerId | undefined;
}

/** The answer to a report, for JSON. */
export function reportAnswer(
  { isPaused: paused, isEnding, ...rest }: HostControl,
): object {
  return { version: 1, ...rest, paused, ending: isEnding || undefined };
}

/** An answer; one of an older version says nothing. */
const ANSWER = {
  change: optional(whole()),
  paused: optional(isFlag),
  maxBytesPerSecond: optional(whole(undefined, 1)),
  ending: optional(isFlag),
  source: optional(text(IDENTIFIER)),
};

/**
 * Reads the answer to a report.
 * @throws {ProtocolError} If it is malformed.
 */
export function parseReportAnswer(bytes: Uint8Array): HostControl {
  const { change = 0, paused = false, ending = false, ...rest } = parseJson<
    Partial<HostControl> & Record<"paused" | "ending", boolean | undefined>
  >(bytes, ANSWER, "answer to the report");
  const { maxBytesPerSecond, source } = rest;
  return {
    ...{ change, isPaused: paused, maxBytesPerSecond },
    ...{ isEnding: ending, source },
  };
}
