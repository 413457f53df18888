/**
 * The responses of the UDP tracker protocol, encoded by trackers and decoded by
 * clients. [BEP 15] The decoders trust nothing; whether a datagram answers a
 * request at all, the caller knows from its sender and its transaction id.
 *
 * @module
 */
import { TrackerError } from "../base/errors.ts";
import type { InfoHash } from "../base/identifier.ts";
import {
  COMPACT_PEER_LENGTH,
  parseCompactPeers,
} from "../base/peer_address.ts";
import type { AnnounceReply, ScrapeEntry } from "./announce.ts";
import { defaultMinInterval, intervalOf, printableText } from "./http_codec.ts";
import {
  UDP_ACTIONS,
  type UdpFamily,
  type UdpRequestHead,
  viewOf,
} from "./udp_request.ts";

/**
 * Longest response, in bytes: what an IPv6 packet carries over any link, because
 * a fragmented datagram is lost with any of its fragments. 202 peers of IPv4 or
 * 67 of IPv6.
 */
export const MAX_UDP_RESPONSE_LENGTH = 1232;

/** Fixed parts, in bytes: of an announce without its peers, of one torrent of a scrape. */
const LENGTHS = {
  head: 8,
  connect: 16,
  announce: 20,
  scrapeEntry: 12,
} as const;

/** The response to an announce, as a tracker encodes it. */
export interface UdpAnnounceAnswer {
  readonly intervalMs: number;
  readonly swarm: Pick<ScrapeEntry, "complete" | "incomplete">;
  /** Compact peers of `family`; those that do not fit are left out. */
  readonly peers: Uint8Array;
  readonly family: UdpFamily;
}

export function encodeUdpConnected(
  connectionId: bigint,
  transactionId: number,
): Uint8Array<ArrayBuffer> {
  const datagram = encodeHead("connect", LENGTHS.connect, transactionId);
  viewOf(datagram).setBigUint64(8, connectionId);
  return datagram;
}

export function encodeUdpAnnounced(
  { intervalMs, swarm, peers, family }: UdpAnnounceAnswer,
  transactionId: number,
): Uint8Array<ArrayBuffer> {
  const room = MAX_UDP_RESPONSE_LENGTH - LENGTHS.announce;
  const maxLength = room - room % COMPACT_PEER_LENGTH[family];
  const sent = peers.subarray(0, maxLength);
  const length = LENGTHS.announce + sent.length;
  const datagram = encodeHead("announce", length, transactionId);
  const view = viewOf(datagram);
  view.setUint32(8, Math.ceil(intervalMs / 1000));
  view.setUint32(12, swarm.incomplete);
  view.setUint32(16, swarm.complete);
  datagram.set(sent, LENGTHS.announce);
  return datagram;
}

/** Encodes the response to a scrape; entries in the order of the request. */
export function encodeUdpScraped(
  entries: readonly Omit<ScrapeEntry, "infoHash">[],
  transactionId: number,
): Uint8Array<ArrayBuffer> {
  const length = LENGTHS.head + entries.length * LENGTHS.scrapeEntry;
  const datagram = encodeHead("scrape", length, transactionId);
  const view = viewOf(datagram);
  for (const [index, entry] of entries.entries()) {
    const offset = LENGTHS.head + index * LENGTHS.scrapeEntry;
    view.setUint32(offset, entry.complete);
    view.setUint32(offset + 4, entry.downloaded);
    view.setUint32(offset + 8, entry.incomplete);
  }
  return datagram;
}

export function encodeUdpError(
  reason: string,
  transactionId: number,
): Uint8Array<ArrayBuffer> {
  const message = new TextEncoder().encode(reason)
    .subarray(0, MAX_UDP_RESPONSE_LENGTH - LENGTHS.head);
  const length = LENGTHS.head + message.length;
  const datagram = encodeHead("error", length, transactionId);
  datagram.set(message, LENGTHS.head);
  return datagram;
}

/** Decodes the head of a response; `undefined` if the datagram is too short. */
export function readUdpResponseHead(
  datagram: Uint8Array,
): Omit<UdpRequestHead, "connectionId"> | undefined {
  if (datagram.length < LENGTHS.head) return undefined;
  const view = viewOf(datagram);
  return { action: view.getUint32(0), transactionId: view.getUint32(4) };
}

/** @throws {TrackerError} If it is a refusal, another response or truncated. */
export function parseUdpConnected(datagram: Uint8Array): bigint {
  checkResponse(datagram, "connect", LENGTHS.connect);
  return viewOf(datagram).getBigUint64(8);
}

/**
 * Decodes the response to an announce. A truncated last peer is skipped.
 * @throws {TrackerError} If it is a refusal, another response or truncated.
 */
export function parseUdpAnnounced(
  datagram: Uint8Array,
  family: UdpFamily,
): AnnounceReply {
  checkResponse(datagram, "announce", LENGTHS.announce);
  const view = viewOf(datagram);
  const peers = datagram.subarray(LENGTHS.announce);
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
 * Decodes the response to a scrape of these torrents. The counts of a torrent
 * that the tracker does not know are 0, as those of an empty swarm are.
 * @throws {TrackerError} If it is a refusal, another response or truncated.
 */
export function parseUdpScraped(
  datagram: Uint8Array,
  infoHashes: readonly InfoHash[],
): ScrapeEntry[] {
  const length = LENGTHS.head + infoHashes.length * LENGTHS.scrapeEntry;
  checkResponse(datagram, "scrape", length);
  const view = viewOf(datagram);
  return infoHashes.map((infoHash, index) => {
    const offset = LENGTHS.head + index * LENGTHS.scrapeEntry;
    return {
      infoHash,
      complete: view.getUint32(offset),
      downloaded: view.getUint32(offset + 4),
      incomplete: view.getUint32(offset + 8),
    };
  });
}

function encodeHead(
  action: keyof typeof UDP_ACTIONS,
  length: number,
  transactionId: number,
): Uint8Array<ArrayBuffer> {
  const datagram = new Uint8Array(length);
  const view = viewOf(datagram);
  view.setUint32(0, UDP_ACTIONS[action]);
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
    // Some trackers end the text with a zero.
    const text = new TextDecoder().decode(datagram.subarray(LENGTHS.head))
      .replace(/\0+$/, "");
    throw new TrackerError(`the tracker refused: ${printableText(text)}`);
  }
  if (actual !== undefined && actual !== UDP_ACTIONS[action]) {
    throw new TrackerError(
      `the answer has action ${actual} instead of ${
        UDP_ACTIONS[action]
      } (${action})`,
    );
  }
  if (datagram.length < length) {
    throw new TrackerError(
      `the answer is truncated: ${datagram.length} of ${length} bytes`,
    );
  }
}
