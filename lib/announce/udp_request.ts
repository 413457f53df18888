/**
 * The requests of the UDP tracker protocol, written and read. A request is read
 * in two steps: the head first, as who sends no valid connection id is not heard,
 * whatever else the datagram says. [BEP 15]
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
  QueryError,
} from "./announce.ts";
import {
  MAX_UDP_SCRAPE_COUNT,
  UDP_ACTIONS,
  UDP_EVENTS,
  UDP_PROTOCOL_ID,
  UDP_REQUEST_LENGTHS,
  viewOf,
} from "./udp_message.ts";

/** How every request begins. */
export interface UdpRequestHead {
  /** 64 bits; {@linkcode UDP_PROTOCOL_ID} in a connect request. */
  readonly connectionId: bigint;
  /** 32 bits, perhaps no known action. */
  readonly action: number;
  /** 32 bits, to be sent back. */
  readonly transactionId: number;
}

/** What is written at the beginning of a request that needs a connection. */
export type UdpCall = Omit<UdpRequestHead, "action">;

const OFFSETS = {
  action: 8,
  transactionId: 12,
  infoHash: 16,
  peerId: 36,
  downloaded: 56,
  left: 64,
  uploaded: 72,
  event: 80,
  // At 84 an address for the tracker to list. It would let anybody name anybody.
  key: 88,
  numwant: 92,
  port: 96,
} as const;

/** libtorrent's number for a partial seed that only waits. [BEP 21] */
const PAUSED = 4;

/** The head of a request; `undefined` if the datagram is too short for one. */
export function readUdpRequestHead(
  datagram: Uint8Array,
): UdpRequestHead | undefined {
  if (datagram.length < UDP_REQUEST_LENGTHS.header) return undefined;
  const view = viewOf(datagram);
  return {
    connectionId: view.getBigUint64(0),
    action: view.getUint32(OFFSETS.action),
    transactionId: view.getUint32(OFFSETS.transactionId),
  };
}

/**
 * Reads an announce; its options are skipped. [BEP 41]
 * @throws {QueryError} If it is cut off or a field makes no sense.
 */
export function parseUdpAnnounce(datagram: Uint8Array): AnnounceRequest {
  if (datagram.length < UDP_REQUEST_LENGTHS.announce) {
    throw new QueryError(
      "announce",
      `has ${datagram.length} bytes instead of ${UDP_REQUEST_LENGTHS.announce}`,
    );
  }
  const view = viewOf(datagram);
  return {
    infoHash: infoHashFromBytes(identifierAt(datagram, OFFSETS.infoHash)),
    peerId: peerIdFromBytes(identifierAt(datagram, OFFSETS.peerId)),
    downloaded: byteCount(view, OFFSETS.downloaded),
    left: byteCount(view, OFFSETS.left),
    uploaded: byteCount(view, OFFSETS.uploaded),
    event: event(view.getUint32(OFFSETS.event)),
    key: key(view.getUint32(OFFSETS.key)),
    numwant: numwant(view.getInt32(OFFSETS.numwant)),
    port: port(view.getUint16(OFFSETS.port)),
  };
}

/**
 * The info hashes of a scrape, those above {@linkcode MAX_UDP_SCRAPE_COUNT} left
 * out.
 * @throws {QueryError} If there is none: everything at once is for HTTP.
 */
export function parseUdpScrape(datagram: Uint8Array): InfoHash[] {
  const { header, infoHash: length } = UDP_REQUEST_LENGTHS;
  const count = Math.floor((datagram.length - header) / length);
  if (count < 1) throw new QueryError("scrape", "names no torrent");
  return Array.from(
    { length: Math.min(count, MAX_UDP_SCRAPE_COUNT) },
    (_, index) =>
      infoHashFromBytes(identifierAt(datagram, header + index * length)),
  );
}

/** Writes a connect request. */
export function encodeUdpConnect(
  transactionId: number,
): Uint8Array<ArrayBuffer> {
  return begin(UDP_REQUEST_LENGTHS.header, UDP_ACTIONS.connect, {
    connectionId: UDP_PROTOCOL_ID,
    transactionId,
  });
}

/** Writes an announce. */
export function encodeUdpAnnounce(
  request: AnnounceRequest,
  call: UdpCall,
): Uint8Array<ArrayBuffer> {
  const datagram = begin(
    UDP_REQUEST_LENGTHS.announce,
    UDP_ACTIONS.announce,
    call,
  );
  datagram.set(identifierToBytes(request.infoHash), OFFSETS.infoHash);
  datagram.set(identifierToBytes(request.peerId), OFFSETS.peerId);
  const view = viewOf(datagram);
  view.setBigUint64(OFFSETS.downloaded, BigInt(request.downloaded));
  view.setBigUint64(OFFSETS.left, BigInt(request.left));
  view.setBigUint64(OFFSETS.uploaded, BigInt(request.uploaded));
  view.setUint32(OFFSETS.event, UDP_EVENTS.indexOf(request.event));
  view.setUint32(OFFSETS.key, udpKey(request.key));
  view.setInt32(OFFSETS.numwant, request.numwant);
  view.setUint16(OFFSETS.port, request.port);
  return datagram;
}

/**
 * Writes a scrape.
 * @throws {RangeError} If there is no info hash, or more than {@linkcode MAX_UDP_SCRAPE_COUNT}.
 */
export function encodeUdpScrape(
  infoHashes: readonly InfoHash[],
  call: UdpCall,
): Uint8Array<ArrayBuffer> {
  if (infoHashes.length < 1 || infoHashes.length > MAX_UDP_SCRAPE_COUNT) {
    throw new RangeError(
      `Cannot scrape: ${infoHashes.length} torrents are not from 1 to ${MAX_UDP_SCRAPE_COUNT}`,
    );
  }
  const { header, infoHash: length } = UDP_REQUEST_LENGTHS;
  const datagram = begin(
    header + infoHashes.length * length,
    UDP_ACTIONS.scrape,
    call,
  );
  for (const [index, infoHash] of infoHashes.entries()) {
    datagram.set(identifierToBytes(infoHash), header + index * length);
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

function begin(
  length: number,
  action: number,
  { connectionId, transactionId }: UdpCall,
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

/** 64 bits; who does not know what is left sends as many as there are. */
function byteCount(view: DataView, offset: number): number {
  const count = view.getUint32(offset) * 2 ** 32 + view.getUint32(offset + 4);
  return Math.min(count, Number.MAX_SAFE_INTEGER);
}

function event(number: number): AnnounceEvent {
  const known = UDP_EVENTS[number];
  if (known !== undefined) return known;
  if (number === PAUSED) return "update";
  throw new QueryError("event", `${number} is not one of 0 to 3`);
}

/** 8 hex digits, as clients write keys in URLs; 0 is sent by clients without one. */
function key(number: number): string | undefined {
  return number === 0 ? undefined : number.toString(16).padStart(8, "0");
}

/** -1 is for as many as the tracker gives by itself. */
function numwant(count: number): number {
  return count < 0 ? DEFAULT_NUMWANT : count;
}

function port(number: number): number {
  if (number > 0) return number;
  throw new QueryError("port", "0 is not from 1 to 65535");
}
