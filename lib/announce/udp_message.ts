/**
 * What all datagrams of the UDP tracker protocol share: the actions, the lengths
 * and where the parts stand that every one has. All numbers are big endian, and
 * nothing is said about the end of a datagram: what follows the known fields is
 * for extensions, and is skipped. [BEP 15]
 *
 * @module
 */
import { IDENTIFIER_LENGTH } from "../base/identifier.ts";

/** What a datagram is about. */
export const UDP_ACTIONS = {
  connect: 0,
  announce: 1,
  scrape: 2,
  error: 3,
} as const;

/** What the first 8 bytes of a connect request say in place of a connection id. */
export const UDP_PROTOCOL_ID = 0x417_2710_1980n;

/** Events by their number. */
export const UDP_EVENTS = [
  "update",
  "completed",
  "started",
  "stopped",
] as const;

/** Most torrents of one scrape. */
export const MAX_UDP_SCRAPE_COUNT = 74;

/** Fixed parts of requests, in bytes. */
export const UDP_REQUEST_LENGTHS = {
  /** Connection id, action and transaction id; all of a connect request. */
  header: 16,
  /** An announce. Options may follow. [BEP 41] */
  announce: 98,
  infoHash: IDENTIFIER_LENGTH,
} as const;

/** Fixed parts of responses, in bytes. */
export const UDP_RESPONSE_LENGTHS = {
  /** Action and transaction id. */
  header: 8,
  connect: 16,
  /** An announce's without its peers. */
  announce: 20,
  /** One torrent of a scrape. */
  scrapeEntry: 12,
} as const;

/** The datagram's family decides how peers are written. */
export type UdpFamily = "ipv4" | "ipv6";

/** The numbers of a datagram. */
export function viewOf(datagram: Uint8Array): DataView {
  return new DataView(
    datagram.buffer,
    datagram.byteOffset,
    datagram.byteLength,
  );
}
