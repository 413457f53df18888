/**
 * Which addresses may be dialed on a stranger's word. Whoever names an address
 * can point us at anything that we reach and it does not, so nothing is dialed
 * that no honest peer can have: our own machine, many machines at once, nobody,
 * or a system's service.
 *
 * @module
 */
import { IPV4_LENGTH, parseIpAddress } from "./ip_address.ts";
import type { PeerAddress } from "./peer_address.ts";

/** Ports below are a system's own. */
export const FIRST_UNPRIVILEGED_PORT = 1024;

/**
 * Whether a port is one of a system's own services. A peer that listens there is
 * dialed by who knows it, and by nobody because a stranger named it.
 */
export function isPrivileged(port: number): boolean {
  return port < FIRST_UNPRIVILEGED_PORT;
}

/** Whether a hostname is the IP address of one machine; false for a name. */
export function isUnicast(hostname: string): boolean {
  const bytes = parseIpAddress(hostname);
  if (bytes === undefined) return false;
  if (bytes.length === IPV4_LENGTH) {
    // 0.0.0.0/8 is "this network", from 224.0.0.0 on are groups and broadcast.
    return bytes[0]! > 0 && bytes[0]! < 224;
  }
  // All zeros is nobody, ff00::/8 are groups.
  return bytes[0] !== 0xff && bytes.some((byte) => byte !== 0);
}

/** Whether a hostname is the machine's own, `127.0.0.0/8` or `::1`. */
export function isLoopback(hostname: string): boolean {
  const bytes = parseIpAddress(hostname);
  if (bytes?.length === IPV4_LENGTH) return bytes[0] === 127;
  return bytes?.every((byte, index) => byte === (index === 15 ? 1 : 0)) ??
    false;
}

/**
 * Whether an address may be dialed because the peer at `source` named it. One on
 * loopback only if the peer is there too: of another machine it would be ours.
 */
export function isDialable(address: PeerAddress, source: string): boolean {
  return !isPrivileged(address.port) &&
    isUnicast(address.hostname) && !isLinkLocalIpv6(address.hostname) &&
    (!isLoopback(address.hostname) || isLoopback(source));
}

/** `fe80::/10`: means nothing without the link that it is on. */
function isLinkLocalIpv6(hostname: string): boolean {
  return /^fe[89ab]/i.test(hostname);
}
