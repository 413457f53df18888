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

/** A peer of one swarm. An object for its progress would be garbage with every announce. */
export interface Peer {
  readonly id: PeerId;
  readonly infoHash: InfoHash;
  /** The other tracker that it announces to; `undefined` for this one. */
  tracker: string | undefined;
  isSeeder: boolean;
  /** Its download was counted. */
  hasCompleted: boolean;
  /** Its last `key`, by which it proves who it is. */
  key: string | undefined;
  uploaded: number;
  downloaded: number;
  left: number;
  bytesPerSecond: number;
  lastSeenMs: number;
  ipv4: Endpoint | undefined;
  ipv6: Endpoint | undefined;
  /** The address that it counts for, and its place among that one's peers. */
  holder: Holder | undefined;
  older: Peer | undefined;
  newer: Peer | undefined;
}

/** An address and its peers, linked in the order of their last announces. */
export interface Holder {
  readonly hostname: string;
  peerCount: number;
  oldest: Peer | undefined;
  newest: Peer | undefined;
}

/** The first bytes of an address, to be compared. */
export type Prefix = number | string;

/** An address and a port that a peer announced. */
export interface Endpoint extends PeerAddress {
  readonly peer: Peer;
  /** 0 for IPv4, 1 for IPv6; 2 and 3 for the same on loopback, of use on this machine alone. */
  readonly kind: number;
  /** Other peers may be given it. */
  readonly isListed: boolean;
  /** Equal for addresses of one subnet: a /24 of IPv4, a /64 of IPv6. */
  readonly subnet: Prefix;
  /** Equal for addresses of one site: a /16 of IPv4, a /48 of IPv6. */
  readonly site: Prefix;
  /** The list that it is in and its places there, which are the list's to change. */
  list: object | undefined;
  slot: number;
  placeInSubnet: number;
  placeInSite: number;
}

/** A peer without endpoints, which is in no swarm yet. */
export function createPeer(
  infoHash: InfoHash,
  { peerId, progress, ...details }: Omit<PeerDetails, "addresses">,
): Peer {
  return {
    id: peerId,
    infoHash,
    tracker: undefined,
    isSeeder: details.isSeeder,
    hasCompleted: false,
    key: undefined,
    uploaded: progress.uploaded,
    downloaded: progress.downloaded,
    left: progress.left,
    bytesPerSecond: details.bytesPerSecond,
    lastSeenMs: details.lastSeenMs,
    ipv4: undefined,
    ipv6: undefined,
    holder: undefined,
    older: undefined,
    newer: undefined,
  };
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

/** Gives a peer an endpoint in place of the one of the same family, and returns it. */
export function setEndpoint(peer: Peer, address: PeerAddress): Endpoint {
  const hostname = canonicalHostname(address.hostname);
  const bytes = parseIpAddress(hostname)!;
  const scope = addressScope(hostname);
  const isIpv4 = bytes.length === IPV4_LENGTH;
  const endpoint: Endpoint = {
    peer,
    hostname,
    port: address.port,
    kind: (isIpv4 ? 0 : 1) + (scope === "loopback" ? 2 : 0),
    // A link-local address of IPv6 means nothing without its link.
    isListed: !isPrivileged(address.port) && scope !== "none" &&
      (isIpv4 || scope !== "linkLocal"),
    subnet: prefixOf(bytes.subarray(0, isIpv4 ? 3 : 8)),
    site: prefixOf(bytes.subarray(0, isIpv4 ? 2 : 6)),
    list: undefined,
    slot: 0,
    placeInSubnet: 0,
    placeInSite: 0,
  };
  peer[isIpv4 ? "ipv4" : "ipv6"] = endpoint;
  return endpoint;
}

/** The peer's endpoints, IPv4 first; at least one once it is in a swarm. */
export function endpointsOf({ ipv4, ipv6 }: Peer): Endpoint[] {
  return [ipv4, ipv6].filter((endpoint) => endpoint !== undefined);
}

/** A small number where it suffices, as that takes no memory of its own. */
function prefixOf(bytes: Uint8Array): Prefix {
  return bytes.length > 3
    ? String.fromCharCode(...bytes)
    : bytes.reduce((prefix, byte) => prefix << 8 | byte, 0);
}

/** The peer's endpoint at an address, in any spelling. */
export function endpointAt(peer: Peer, hostname: string): Endpoint | undefined {
  const { ipv4, ipv6 } = peer;
  if (ipv4?.hostname === hostname) return ipv4;
  if (ipv6?.hostname === hostname) return ipv6;
  const canonical = canonicalHostname(hostname);
  return canonical === hostname ? undefined : endpointAt(peer, canonical);
}

/**
 * The one spelling of an address, `::` for what is none. A copy: a part of a
 * request's text would keep the whole request in memory.
 */
export function canonicalHostname(hostname: string): string {
  // A link-local address may have a zone: fe80::1%eth0.
  const bytes = parseIpAddress(hostname.split("%", 1)[0]!);
  return bytes === undefined ? "::" : formatIpAddress(bytes);
}
