/**
 * The requests of the UDP tracker protocol, encoded by clients and decoded by
 * trackers. [BEP 15] All numbers are big endian. Bytes behind the known fields are
 * extensions and are skipped. The head is decoded first, because a request without
 * a valid connection id is dropped whatever else it holds.
 *
 * @module
 */
import {
  IDENTIFIER_LENGTH,
  identifierToBytes,
  type InfoHash,
  infoHashFromBytes,
  peerIdFromBytes,
} from "../base/identifier.ts";
import {
  type AnnounceEvent,
  type AnnounceRequest,
  DEFAULT_NUMWANT,
  MAX_LEFT,
  QueryError,
  UNKNOWN_LEFT,
} from "./announce.ts";

/** The kinds of requests and responses by number. */
export const UDP_ACTIONS = {
  connect: 0,
  announce: 1,
  scrape: 2,
  error: 3,
} as const;

/** The connection id of a connect request. */
export const UDP_PROTOCOL_ID = 0x417_2710_1980n;
/** Greatest number of torrents in one scrape. */
export const MAX_UDP_SCRAPE_COUNT = 74;
/** The address family of a datagram, and so of the peers in it. */
export type UdpFamily = "ipv4" | "ipv6";

/** Connection id, action and transaction id, in bytes: all of a connect request. */
const HEAD_LENGTH = 16;
/** Length of an announce, in bytes. Options may follow. [BEP 41] */
const ANNOUNCE_LENGTH = 98;

const OFFSETS = {
  action: 8,
  transactionId: 12,
  infoHash: 16,
  peerId: 36,
  downloaded: 56,
  left: 64,
  uploaded: 72,
  event: 80,
  // 84 is the peer's address as it says: with it any host could list any other.
  key: 88,
  numwant: 92,
  port: 96,
} as const;

const EVENTS: readonly AnnounceEvent[] = [
  "update",
  "completed",
  "started",
  "stopped",
];
/** libtorrent's event of a partial seed that only waits. [BEP 21] */
const PAUSED = 4;

/** The ids at the start of a request. */
export interface UdpRequestIds {
  /** 64 bits, as the tracker gave it. */
  readonly connectionId: bigint;
  /** 32 bits; the response repeats it. */
  readonly transactionId: number;
}

export interface UdpRequestHead extends UdpRequestIds {
  /** 32 bits, perhaps no known action. */
  readonly action: number;
}

export function encodeUdpConnect(
  transactionId: number,
): Uint8Array<ArrayBuffer> {
  const ids = { connectionId: UDP_PROTOCOL_ID, transactionId };
  return encodeHead(HEAD_LENGTH, UDP_ACTIONS.connect, ids);
}

export function encodeUdpAnnounce(
  request: AnnounceRequest,
  ids: UdpRequestIds,
): Uint8Array<ArrayBuffer> {
  const datagram = encodeHead(ANNOUNCE_LENGTH, UDP_ACTIONS.announce, ids);
  datagram.set(identifierToBytes(request.infoHash), OFFSETS.infoHash);
  datagram.set(identifierToBytes(request.peerId), OFFSETS.peerId);
  const view = viewOf(datagram);
  view.setBigUint64(OFFSETS.downloaded, BigInt(request.downloaded));
  view.setBigUint64(OFFSETS.left, BigInt(request.left));
  view.setBigUint64(OFFSETS.uploaded, BigInt(request.uploaded));
  view.setUint32(OFFSETS.event, EVENTS.indexOf(request.event));
  view.setUint32(OFFSETS.key, udpKey(request.key));
  view.setInt32(OFFSETS.numwant, request.numwant);
  view.setUint16(OFFSETS.port, request.port);
  return datagram;
}

/** @throws {RangeError} If there is no info hash, or more than {@linkcode MAX_UDP_SCRAPE_COUNT}. */
export function encodeUdpScrape(
  infoHashes: readonly InfoHash[],
  ids: UdpRequestIds,
): Uint8Array<ArrayBuffer> {
  if (infoHashes.length < 1 || infoHashes.length > MAX_UDP_SCRAPE_COUNT) {
    throw new RangeError(
      `Cannot scrape: ${infoHashes.length} torrents are not from 1 to ${MAX_UDP_SCRAPE_COUNT}`,
    );
  }
  const length = HEAD_LENGTH + infoHashes.length * IDENTIFIER_LENGTH;
  const datagram = encodeHead(length, UDP_ACTIONS.scrape, ids);
  for (const [index, infoHash] of infoHashes.entries()) {
    const offset = HEAD_LENGTH + index * IDENTIFIER_LENGTH;
    datagram.set(identifierToBytes(infoHash), offset);
  }
  return datagram;
}

