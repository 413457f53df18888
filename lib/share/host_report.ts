/**
 * The report of one of our peers to the tracker of its share: its name, its state and
 * its rates, as the query of a GET request. Bounded, and checked when it is read.
 * Pure.
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
import { isHostName } from "./expectation.ts";
import {
  type HostEvidence,
  readEvidence,
  writeEvidence,
} from "./host_evidence.ts";
import { isReasonCode, type ReasonCode } from "./reason.ts";

/** Path of the reports on the server of a share; the query follows. */
export const REPORT_PATH = "/api/v1/report";
/** Longest query of a report, in bytes. */
const MAX_REPORT_LENGTH = 2_048;
/** Addresses of one host at most. */
const MAX_ADDRESSES = 8;
/** Longest reason, in UTF-16 units. */
const MAX_REASON_LENGTH = 300;

/** The states that a peer reports of itself. */
const REPORTED_STATES = [
  ...["waiting", "fetching", "verifying", "verified", "done", "failed"],
] as const;

/** The state of a peer, as it reports it. */
export type ReportedState =
  | "waiting"
  | "fetching"
  | "verifying"
  | "verified"
  | "done"
  | "failed";

/** The report of a peer about one torrent. Nothing that it claims is checked. */
export interface HostReport {
  /** The torrent. */
  readonly infoHash: InfoHash;
  /** As the peer announces; `undefined` before it does. */
  readonly peerId: PeerId | undefined;
  /** Port on which the peer listens; 0 before it does. */
  readonly port: number;
  /** Name of the host; empty if it is unknown. */
  readonly name: string;
  /** IP addresses of the host in canonical text, at most eight. */
  readonly addresses: readonly string[];
  /** Its state. */
  readonly state: ReportedState;
  /** The part that is verified and stored, from 0 to 1. */
  readonly fraction: number;
  /** Its receive rate. */
  readonly downloadBytesPerSecond: number;
  /** Its send rate. */
  readonly uploadBytesPerSecond: number;
  /** Free on its disk, in bytes; `undefined` where the system does not say. */
  readonly freeBytes: number | undefined;
  /** Exit code of the command of `--on-complete`, once that has ended. */
  readonly exitCode: number | undefined;
  /** The reason of a failure; one line. */
  readonly reason: string | undefined;
  /** The kind of the failure. @default none */
  readonly reasonCode?: ReasonCode | undefined;
  /** Its measurements of itself while it fetched. @default nothing */
  readonly evidence?: HostEvidence | undefined;
  /** Content received, in bytes. @default unknown */
  readonly receivedBytes?: number | undefined;
  /** The part of it that came from the machine that shares. @default unknown */
  readonly sourceBytes?: number | undefined;
  /** False if the peer leaves when it is complete. @default {true} */
  readonly stays?: boolean;
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

/** Writes a report as the path and query of a request. */
export function reportPath(report: HostReport): string {
  const query = new URLSearchParams({
    info_hash: report.infoHash,
    port: `${report.port}`,
    state: report.state,
    // Rounded down: 1 is everything.
    fraction: `${Math.floor(report.fraction * 1e6) / 1e6}`,
    down: `${Math.round(report.downloadBytesPerSecond)}`,
    up: `${Math.round(report.uploadBytesPerSecond)}`,
  });
  if (report.peerId !== undefined) query.set("peer_id", report.peerId);
  if (isHostName(report.name)) query.set("name", report.name);
  const addresses = report.addresses.slice(0, MAX_ADDRESSES).join();
  if (addresses !== "") query.set("addresses", addresses);
  if (report.freeBytes !== undefined) query.set("free", `${report.freeBytes}`);
  if (report.exitCode !== undefined) query.set("exit", `${report.exitCode}`);
  if (report.evidence !== undefined) writeEvidence(query, report.evidence);
  if (report.reasonCode !== undefined) query.set("code", report.reasonCode);
  if (report.stays === false) query.set("stays", "0");
  const { receivedBytes, sourceBytes } = report;
  if (receivedBytes !== undefined && sourceBytes !== undefined) {
    query.set("received", `${receivedBytes}`);
    query.set("from_source", `${Math.min(sourceBytes, receivedBytes)}`);
  }
  if (report.change !== undefined) query.set("change", `${report.change}`);
  if (report.reason !== undefined) {
    query.set(
      "reason",
      report.reason.slice(0, MAX_REASON_LENGTH).toWellFormed(),
    );
  }
  const path = `${REPORT_PATH}?${query}`;
  if (path.length <= MAX_REPORT_LENGTH) return path;
  // A long reason in another script takes up to nine bytes a letter.
  query.delete("reason");
  return `${REPORT_PATH}?${query}`;
}

/**
 * Reads the query of a report; fields that it does not know are left out.
 * @throws {ProtocolError} If it is not one.
 */
export function parseReport(text: string): HostReport {
  if (text.length > MAX_REPORT_LENGTH) {
    throw malformed(`it exceeds the limit of ${MAX_REPORT_LENGTH} bytes`);
  }
  const query = new URLSearchParams(text);
  const [infoHash, peerId, name = "", state, reason] = [
    ...["info_hash", "peer_id", "name", "state", "reason"],
  ].map((key) => query.get(key) ?? undefined);
  if (!isIdentifier(infoHash)) {
    throw malformed("info_hash is not 40 hex digits");
  }
  if (peerId !== undefined && !isIdentifier(peerId)) {
    throw malformed("peer_id is not 40 hex digits");
  }
  if (!isHostName(name)) throw malformed("name is not the name of a host");
  if (!REPORTED_STATES.some((known) => known === state)) {
    throw malformed(`state is not one of ${REPORTED_STATES.join(", ")}`);
  }
  const code = query.get("code");
  const stays = query.get("stays") ?? "1";
  if (stays !== "0" && stays !== "1") throw malformed("stays is not 0 or 1");
  const number = (key: string, most: number): number => {
    const value = query.get(key);
    // Number() reads an empty text as 0, and 0x10 as 16.
    const digits = value !== null && /^\d{1,16}(?:\.\d{1,9})?$/.test(value);
    if (digits && Number(value) <= most) return Number(value);
    throw malformed(`${key} is not a number up to ${most}`);
  };
  const evidence = readEvidence(query, number);
  return {
    infoHash: infoHashFromHex(infoHash),
    peerId: peerId as PeerId | undefined,
    name,
    addresses: readAddresses(query.get("addresses")),
    state: state as ReportedState,
    port: number("port", 65_535),
    fraction: number("fraction", 1),
    downloadBytesPerSecond: number("down", Number.MAX_SAFE_INTEGER),
    uploadBytesPerSecond: number("up", Number.MAX_SAFE_INTEGER),
    freeBytes: query.has("free")
      ? number("free", Number.MAX_SAFE_INTEGER)
      : undefined,
    exitCode: query.has("exit") ? number("exit", 0xffff_ffff) : undefined,
    reason: reason === undefined ? undefined : oneLine(reason),
    // A later version may know more.
    ...isReasonCode(code) && { reasonCode: code },
    ...evidence !== undefined && { evidence },
    ...stays === "0" && { stays: false },
    ...readReceived(query, number),
    ...query.has("change") &&
      { change: number("change", Number.MAX_SAFE_INTEGER) },
  };
}

/** The bytes received, and those of the machine that shares, which are not more. */
function readReceived(
  query: URLSearchParams,
  number: (key: string, most: number) => number,
): Pick<HostReport, "receivedBytes" | "sourceBytes"> {
  if (!query.has("received")) return {};
  const receivedBytes = number("received", Number.MAX_SAFE_INTEGER);
  const sourceBytes = number("from_source", receivedBytes);
  return { receivedBytes, sourceBytes };
}

function readAddresses(text: string | null): string[] {
  if (text === null) return [];
  const addresses = text.split(",", MAX_ADDRESSES + 1).map(parseIpAddress);
  if (addresses.length <= MAX_ADDRESSES && !addresses.includes(undefined)) {
    return addresses.map((bytes) => formatIpAddress(bytes!));
  }
  throw malformed(
    `addresses is not a list of at most ${MAX_ADDRESSES} addresses`,
  );
}

/** A stranger's text without control and formatting characters. */
function oneLine(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, " ").slice(0, MAX_REASON_LENGTH)
    .toWellFormed();
}

function isIdentifier(text: string | undefined): text is string {
  return text !== undefined && /^[\da-f]{40}$/.test(text);
}

function malformed(reason: string): ProtocolError {
  return new ProtocolError(`Cannot read report: ${reason}`);
}
