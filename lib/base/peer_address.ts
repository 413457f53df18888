/**
 * Where a peer can be reached. Addresses are kept in one spelling, so that equal
 * ones have equal text: IPv4 is never written as IPv4-mapped IPv6.
 *
 * @module
 */

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

/** Turns `::ffff:192.0.2.1`, as a dual-stack socket reports it, into `192.0.2.1`. */
export function unmapHostname(hostname: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(hostname);
  return mapped?.[1] ?? hostname;
}
