/**
 * Peer addresses in the compact form of trackers: the address and the port, one
 * after another, big endian, 6 bytes a peer for IPv4 [BEP 23] and 18 for IPv6
 * [BEP 7].
 *
 * @module
 */
import {
  formatIpAddress,
  IPV4_LENGTH,
  IPV6_LENGTH,
  parseIpAddress,
} from "../base/ip_address.ts";
import type { PeerAddress } from "../base/peer_address.ts";

const PORT_LENGTH = 2;

/** The two compact lists of a reply. */
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
  const ipv4 = new Uint8Array(addresses.length * (IPV4_LENGTH + PORT_LENGTH));
  const ipv6 = new Uint8Array(addresses.length * (IPV6_LENGTH + PORT_LENGTH));
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
  const addressLength = family === "ipv4" ? IPV4_LENGTH : IPV6_LENGTH;
  const entryLength = addressLength + PORT_LENGTH;
  if (bytes.length % entryLength !== 0) {
    throw new RangeError(
      `Cannot read compact peers: ${bytes.length} bytes are not a multiple of ${entryLength}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const addresses: PeerAddress[] = [];
  for (let offset = 0; offset < bytes.length; offset += entryLength) {
    const portOffset = offset + addressLength;
    const port = view.getUint16(portOffset);
    if (port === 0) continue;
    const hostname = formatIpAddress(bytes.subarray(offset, portOffset));
    addresses.push({ hostname, port });
  }
  return addresses;
}
