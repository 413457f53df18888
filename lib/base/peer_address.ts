/**
 * The addresses of peers: their text, their compact form, and the rules for
 * dialing one that a stranger named. Addresses are kept in one spelling, so that
 * equal ones have equal text: IPv4 is never written as IPv4-mapped IPv6.
 *
 * @module
 */
import {
  addressScope,
  formatIpAddress,
  IPV4_LENGTH,
  IPV6_LENGTH,
  isLoopback,
  parseIpAddress,
} from "./ip_address.ts";

/** An IP address in text form and a TCP port. */
export interface PeerAddress {
  /** IPv4 dotted or IPv6 without brackets. */
  readonly hostname: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** `192.0.2.1:6881` or `[2001:db8::1]:6881`; equal for equal addresses. */
export function formatPeerAddress(address: PeerAddress): string {
  return address.hostname.includes(":")
    ? `[${address.hostname}]:${address.port}`
    : `${address.hostname}:${address.port}`;
}

/** The first port that is not reserved for the system's own services. */
export const FIRST_UNPRIVILEGED_PORT = 1024;

/**
 * True if a port is reserved for the system's services. A peer that listens there
 * is dialed only if the user or the tracker's operator named it.
 */
export function isPrivileged(port: number): boolean {
  return port < FIRST_UNPRIVILEGED_PORT;
}

/**
 * True if an address may be dialed because the peer at `source` named it. A
 * stranger could otherwise have us connect to a service of our own machine, to a
 * group of machines or to a system service on another host. A loopback address
 * counts only if the peer is on this machine itself.
 */
export function isDialable(address: PeerAddress, source: string): boolean {
  const { hostname, port } = address;
  if (isPrivileged(port)) return false;
  switch (addressScope(hostname)) {
    case "private":
    case "global":
      return true;
    case "loopback":
      return isLoopback(source);
    case "linkLocal":
      // In IPv6 it means nothing without the link's name.
      return !hostname.includes(":");
    default:
      return false;
  }
}

const PORT_LENGTH = 2;

/** Length of one peer in each compact list, in bytes. [BEP 23, BEP 7] */
export const COMPACT_PEER_LENGTH = {
  ipv4: IPV4_LENGTH + PORT_LENGTH,
  ipv6: IPV6_LENGTH + PORT_LENGTH,
} as const;

/** Addresses in compact form: address and port one after another, big endian. */
export interface CompactPeers {
  /** 6 bytes a peer. */
  readonly ipv4: Uint8Array<ArrayBuffer>;
  /** 18 bytes a peer. */
  readonly ipv6: Uint8Array<ArrayBuffer>;
}

/** Encodes addresses by family; one that is not an IP address is left out. */
export function encodeCompactPeers(
  addresses: readonly PeerAddress[],
): CompactPeers {
  const ipv4: number[] = [];
  const ipv6: number[] = [];
  for (const { hostname, port } of addresses) {
    const bytes = parseIpAddress(hostname);
    if (bytes === undefined) continue;
    const list = bytes.length === IPV4_LENGTH ? ipv4 : ipv6;
    list.push(...bytes, port >>> 8, port & 0xff);
  }
  return { ipv4: Uint8Array.from(ipv4), ipv6: Uint8Array.from(ipv6) };
}

/**
 * Decodes a compact list. A peer with port 0 is left out: no peer listens there.
 * @throws {RangeError} If the length is not a whole number of peers.
 */
export function parseCompactPeers(
  bytes: Uint8Array,
  family: keyof CompactPeers,
): PeerAddress[] {
  const entryLength = COMPACT_PEER_LENGTH[family];
  if (bytes.length % entryLength !== 0) {
    throw new RangeError(
      `Cannot read compact peers: ${bytes.length} bytes are not a multiple of ${entryLength}`,
    );
  }
  const addresses: PeerAddress[] = [];
  for (let offset = 0; offset < bytes.length; offset += entryLength) {
    const address = parseCompactPeer(
      bytes.subarray(offset, offset + entryLength),
    );
    if (address !== undefined) addresses.push(address);
  }
  return addresses;
}

/**
 * Decodes one peer of 6 or 18 bytes; `undefined` if its port is 0.
 * @throws {RangeError} On another length.
 */
export function parseCompactPeer(bytes: Uint8Array): PeerAddress | undefined {
  const portOffset = bytes.length - PORT_LENGTH;
  const hostname = formatIpAddress(bytes.subarray(0, Math.max(0, portOffset)));
  const port = bytes[portOffset]! << 8 | bytes[portOffset + 1]!;
  return port === 0 ? undefined : { hostname, port };
}
