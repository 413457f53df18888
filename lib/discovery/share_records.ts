/**
 * A share on the network as records of DNS-SD, and back: the codec. Names and
 * texts from the network are bounded and cleaned here. [RFC 6763]
 *
 * @module
 */
import { displayName } from "../base/clean_text.ts";
import { isLinkLocalIpv6 } from "../base/ip_address.ts";
import { type DnsRecord, MAX_LABEL_LENGTH } from "./dns_message.ts";

/** The type of service under which shares are found. */
export const SERVICE = "_lanswarm._tcp.local";
/** The name under which all types of services are found. */
const ALL_SERVICES = "_services._dns-sd._udp.local";
/** Time for which a record may be kept, in seconds: a host that crashed is listed no longer. */
export const RECORD_TTL = 120;

/** Most addresses of one host. */
const MAX_ADDRESSES = 8;
const MAX_PATH_LENGTH = 128;

/** A share: something that a host offers to fetch. */
export interface Share {
  /** Equal for the same content: letters, digits and hyphens, at most 64. */
  readonly id: string;
  /** At most 64 characters, none of them invisible. */
  readonly name: string;
  /** Size of the content in bytes; 0 while it is unknown. */
  readonly sizeBytes: number;
  /** Path of its torrent file or page on the host's HTTP server; begins with `/`. */
  readonly path: string;
  /** Port of the HTTP server. */
  readonly port: number;
  /** IP addresses of the host, the one that answered first. */
  readonly addresses: readonly string[];
  /** Name of the host, for people. */
  readonly hostName: string;
}

/** The part of a share that its host states; the addresses are those of its interfaces. */
export type OwnShare = Omit<Share, "addresses">;

/**
 * The name of a share in DNS. It contains no dot besides those between labels;
 * `suffix` tells equal names on different hosts apart.
 */
export function instanceName(name: string, suffix: string): string {
  const encoder = new TextEncoder();
  const room = MAX_LABEL_LENGTH - suffix.length - 1;
  let label = "";
  for (const character of (displayName(name) ?? "share").replaceAll(".", "-")) {
    if (encoder.encode(label + character).length > room) break;
    label += character;
  }
  return `${label}-${suffix}.${SERVICE}`;
}

/** The records of a share; `host` is the name of its host in DNS. */
export function shareRecords(
  share: OwnShare,
  { instance, host, ttl = RECORD_TTL }: {
    readonly instance: string;
    readonly host: string;
    readonly ttl?: number;
  },
): DnsRecord[] {
  const { id, name, sizeBytes, path, port, hostName } = share;
  const texts = [
    ...["v=1", `id=${id}`, `n=${displayName(name) ?? ""}`, `sz=${sizeBytes}`],
    ...[`p=${path}`, `h=${displayName(hostName) ?? ""}`],
  ];
  return [
    { name: ALL_SERVICES, type: "PTR", ttl, data: SERVICE },
    { name: SERVICE, type: "PTR", ttl, data: instance },
    {
      ...{ name: instance, type: "SRV", ttl, flush: true },
      data: { target: host, port },
    },
    { name: instance, type: "TXT", ttl, flush: true, data: texts },
  ];
}

/** The addresses of a host as records. */
export function addressRecords(
  name: string,
  addresses: readonly string[],
  ttl = RECORD_TTL,
): DnsRecord[] {
  return addresses.slice(0, MAX_ADDRESSES).map((data) => ({
    ...{ name, ttl, flush: true, data },
    type: data.includes(":") ? "AAAA" : "A",
  }));
}

/**
 * The records of a host: its addresses, and that it has no others. A resolver would
 * wait for an IPv6 address that does not exist.
 */
export function hostRecords(
  name: string,
  addresses: readonly string[],
  ttl = RECORD_TTL,
): DnsRecord[] {
  const records = addressRecords(name, addresses, ttl);
  const rrtypes = [...new Set(records.map(({ type }) => type))];
  return [...records, {
    ...{ name, type: "NSEC", ttl, flush: true },
    data: { nextDomain: name, rrtypes },
  }];
}

/** Reads a share; `undefined` if a record is missing or makes no sense. */
export function readShare(
  { port, target, texts, addresses }: {
    readonly port: number;
    readonly target: string;
    readonly texts: readonly string[];
    readonly addresses: readonly string[];
  },
): Share | undefined {
  const fields = new Map(texts.map((text) => {
    const index = text.indexOf("=");
    const key = text.slice(0, Math.max(0, index)).toLowerCase();
    return [key, text.slice(index + 1)];
  }));
  const id = fields.get("id") ?? "";
  const size = fields.get("sz") ?? "";
  const path = fields.get("p") ?? "";
  const isValid = fields.get("v") === "1" && port > 0 &&
    /^[\w-]{1,64}$/.test(id) && /^\d{1,16}$/.test(size) &&
    Number.isSafeInteger(Number(size)) &&
    // Printable ASCII; "//host" would be another host.
    /^\/(?!\/)[!-~]*$/.test(path) && path.length <= MAX_PATH_LENGTH;
  const usable = addresses.filter((address) => !isLinkLocalIpv6(address));
  if (!isValid || usable.length === 0) return undefined;
  return {
    id,
    name: displayName(fields.get("n") ?? "") ?? id,
    sizeBytes: Number(size),
    path,
    port,
    addresses: usable.slice(0, MAX_ADDRESSES),
    hostName: displayName(fields.get("h") ?? "") ?? displayName(target) ?? "",
  };
}
