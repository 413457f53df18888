/**
 * The responses of the UDP tracker protocol, written and read. The reader trusts
 * nothing; whether a datagram is the answer to a question at all, by its sender
 * and its transaction id, is known to who asked. [BEP 15]
 *
 * @module
 */
import {
  COMPACT_PEER_LENGTH,
  parseCompactPeers,
} from "../base/peer_address.ts";
import { TrackerError } from "../base/errors.ts";
import type { InfoHash } from "../base/identifier.ts";
import type { AnnounceReply, ScrapeEntry } from "./announce.ts";
import { defaultMinInterval, intervalOf } from "./reply_interval.ts";
import {
  UDP_ACTIONS,
  UDP_RESPONSE_LENGTHS,
  type UdpFamily,
  viewOf,
} from "./udp_message.ts";

/**
 * Longest response, in bytes: what an IPv6 link carries in one packet, whatever
 * link it is, as a datagram in fragments is lost with any of them. 202 peers of
 * IPv4 or 67 of IPv6.
 */
export const MAX_UDP_RESPONSE_LENGTH = 1232;

/** Longest message that is taken from a tracker, in characters. */
const MAX_MESSAGE_LENGTH = 500;

/** How every response begins. */
export interface UdpResponseHead {
  /** 32 bits, perhaps no known action. */
  readonly action: number;
  /** 32 bits, as the request had them. */
  readonly transactionId: number;
}

/** What an announce is answered. */
export interface UdpAnnounceAnswer {
  readonly intervalMs: number;
  readonly swarm: Pick<ScrapeEntry, "complete" | "incomplete">;
  /** Compact peers of the datagram's family; those that do not fit are left out. */
  readonly peers: Uint8Array;
  readonly family: UdpFamily;
}

/** Writes the answer to a connect request. */
export function encodeUdpConnected(
  connectionId: bigint,
  transactionId: number,
): Uint8Array<ArrayBuffer> {
  const datagram = begin(
    UDP_RESPONSE_LENGTHS.connect,
    UDP_ACTIONS.connect,
    transactionId,
  );
  viewOf(datagram).setBigUint64(8, connectionId);
  return datagram;
}

/** Writes the answer to an announce. */
export function encodeUdpAnnounced(
  { intervalMs, swarm, peers, family }: UdpAnnounceAnswer,
  transactionId: number,
): Uint8Array<ArrayBuffer> {
  const { announce: fixedLength } = UDP_RESPONSE_LENGTHS;
  const peerLength = COMPACT_PEER_LENGTH[family];
  const room = MAX_UDP_RESPONSE_LENGTH - fixedLength;
  const peersLength = Math.min(peers.length, room - room % peerLength);
  const datagram = begin(
    fixedLength + peersLength,
    UDP_ACTIONS.announce,
    transactionId,
  );
  const view = viewOf(datagram);
  view.setUint32(8, Math.ceil(intervalMs / 1000));
  view.setUint32(12, swarm.incomplete);
  view.setUint32(16, swarm.complete);
  datagram.set(peers.subarray(0, peersLength), fixedLength);
  return datagram;
}

/** Writes the answer to a scrape, in the order in which it was asked. */
export function encodeUdpScraped(
  entries: readonly Omit<ScrapeEntry, "infoHash">[],
  transactionId: number,
): Uint8Array<ArrayBuffer> {
  const { header, scrapeEntry } = UDP_RESPONSE_LENGTHS;
  const datagram = begin(
    header + entries.length * scrapeEntry,
    UDP_ACTIONS.scrape,
    transactionId,
  );
  const view = viewOf(datagram);
  for (const [index, entry] of entries.entries()) {
    const offset = header + index * scrapeEntry;
    view.setUint32(offset, entry.complete);
    view.setUint32(offset + 4, entry.downloaded);
    view.setUint32(offset + 8, entry.incomplete);
  }
  return datagram;
}

/** Writes why a request is refused. */
export function encodeUdpError(
  reason: string,
  transactionId: number,
): Uint8Array<ArrayBuffer> {
  const { header } = UDP_RESPONSE_LENGTHS;
  const message = new TextEncoder().encode(reason)
    .subarray(0, MAX_UDP_RESPONSE_LENGTH - header);
  const datagram = begin(
    header + message.length,
    UDP_ACTIONS.error,
    transactionId,
  );
  datagram.set(message, header);
  return datagram;
}

