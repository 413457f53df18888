/**
 * IP addresses between text and bytes, network byte order, and the networks that
 * they belong to. Bytes always turn into the one canonical text of RFC 5952, so
 * that equal addresses have equal text. A host name is not an address.
 *
 * @module
 */

/** Length of an IPv4 address, in bytes. */
export const IPV4_LENGTH = 4;

/** Length of an IPv6 address, in bytes. */
export const IPV6_LENGTH = 16;

const DOT = 0x2e;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

/** 4 or 16 bytes, a fresh copy, or `undefined` if `text` is not an IP address. */
export function parseIpAddress(
  text: string,
): Uint8Array<ArrayBuffer> | undefined {
  if (text.includes(":")) return parseIpv6(text);
  const address = parseIpv4(text);
  return address === undefined ? undefined : ipv4Bytes(address);
}

/**
 * Canonical text of 4 or 16 bytes; an IPv4-mapped IPv6 address becomes IPv4.
 * @throws {RangeError} On another length.
 */
export function formatIpAddress(bytes: Uint8Array): string {
  switch (bytes.length) {
    case IPV4_LENGTH:
      return bytes.join(".");
    case IPV6_LENGTH:
      return isMapped(bytes) ? bytes.subarray(12).join(".") : formatIpv6(bytes);
    default:
      throw new RangeError(
        `Cannot read IP address: expected 4 or 16 bytes, got ${bytes.length}`,
      );
  }
}

/**
 * Reads a dotted IPv4 address as an unsigned 32-bit number, `undefined` if `text`
 * is none. Digit by digit and without objects: a tracker reads an address with
 * each announce and 50 for each reply, and `split` took nine tenths of that time.
 */
export function parseIpv4(text: string): number | undefined {
  let address = 0;
  let dotCount = 0;
  let value = -1; // no digit yet
  for (let offset = 0; offset < text.length; offset++) {
    const code = text.charCodeAt(offset);
    if (code === DOT) {
      if (value === -1 || ++dotCount === IPV4_LENGTH) return undefined;
      address = address << 8 | value;
      value = -1;
      continue;
    }
    // No leading zeros: some readers take them for octal.
    if (code < DIGIT_0 || code > DIGIT_9 || value === 0) return undefined;
    value = Math.max(value, 0) * 10 + code - DIGIT_0;
    if (value > 255) return undefined;
  }
  if (value === -1 || dotCount !== IPV4_LENGTH - 1) return undefined;
  return (address << 8 | value) >>> 0;
}

function parseIpv6(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(IPV6_LENGTH);
  if (text === "::") return bytes;
  if (/^:[^:]|[^:]:$/.test(text)) return undefined;
  const groups = text.replace(/^::|::$/, ":").split(":");
  let length = 0;
  let gapOffset: number | undefined;
  for (const [index, group] of groups.entries()) {
    if (group === "") {
      if (gapOffset !== undefined) return undefined;
      gapOffset = length;
    } else if (group.includes(".")) {
      const ipv4 = parseIpv4(group);
      const isLast = index === groups.length - 1;
      if (ipv4 === undefined || !isLast || length > 12) return undefined;
      bytes.set(ipv4Bytes(ipv4), length);
      length += IPV4_LENGTH;
    } else {
      if (!/^[\da-f]{1,4}$/i.test(group)) return undefined;
      const value = parseInt(group, 16);
      bytes[length++] = value >>> 8;
      bytes[length++] = value & 0xff;
    }
  }
  if (gapOffset === undefined) return length === 16 ? bytes : undefined;
  // "::" stands for at least one group of zeros.
  const gapLength = IPV6_LENGTH - length;
  if (gapLength < 2) return undefined;
  bytes.copyWithin(gapOffset + gapLength, gapOffset, length);
  return bytes.fill(0, gapOffset, gapOffset + gapLength);
}

function ipv4Bytes(address: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(address >>> 24, address >>> 16, address >>> 8, address);
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((byte) => byte === 0) &&
    bytes[10] === 0xff && bytes[11] === 0xff;
}

/** URLs write an IPv6 address canonically too. */
function formatIpv6(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const groups = Array.from(
    { length: IPV6_LENGTH / 2 },
    (_, index) => view.getUint16(2 * index).toString(16),
  );
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

/** Turns `::ffff:192.0.2.1`, as a dual-stack socket reports it, into `192.0.2.1`. */
export function unmapHostname(hostname: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(hostname);
  return mapped?.[1] ?? hostname;
}

/**
 * The part of the network in which an address means one machine. `none`: it is
 * the unspecified address, a multicast group or reserved.
 */
export type AddressScope =
  | "none"
  | "loopback"
  | "linkLocal"
  | "private"
  | "global";

/** The scope of an IP address in text form; `undefined` if it is not one. */
export function addressScope(hostname: string): AddressScope | undefined {
  const ipv4 = parseIpv4(hostname);
  if (ipv4 !== undefined) return ipv4Scope(ipv4);
  const bytes = parseIpAddress(hostname);
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer);
  if (isMapped(bytes)) return ipv4Scope(view.getUint32(12));
  if (bytes.subarray(0, 15).every((byte) => byte === 0)) {
    if (bytes[15] === 0) return "none";
    if (bytes[15] === 1) return "loopback";
  }
  const first = view.getUint16(0);
  if (first >>> 8 === 0xff) return "none"; // ff00::/8
  if (first >>> 6 === 0xfe80 >>> 6) return "linkLocal"; // fe80::/10
  if (first >>> 9 === 0xfc00 >>> 9) return "private"; // fc00::/7
  return "global";
}

function ipv4Scope(address: number): AddressScope {
  const first = address >>> 24;
  // 0.0.0.0/8 is "this network"; multicast, reserved and broadcast from 224.0.0.0 on.
  if (first === 0 || first >= 224) return "none";
  if (first === 127) return "loopback";
  const firstTwo = address >>> 16;
  if (firstTwo === 0xa9fe) return "linkLocal"; // 169.254.0.0/16
  const isPrivate = first === 10 || firstTwo === 0xc0a8 || // 192.168.0.0/16
    firstTwo >>> 4 === 0xac1; // 172.16.0.0/12
  return isPrivate ? "private" : "global";
}

/** True for an IP address of this machine alone: `127.0.0.0/8` or `::1`. */
export function isLoopback(hostname: string): boolean {
  return addressScope(hostname) === "loopback";
}

/** True for an IPv6 address that means nothing without the name of its link: `fe80::/10`. */
export function isLinkLocalIpv6(hostname: string): boolean {
  return hostname.includes(":") && addressScope(hostname) === "linkLocal";
}

/** True for the IP address of one machine; false for a host name. */
export function isUnicast(hostname: string): boolean {
  const scope = addressScope(hostname);
  return scope !== undefined && scope !== "none";
}

/** A host as a socket takes it: URLs put IPv6 addresses in brackets. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, "");
}

/** Bytes of an IPv6 address that name a network; a provider gives each customer at least one. */
const NETWORK_LENGTH = 8;

/**
 * The host that an address counts for in limits: the address itself, but for IPv6
 * its /64, all of which one customer has. On a link and in networks of our own
 * every machine has an address in the same /64, so each counts for itself there.
 */
export function hostOf(
  hostname: string,
  isOnOwnNetwork: (hostname: string) => boolean,
): string {
  if (!hostname.includes(":") || isLinkLocalIpv6(hostname)) return hostname;
  const bytes = parseIpAddress(hostname);
  if (bytes === undefined || isOnOwnNetwork(hostname)) return hostname;
  return `${formatIpAddress(bytes.fill(0, NETWORK_LENGTH))}/64`;
}