/** A key as 32 bits: the number that 8 hex digits write, or else a hash; 0 is none. */
export function udpKey(key: string | undefined): number {
  if (key === undefined) return 0;
  if (/^[0-9a-fA-F]{8}$/.test(key)) return parseInt(key, 16);
  let mixed = 0;
  for (let index = 0; index < key.length; index++) {
    mixed = Math.imul(mixed, 31) + key.charCodeAt(index) | 0;
  }
  return mixed >>> 0;
}

/** Decodes the head of a request; `undefined` if the datagram is too short. */
export function readUdpRequestHead(
  datagram: Uint8Array,
): UdpRequestHead | undefined {
  if (datagram.length < HEAD_LENGTH) return undefined;
  const view = viewOf(datagram);
  return {
    connectionId: view.getBigUint64(0),
    action: view.getUint32(OFFSETS.action),
    transactionId: view.getUint32(OFFSETS.transactionId),
  };
}

/** @throws {QueryError} If it is truncated or a field is malformed. */
export function parseUdpAnnounce(datagram: Uint8Array): AnnounceRequest {
  if (datagram.length < ANNOUNCE_LENGTH) {
    throw new QueryError(
      "announce",
      `has ${datagram.length} bytes instead of ${ANNOUNCE_LENGTH}`,
    );
  }
  const view = viewOf(datagram);
  const event = view.getUint32(OFFSETS.event);
  const left = byteCount(view, OFFSETS.left);
  const key = view.getUint32(OFFSETS.key);
  const numwant = view.getInt32(OFFSETS.numwant);
  const port = view.getUint16(OFFSETS.port);
  if (port === 0) throw new QueryError("port", "0 is not from 1 to 65535");
  return {
    infoHash: infoHashFromBytes(identifierAt(datagram, OFFSETS.infoHash)),
    peerId: peerIdFromBytes(identifierAt(datagram, OFFSETS.peerId)),
    downloaded: byteCount(view, OFFSETS.downloaded),
    left: left > MAX_LEFT ? UNKNOWN_LEFT : left,
    uploaded: byteCount(view, OFFSETS.uploaded),
    event: eventOf(event),
    // Clients without a key send 0; in URLs they write 8 hex digits.
    key: key === 0 ? undefined : key.toString(16).padStart(8, "0"),
    // -1 is the tracker's default.
    numwant: numwant < 0 ? DEFAULT_NUMWANT : numwant,
    port,
  };
}

/**
 * Decodes the info hashes of a scrape, the first {@linkcode MAX_UDP_SCRAPE_COUNT}.
 * @throws {QueryError} If there is none: a scrape of all torrents is for HTTP.
 */
export function parseUdpScrape(datagram: Uint8Array): InfoHash[] {
  const infoHashes: InfoHash[] = [];
  for (let offset = HEAD_LENGTH;; offset += IDENTIFIER_LENGTH) {
    const isWhole = offset + IDENTIFIER_LENGTH <= datagram.length;
    if (!isWhole || infoHashes.length === MAX_UDP_SCRAPE_COUNT) break;
    infoHashes.push(infoHashFromBytes(identifierAt(datagram, offset)));
  }
  if (infoHashes.length > 0) return infoHashes;
  throw new QueryError("scrape", "names no torrent");
}

export function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}

function encodeHead(
  length: number,
  action: number,
  { connectionId, transactionId }: UdpRequestIds,
): Uint8Array<ArrayBuffer> {
  const datagram = new Uint8Array(length);
  const view = viewOf(datagram);
  view.setBigUint64(0, connectionId);
  view.setUint32(OFFSETS.action, action);
  view.setUint32(OFFSETS.transactionId, transactionId);
  return datagram;
}

function identifierAt(datagram: Uint8Array, offset: number): Uint8Array {
  return datagram.subarray(offset, offset + IDENTIFIER_LENGTH);
}

/** 64 bits, as a client sends that does not know what is left. */
function byteCount(view: DataView, offset: number): number {
  const count = view.getUint32(offset) * 2 ** 32 + view.getUint32(offset + 4);
  return Math.min(count, Number.MAX_SAFE_INTEGER);
}

function eventOf(number: number): AnnounceEvent {
  const event = number === PAUSED ? "update" : EVENTS[number];
  if (event !== undefined) return event;
  throw new QueryError("event", `${number} is not one of 0 to 3`);
}
