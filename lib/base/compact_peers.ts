/**
 * Peer addresses in the compact form of trackers and of peer exchange: the
 * address and the port, one after another, big endian, 6 bytes a peer for IPv4
 * [BEP 23] and 18 for IPv6 [BEP 7].
 *
 * @module
 */
import {
  formatIpAddress,
  IPV4_LENGTH,
  IPV6_LENGTH,
  parseIpAddress,
} from "./ip_address.ts";
import type { PeerAddress } from "./peer_address.ts";

const PORT_LENGTH = 2;

/** Length of one peer in each list, in bytes. */
export const COMPACT_PEER_LENGTH = {
  ipv4: IPV4_LENGTH + PORT_LENGTH,
  ipv6: IPV6_LENGTH + PORT_LENGTH,
} as const;

/** The two compact lists of addresses. */
export interface CompactPeers {
  /** 6 bytes a peer. */
  readonly ipv4: Uint8Array<ArrayBuffer>;
  /** 18 bytes a peer. */
  readonly ipv6: Uint8Array<ArrayBuffer>;
}

/** Writes addresses by family; one that is not an IP address is left out. */
export function encodeCompactPeers(
  addresses: readonly PeerAddress[],
): CompactPeers {
  const ipv4 = new Uint8Array(addresses.length * COMPACT_PEER_LENGTH.ipv4);
  const ipv6 = new Uint8Array(addresses.length * COMPACT_PEER_LENGTH.ipv6);
  let ipv4Length = 0;
  let ipv6Length = 0;
  for (const { hostname, port } of addresses) {
    const bytes = parseIpAddress(hostname);
    if (bytes === undefined) continue;
    if (bytes.length === IPV4_LENGTH) {
      ipv4Length = writePeer(ipv4, ipv4Length, bytes, port);
    } else {
      ipv6Length = writePeer(ipv6, ipv6Length, bytes, port);
    }
  }
  return {
    ipv4: ipv4.subarray(0, ipv4Length),
    ipv6: ipv6.subarray(0, ipv6Length),
  };
}

/** @returns The offset after the peer. */
function writePeer(
  into: Uint8Array,
  offset: number,
  address: Uint8Array,
  port: number,
): number {
  into.set(address, offset);
  const portOffset = offset + address.length;
  into[portOffset] = port >>> 8;
  into[portOffset + 1] = port & 0xff;
  return portOffset + PORT_LENGTH;
}

/**
 * Reads a compact list. A peer with port 0 is left out: nobody listens there.
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
 * Reads one peer of 6 or 18 bytes; `undefined` if its port is 0.
 * @throws {RangeError} On another length.
 */
export function parseCompactPeer(bytes: Uint8Array): PeerAddress | undefined {
  const portOffset = bytes.length - PORT_LENGTH;
  const hostname = formatIpAddress(bytes.subarray(0, Math.max(0, portOffset)));
  const port = bytes[portOffset]! << 8 | bytes[portOffset + 1]!;
  return port === 0 ? undefined : { hostname, port };
}