/** The head of a response; `undefined` if the datagram is too short for one. */
export function readUdpResponseHead(
  datagram: Uint8Array,
): UdpResponseHead | undefined {
  if (datagram.length < UDP_RESPONSE_LENGTHS.header) return undefined;
  const view = viewOf(datagram);
  return { action: view.getUint32(0), transactionId: view.getUint32(4) };
}

/**
 * The connection id that answers a connect request.
 * @throws {TrackerError} If the response is a refusal, another's or cut off.
 */
export function parseUdpConnected(datagram: Uint8Array): bigint {
  checkResponse(datagram, "connect", UDP_RESPONSE_LENGTHS.connect);
  return viewOf(datagram).getBigUint64(8);
}

/**
 * Reads the answer to an announce. Bytes that are no whole peer are skipped.
 * @throws {TrackerError} If it is a refusal, another's or cut off.
 */
export function parseUdpAnnounced(
  datagram: Uint8Array,
  family: UdpFamily,
): AnnounceReply {
  const { announce: fixedLength } = UDP_RESPONSE_LENGTHS;
  checkResponse(datagram, "announce", fixedLength);
  const view = viewOf(datagram);
  const peers = datagram.subarray(fixedLength);
  const rest = peers.length % COMPACT_PEER_LENGTH[family];
  const intervalMs = intervalOf(view.getUint32(8));
  return {
    intervalMs,
    minIntervalMs: defaultMinInterval(intervalMs),
    complete: view.getUint32(16),
    incomplete: view.getUint32(12),
    peers: parseCompactPeers(peers.subarray(0, peers.length - rest), family),
    warning: undefined,
    trackerId: undefined,
  };
}

/**
 * Reads the answer to a scrape of these torrents. A torrent that the tracker does
 * not know has counts of 0, and so has one that nobody shares.
 * @throws {TrackerError} If it is a refusal, another's or cut off.
 */
export function parseUdpScraped(
  datagram: Uint8Array,
  infoHashes: readonly InfoHash[],
): ScrapeEntry[] {
  const { header, scrapeEntry } = UDP_RESPONSE_LENGTHS;
  checkResponse(datagram, "scrape", header + infoHashes.length * scrapeEntry);
  const view = viewOf(datagram);
  return infoHashes.map((infoHash, index) => {
    const offset = header + index * scrapeEntry;
    return {
      infoHash,
      complete: view.getUint32(offset),
      downloaded: view.getUint32(offset + 4),
      incomplete: view.getUint32(offset + 8),
    };
  });
}

function begin(
  length: number,
  action: number,
  transactionId: number,
): Uint8Array<ArrayBuffer> {
  const datagram = new Uint8Array(length);
  const view = viewOf(datagram);
  view.setUint32(0, action);
  view.setUint32(4, transactionId);
  return datagram;
}

function checkResponse(
  datagram: Uint8Array,
  action: Exclude<keyof typeof UDP_ACTIONS, "error">,
  length: number,
): void {
  const actual = readUdpResponseHead(datagram)?.action;
  if (actual === UDP_ACTIONS.error) {
    throw new TrackerError(`the tracker refused: ${messageOf(datagram)}`);
  }
  if (actual !== undefined && actual !== UDP_ACTIONS[action]) {
    throw new TrackerError(
      `the answer is not to ${action} but has action ${actual}`,
    );
  }
  if (datagram.length < length) {
    throw new TrackerError(
      `the answer is cut off: ${datagram.length} bytes of ${length}`,
    );
  }
}

/** Text for people, made safe for a terminal's line; some trackers end it with a zero. */
function messageOf(datagram: Uint8Array): string {
  const text = new TextDecoder()
    .decode(datagram.subarray(UDP_RESPONSE_LENGTHS.header))
    .replace(/\0+$/, "");
  return text.slice(0, MAX_MESSAGE_LENGTH).replace(/\p{Control}/gu, " ");
}
