/**
 * The UDP tracker as a function from datagram to datagram. Invariant: who has
 * not shown by a connection id that it receives what is sent to its address gets
 * no more bytes than it sent, so that nobody can aim the tracker at another:
 * a connect request is answered with as many, anything else not at all. [BEP 15]
 *
 * @module
 */
import {
  IPV6_LENGTH,
  parseIpAddress,
  unmapHostname,
} from "../base/ip_address.ts";
import {
  believedLeft,
  QueryError,
  type ScrapeEntry,
} from "../announce/announce.ts";
import { MAX_NUMWANT } from "./announce_query.ts";
import type { AcceptedAnnounce, PeerStore } from "./store/peer_store.ts";
import { UdpConnectionIds } from "./udp_connection_ids.ts";
import {
  parseUdpAnnounce,
  parseUdpScrape,
  readUdpRequestHead,
  UDP_ACTIONS,
  UDP_PROTOCOL_ID,
  type UdpFamily,
  type UdpRequestHead,
} from "../announce/udp_request.ts";
import {
  encodeUdpAnnounced,
  encodeUdpConnected,
  encodeUdpError,
  encodeUdpScraped,
} from "../announce/udp_response.ts";

/** How a tracker answers datagrams. */
export interface UdpHandlerOptions {
  readonly store: PeerStore;
  /** Time to wait until the next announce, in milliseconds. */
  readonly intervalMs: (accepted: AcceptedAnnounce) => number;
  /** Key of the connection ids: 16 random bytes that nobody else has. */
  readonly secret: Uint8Array;
}

/**
 * What is answered to a datagram from an address at a time in milliseconds;
 * `undefined` if nothing is. The datagram is read before this returns.
 */
export type UdpHandler = (
  datagram: Uint8Array,
  remoteHostname: string,
  nowMs: number,
) => Uint8Array<ArrayBuffer> | undefined;

/** A datagram whose sender is who it says. */
interface KnownRequest {
  readonly datagram: Uint8Array;
  readonly transactionId: number;
  /** Canonical text. */
  readonly hostname: string;
  readonly family: UdpFamily;
  readonly nowMs: number;
}

/** Makes the handler of one tracker. */
export function createUdpHandler(options: UdpHandlerOptions): UdpHandler {
  const connectionIds = new UdpConnectionIds(options.secret);
  return (datagram, remoteHostname, nowMs) => {
    const head = readUdpRequestHead(datagram);
    if (head === undefined) return undefined;
    const { action, connectionId, transactionId } = head;
    const hostname = unmapHostname(remoteHostname);
    const address = parseIpAddress(hostname);
    // One with a zone, of which nobody else could make use.
    if (address === undefined) return undefined;
    if (isConnect(head)) {
      return encodeUdpConnected(
        connectionIds.issue(address, nowMs),
        transactionId,
      );
    }
    if (!connectionIds.isValid(connectionId, address, nowMs)) return undefined;
    const family = address.length === IPV6_LENGTH ? "ipv6" : "ipv4";
    const request = {
      datagram,
      transactionId,
      hostname,
      family,
      nowMs,
    } as const;
    try {
      switch (action) {
        case UDP_ACTIONS.announce:
          return announce(request, options);
        case UDP_ACTIONS.scrape:
          return scrape(request, options);
        default:
          return encodeUdpError(`action ${action} is unknown`, transactionId);
      }
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      return encodeUdpError(error.message, transactionId);
    }
  };
}

function isConnect({ action, connectionId }: UdpRequestHead): boolean {
  return action === UDP_ACTIONS.connect && connectionId === UDP_PROTOCOL_ID;
}

function announce(
  { datagram, transactionId, hostname, family, nowMs }: KnownRequest,
  { store, intervalMs }: UdpHandlerOptions,
): Uint8Array<ArrayBuffer> {
  const request = parseUdpAnnounce(datagram);
  const { uploaded, downloaded, left, port, numwant } = request;
  const outcome = store.announce({
    infoHash: request.infoHash,
    peerId: request.peerId,
    event: request.event,
    key: request.key,
    address: { hostname, port },
    progress: { uploaded, downloaded, left: believedLeft(left) },
    isSeeder: left === 0,
    numwant: Math.min(numwant, MAX_NUMWANT),
    wantsIds: false,
  }, nowMs);
  switch (outcome.type) {
    case "refused":
      return encodeUdpError(outcome.reason, transactionId);
    case "accepted":
      return encodeUdpAnnounced({
        intervalMs: intervalMs(outcome),
        swarm: outcome.swarm,
        peers: outcome.peers[family],
        family,
      }, transactionId);
    default:
      return outcome satisfies never;
  }
}

/** A torrent that the tracker does not know has counts of 0. */
function scrape(
  { datagram, transactionId }: KnownRequest,
  { store }: UdpHandlerOptions,
): Uint8Array<ArrayBuffer> {
  const infoHashes = parseUdpScrape(datagram);
  const known = store.scrape([...new Set(infoHashes)]);
  const entries = new Map(known.map((entry) => [entry.infoHash, entry]));
  return encodeUdpScraped(
    infoHashes.map((infoHash) => entries.get(infoHash) ?? NOBODY),
    transactionId,
  );
}

const NOBODY: Omit<ScrapeEntry, "infoHash"> = {
  complete: 0,
  downloaded: 0,
  incomplete: 0,
};
