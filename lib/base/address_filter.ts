/**
 * Which hosts are talked to at all: networks in CIDR notation that are allowed
 * or denied. Whoever is denied is out; where anything is allowed, all else is out
 * as well. [RFC 4632, 4291]
 *
 * @module
 */
import { formatIpAddress, parseIpAddress } from "./ip_address.ts";
import { quote } from "./quote.ts";

/** Whether a host is talked to; its name is an IP address. */
export type Permits = (hostname: string) => boolean;

/** The networks of a filter, as `192.168.0.0/16`, `fd00::/8` or a single address. */
export interface AddressFilterOptions {
  /** All else is denied. @default everything */
  readonly allow?: readonly string[];
  /** Whatever is allowed. @default nothing */
  readonly deny?: readonly string[];
}

/**
 * Makes a filter. An IPv4 address is one wherever it comes from, mapped into IPv6
 * or not; what is no IP address is permitted only where nothing is allowed by name.
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
  /** How many bits of an address must be those of `bytes`. */
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
    throw new RangeError(
      `Cannot read ${
        quote(text)
      }: it is no network such as 192.168.0.0/16 or fd00::/8, and no IP address`,
    );
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
