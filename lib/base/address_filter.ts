/**
 * A filter for hosts by allowed and denied networks in CIDR notation. A denied
 * host stays denied even if it is allowed too; if any network is allowed, all
 * others are denied. [RFC 4632, 4291]
 *
 * @module
 */
import { formatIpAddress, parseIpAddress } from "./ip_address.ts";
import { quote } from "./errors.ts";

/** True for a host that we exchange data with, given its IP address as text. */
export type Permits = (hostname: string) => boolean;

/** The networks of a filter, as `192.168.0.0/16`, `fd00::/8` or a single address. */
export interface AddressFilterOptions {
  /** Networks that are allowed; all others are denied. @default every network */
  readonly allow?: readonly string[];
  /** Networks that are denied even if they are allowed. @default none */
  readonly deny?: readonly string[];
}

/**
 * Creates a filter. IPv4-mapped IPv6 counts as IPv4. A hostname that is not an IP
 * address is permitted only if no network is listed as allowed.
 * @throws {RangeError} If a network is not in CIDR notation.
 */
export function createAddressFilter(
  { allow = [], deny = [] }: AddressFilterOptions,
): Permits {
  const allowed = allow.map(parseNetwork);
  const denied = deny.map(parseNetwork);
  if (allowed.length + denied.length === 0) return () => true;
  return (hostname) => {
    const address = canonicalBytes(hostname);
    if (address === undefined) return allowed.length === 0;
    if (denied.some((network) => contains(network, address))) return false;
    return allowed.length === 0 ||
      allowed.some((network) => contains(network, address));
  };
}

interface Network {
  readonly bytes: Uint8Array;
  /** Leading bits that an address shares with `bytes`. */
  readonly prefixLength: number;
}

function parseNetwork(text: string): Network {
  const [hostname = "", prefix, ...rest] = text.split("/");
  const bytes = canonicalBytes(hostname);
  const bitCount = (bytes?.length ?? 0) * 8;
  const prefixLength = prefix === undefined ? bitCount : Number(prefix);
  const isPrefix = prefix === undefined || /^\d{1,3}$/.test(prefix);
  if (
    bytes === undefined || rest.length > 0 || !isPrefix ||
    prefixLength > bitCount
  ) {
    const reason =
      "it is neither a network such as 192.168.0.0/16 or fd00::/8 nor an IP address";
    throw new RangeError(`Cannot read ${quote(text)}: ${reason}`);
  }
  return { bytes, prefixLength };
}

function contains(
  { bytes, prefixLength }: Network,
  address: Uint8Array,
): boolean {
  if (bytes.length !== address.length) return false;
  const wholeBytes = prefixLength >>> 3;
  for (let index = 0; index < wholeBytes; index++) {
    if (bytes[index] !== address[index]) return false;
  }
  const rest = prefixLength & 7;
  const differing = (bytes[wholeBytes] ?? 0) ^ (address[wholeBytes] ?? 0);
  return rest === 0 || differing >>> (8 - rest) === 0;
}

function canonicalBytes(hostname: string): Uint8Array | undefined {
  const bytes = parseIpAddress(hostname);
  return bytes && parseIpAddress(formatIpAddress(bytes));
}
