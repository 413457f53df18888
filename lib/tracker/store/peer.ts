/**
 * A peer of one swarm and the endpoints that it announced: at most one of each
 * address family, as clients that have both announce twice. [BEP 7]
 *
 * @module
 */
import type { InfoHash, PeerId } from "../../base/identifier.ts";
import {
  addressScope,
  formatIpAddress,
  IPV4_LENGTH,
  parseIpAddress,
} from "../../base/ip_address.ts";
import { isPrivileged, type PeerAddress } from "../../base/peer_address.ts";
import type { PeerDetails } from "./peer_store.ts";

/** A peer of one swarm. Numbers stand here one by one: an object each would be garbage with every announce. */
export interface Peer {
  readonly id: PeerId;
  readonly infoHash: InfoHash;
  /** The other tracker that it announces to; `undefined` for this one. */
  tracker: string | undefined;
  isSeeder: boolean;
  /** Its download was counted. */
  hasCompleted: boolean;
  /** Fingerprint of its last `key`. */
  key: number | undefined;
  uploaded: number;
  downloaded: number;
  left: number;
  bytesPerSecond: number;
  lastSeenMs: number;
  ipv4: Endpoint | undefined;
  ipv6: Endpoint | undefined;
  /** The address that it counts for; the peers of one are linked in the order of their announces. */
  holder: Holder | undefined;
  older: Peer | undefined;
  newer: Peer | undefined;
}

/** An address that holds peers. */
export interface Holder {
  readonly hostname: string;
  peerCount: number;
  /** The ends of its linked peers, by last announce. */
  oldest: Peer | undefined;
  newest: Peer | undefined;
}

/** The first bytes of an address, to be compared. */
export type Prefix = number | string;

/** An address and a port that a peer announced. */
export interface Endpoint extends PeerAddress {
  readonly peer: Peer;
  /** Of use to peers on this machine alone. */
  readonly isLoopback: boolean;
  /** Other peers may be given it. */
  readonly isListed: boolean;
  /** Equal for addresses of one subnet: a /24 of IPv4, a /64 of IPv6. */
  readonly subnet: Prefix;
  /** Equal for addresses of one site: a /16 of IPv4, a /48 of IPv6. */
  readonly site: Prefix;
  /** Its places in its list, which are the list's to change. */
  slot: number;
  placeInSubnet: number;
  placeInSite: number;
}

/** The text of an address that cannot be read. */
const NO_ADDRESS = "::";

/**
 * The one spelling of an address, without the zone of a link-local one. A copy: a
 * part of a request's text would keep the whole request in memory.
 */
export function canonicalHostname(hostname: string): string {
  const bytes = parseIpAddress(hostname.split("%", 1)[0]!);
  return bytes === undefined ? NO_ADDRESS : formatIpAddress(bytes);
}

/** A peer without endpoints, which no swarm counts yet. */
export function createPeer(
  infoHash: InfoHash,
  { peerId, isSeeder, progress, bytesPerSecond, lastSeenMs }: Omit<
    PeerDetails,
    "addresses"
  >,
): Peer {
  return {
    id: peerId,
    infoHash,
    tracker: undefined,
    isSeeder,
    hasCompleted: false,
    key: undefined,
    uploaded: progress.uploaded,
    downloaded: progress.downloaded,
    left: progress.left,
    bytesPerSecond,
    lastSeenMs,
    ipv4: undefined,
    ipv6: undefined,
    holder: undefined,
    older: undefined,
    newer: undefined,
  };
}

/** Gives a peer an endpoint in place of the one of the same family, and returns it. */
export function setEndpoint(
  peer: Peer,
  { hostname: text, port }: PeerAddress,
): Endpoint {
  const hostname = canonicalHostname(text);
  const scope = addressScope(hostname);
  const bytes = parseIpAddress(hostname)!;
  const isIpv4 = bytes.length === IPV4_LENGTH;
  const endpoint: Endpoint = {
    peer,
    hostname,
    port,
    isLoopback: scope === "loopback",
    // A link-local address of IPv6 means nothing without its link.
    isListed: !isPrivileged(port) && scope !== "none" &&
      (isIpv4 || scope !== "linkLocal"),
    subnet: prefixOf(bytes, isIpv4 ? 3 : 8),
    site: prefixOf(bytes, isIpv4 ? 2 : 6),
    slot: 0,
    placeInSubnet: 0,
    placeInSite: 0,
  };
  peer[isIpv4 ? "ipv4" : "ipv6"] = endpoint;
  return endpoint;
}

/** Small numbers where they suffice, as they take no memory of their own. */
function prefixOf(bytes: Uint8Array, length: number): Prefix {
  const prefix = bytes.subarray(0, length);
  return length > 3
    ? String.fromCharCode(...prefix)
    : prefix.reduce((number, byte) => number << 8 | byte, 0);
}

/** The peer's endpoint at an address, in any spelling. */
export function endpointAt(peer: Peer, hostname: string): Endpoint | undefined {
  const { ipv4, ipv6 } = peer;
  if (ipv4?.hostname === hostname) return ipv4;
  if (ipv6?.hostname === hostname) return ipv6;
  const canonical = canonicalHostname(hostname);
  return canonical === hostname ? undefined : endpointAt(peer, canonical);
}

/** The peer's endpoints, IPv4 first; it has at least one. */
export function endpointsOf({ ipv4, ipv6 }: Peer): Endpoint[] {
  return [ipv4, ipv6].filter((endpoint) => endpoint !== undefined);
}

/** The peer as people see it. */
export function describePeer(peer: Peer): PeerDetails {
  const { uploaded, downloaded, left } = peer;
  return {
    peerId: peer.id,
    addresses: endpointsOf(peer)
      .map(({ hostname, port }) => ({ hostname, port })),
    isSeeder: peer.isSeeder,
    progress: { uploaded, downloaded, left },
    bytesPerSecond: peer.bytesPerSecond,
    lastSeenMs: peer.lastSeenMs,
  };
}

/** 53 bits of a `key`: enough to know the peer by, and the key is not kept. */
export function fingerprint(key: string): number {
  let low = 0x811c9dc5;
  let high = 0x1b873593;
  for (let offset = 0; offset < key.length; offset++) {
    const code = key.charCodeAt(offset);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x5bd1e995);
    high ^= high >>> 15;
  }
  return (low >>> 0) * 2 ** 21 + (high >>> 11);
}
