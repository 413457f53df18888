/**
 * The UDP side of a tracker, as a function from datagram to datagram. Invariant: a
 * sender that has not proved by a connection id that it receives at its address
 * gets no more bytes than it sent, so that a forged address cannot aim the tracker
 * at another host: a connect request is answered with as many bytes, anything
 * else not at all. [BEP 15]
 *
 * @module
 */
import type { ScrapeEntry } from "../announce/announce.ts";
import {
  parseUdpAnnounce,
  parseUdpScrape,
  readUdpRequestHead,
  UDP_ACTIONS,
  UDP_PROTOCOL_ID,
} from "../announce/udp_request.ts";
import {
  encodeUdpAnnounced,
  encodeUdpConnected,
  encodeUdpError,
  encodeUdpScraped,
} from "../announce/udp_response.ts";
import {
  IPV4_LENGTH,
  IPV6_LENGTH,
  parseIpAddress,
  unmapHostname,
} from "../base/ip_address.ts";
import { MAX_NUMWANT } from "./announce_query.ts";
import { reasonOfRefusal, type Tracker } from "./tracker.ts";
import { sha1 } from "../disk/sha1.ts";

export interface UdpHandlerOptions {
  readonly tracker: Tracker;
  /** Key of the connection ids: `CONNECTION_KEY_LENGTH` random bytes. */
  readonly secret: Uint8Array;
  /** The IP address of the tracker that a host reaches. @default unknown */
  readonly localHostname?: (remoteHostname: string) => string | undefined;
}

/**
 * Answers a datagram from an address at a time in milliseconds; `undefined` for no
 * answer. The datagram is read before this returns.
 */
export type UdpHandler = (
  datagram: Uint8Array,
  remoteHostname: string,
  nowMs: number,
) => Uint8Array<ArrayBuffer> | undefined;

export function createUdpHandler(
  { tracker, secret, localHostname = () => undefined }: UdpHandlerOptions,
): UdpHandler {
  const connectionIds = new UdpConnectionIds(secret);
  return (datagram, remoteHostname, nowMs) => {
    const head = readUdpRequestHead(datagram);
    if (head === undefined) return undefined;
    const { action, connectionId, transactionId } = head;
    const hostname = unmapHostname(remoteHostname);
    const address = parseIpAddress(hostname);
    // An address with a zone, which no other peer could dial.
    if (address === undefined) return undefined;
    if (action === UDP_ACTIONS.connect && connectionId === UDP_PROTOCOL_ID) {
      const id = connectionIds.issue(address, nowMs);
      return encodeUdpConnected(id, transactionId);
    }
    if (!connectionIds.isValid(connectionId, address, nowMs)) return undefined;
    const refuse = (reason: string): Uint8Array<ArrayBuffer> =>
      encodeUdpError(reason, transactionId);
    try {
      switch (action) {
        case UDP_ACTIONS.announce: {
          const request = parseUdpAnnounce(datagram);
          const outcome = tracker.announce({
            ...request,
            numwant: Math.min(request.numwant, MAX_NUMWANT),
            hostname,
            localHostname: () => localHostname(hostname),
            wantsIds: false,
          }, nowMs);
          if (outcome.type === "refused") return refuse(outcome.reason);
          const { swarm, peers } = outcome;
          const family = address.length === IPV6_LENGTH ? "ipv6" : "ipv4";
          const intervalMs = tracker.options.intervalMs(outcome);
          return encodeUdpAnnounced(
            { intervalMs, swarm, peers: peers[family], family },
            transactionId,
          );
        }
        case UDP_ACTIONS.scrape: {
          const infoHashes = parseUdpScrape(datagram);
          const outcome = tracker.scrape([...new Set(infoHashes)]);
          if (outcome.type === "refused") return refuse(outcome.reason);
          const known = new Map(
            outcome.entries.map((entry) => [entry.infoHash, entry]),
          );
          const entries = infoHashes
            .map((infoHash) => known.get(infoHash) ?? NO_PEERS);
          return encodeUdpScraped(entries, transactionId);
        }
        default:
          return refuse(`the client sent the unknown action ${action}`);
      }
    } catch (error) {
      return refuse(reasonOfRefusal(error));
    }
  };
}

/** Of a torrent that the tracker does not know. */
const NO_PEERS: Omit<ScrapeEntry, "infoHash"> = {
  complete: 0,
  downloaded: 0,
  incomplete: 0,
};

/**
 * Time for which an address gets the same id. An id is valid until the next such
 * time is over too: for at least two minutes, as clients expect, and at most four.
 */
export const CONNECTION_EPOCH_MS = 120_000;

export const CONNECTION_KEY_LENGTH = 16;
const ADDRESS_END = CONNECTION_KEY_LENGTH + IPV6_LENGTH;

export class UdpConnectionIds {
  /** The key; the address, IPv4 as IPv4-mapped IPv6; the epoch, big endian. */
  readonly #message = new Uint8Array(ADDRESS_END + 8);
  readonly #address = this.#message.subarray(
    CONNECTION_KEY_LENGTH,
    ADDRESS_END,
  );
  readonly #view = new DataView(this.#message.buffer);

  /** @param key Random bytes that nobody else has. */
  constructor(key: Uint8Array) {
    this.#message.set(key);
  }

  /** The id of an address of 4 or 16 bytes now. */
  issue(address: Uint8Array, nowMs: number): bigint {
    return this.#idAt(address, epochAt(nowMs));
  }

  /** Checks that an id was issued to an address recently. */
  isValid(id: bigint, address: Uint8Array, nowMs: number): boolean {
    const epoch = epochAt(nowMs);
    return id === this.#idAt(address, epoch) ||
      id === this.#idAt(address, epoch - 1);
  }

  /** SHA-1 needs no HMAC here: all messages have one length, and most of the hash stays secret. */
  #idAt(address: Uint8Array, epoch: number): bigint {
    this.#address.fill(0);
    if (address.length === IPV4_LENGTH) this.#address.fill(0xff, 10, 12);
    this.#address.set(address, IPV6_LENGTH - address.length);
    this.#view.setBigInt64(ADDRESS_END, BigInt(epoch));
    return new DataView(sha1(this.#message).buffer).getBigUint64(0);
  }
}

function epochAt(nowMs: number): number {
  return Math.floor(nowMs / CONNECTION_EPOCH_MS);
}
