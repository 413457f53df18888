/**
 * All peers of a tracker in columns: a peer is the number of its row, and an
 * endpoint is twice that, plus one for IPv6. As an object each of 100,000 peers
 * took 600 bytes, as a row it takes 350. A peer has at most one endpoint of each
 * family, as clients that have both announce twice. [BEP 7]
 *
 * @module
 */
import type { InfoHash, PeerId } from "../../base/identifier.ts";
import {
  addressScope,
  formatIpAddress,
  parseIpAddress,
  parseIpv4,
} from "../../base/ip_address.ts";
import { COMPACT_PEER_LENGTH, isPrivileged } from "../../base/peer_address.ts";
import type { PeerDetails } from "./peer_store.ts";

/** IPv4 as a signed number, which takes no memory of its own; IPv6 as canonical text. */
export type Address = number | string;

/** Length of a compact endpoint by family, IPv4 first. [BEP 23, 7] */
export const ENTRY_LENGTHS = [
  COMPACT_PEER_LENGTH.ipv4,
  COMPACT_PEER_LENGTH.ipv6,
] as const;

/** The kind of an endpoint has bits; the first is its family, 1 for IPv6. */
const IPV6 = 1;
/** The bit of an endpoint on loopback, of use on this machine alone. */
export const LOOPBACK = 2;
/** The bit of an endpoint that no other peer is given. */
export const UNLISTED = 4;
/** The kind of an endpoint that a peer does not have. */
const MISSING = 8;
const FIRST_CAPACITY = 64;

/** The columns. Those that are typed arrays are replaced by larger ones. */
export class PeerRows {
  /** Undefined for a free row. */
  readonly ids: (PeerId | undefined)[] = [];
  readonly infoHashes: (InfoHash | undefined)[] = [];
  /** The last `key`, by which a peer proves who it is. */
  readonly keys: (string | undefined)[] = [];
  /** The trackers of peers that announce to another one. */
  readonly trackers: Map<number, string> = new Map();
  readonly ipv6Texts: Map<number, string> = new Map();
  /** 1 for a peer that lacks nothing. */
  isSeeder = new Uint8Array(FIRST_CAPACITY);
  /** 1 for a peer whose download was counted. */
  hasCompleted = new Uint8Array(FIRST_CAPACITY);
  uploaded = new Float64Array(FIRST_CAPACITY);
  downloaded = new Float64Array(FIRST_CAPACITY);
  left = new Float64Array(FIRST_CAPACITY);
  bytesPerSecond = new Float64Array(FIRST_CAPACITY);
  /** Infinity for a free row. */
  lastSeenMs = new Float64Array(FIRST_CAPACITY);
  /** Endpoints in compact form. */
  ipv4 = new Uint8Array(FIRST_CAPACITY * COMPACT_PEER_LENGTH.ipv4);
  /** Empty until there is a peer with IPv6. */
  ipv6 = new Uint8Array(0);
  /** By endpoint: its kind. */
  kinds = new Uint8Array(2 * FIRST_CAPACITY);
  /** By endpoint: its place in its list, -1 in none. */
  slots = new Int32Array(2 * FIRST_CAPACITY);
  /** By endpoint: its place among its neighbours, if its list has any. */
  nearSlots = new Int32Array(2 * FIRST_CAPACITY);
  readonly #free: number[] = [];

  /** Number of peers; one in two swarms counts twice. */
  get count(): number {
    return this.ids.length - this.#free.length;
  }

  /** Adds a peer without endpoints, which is in no list yet. */
  add(infoHash: InfoHash, id: PeerId): number {
    const row = this.#free.pop() ?? this.ids.length;
    const capacity = this.lastSeenMs.length;
    if (row === capacity) this.#grow(capacity, Math.ceil(capacity * 1.5));
    this.ids[row] = id;
    this.infoHashes[row] = infoHash;
    this.keys[row] = undefined;
    this.isSeeder[row] = this.hasCompleted[row] = this.bytesPerSecond[row] = 0;
    this.slots.fill(-1, 2 * row, 2 * row + 2);
    this.kinds.fill(MISSING, 2 * row, 2 * row + 2);
    return row;
  }

  /** Frees the row of a peer that is in no list. */
  delete(row: number): void {
    this.lastSeenMs[row] = Infinity;
    this.ids[row] = this.infoHashes[row] = this.keys[row] = undefined;
    this.trackers.delete(row);
    this.ipv6Texts.delete(row);
    this.#free.push(row);
  }

  /** Gives a peer an endpoint in place of the one of the same family. */
  setEndpoint(row: number, address: Address, port: number): number {
    const family = typeof address === "number" ? 0 : 1;
    if (typeof address === "string") this.ipv6Texts.set(row, address);
    if (family === 1 && this.ipv6.length === 0) {
      const capacity = this.lastSeenMs.length;
      this.ipv6 = new Uint8Array(capacity * COMPACT_PEER_LENGTH.ipv6);
    }
    const end = (row + 1) * ENTRY_LENGTHS[family];
    const bytes = this.entries(family);
    const start = end - ENTRY_LENGTHS[family];
    bytes.set(parseIpAddress(formatAddress(address))!, start);
    bytes[end - 2] = port >>> 8;
    bytes[end - 1] = port;
    this.kinds[2 * row + family] = kindOf(address, port);
    return 2 * row + family;
  }

  entries(family: number): Uint8Array<ArrayBuffer> {
    return family === 0 ? this.ipv4 : this.ipv6;
  }

  /** A peer's endpoints, IPv4 first; at least one once it is in a swarm. */
  endpoints(row: number): number[] {
    return [2 * row, 2 * row + 1]
      .filter((endpoint) => this.kinds[endpoint] !== MISSING);
  }

  address(endpoint: number): Address | undefined {
    const row = endpoint >> 1;
    if (endpoint % 2 === 1) return this.ipv6Texts.get(row);
    if (this.kinds[endpoint] === MISSING) return undefined;
    const { ipv4 } = this;
    const start = row * COMPACT_PEER_LENGTH.ipv4;
    return ipv4[start]! << 24 | ipv4[start + 1]! << 16 |
      ipv4[start + 2]! << 8 | ipv4[start + 3]!;
  }

  /** The address that a peer counts for. */
  holder(row: number): Address {
    return this.address(2 * row) ?? this.address(2 * row + 1)!;
  }

  port(endpoint: number): number {
    const family = endpoint & 1;
    const end = ((endpoint >> 1) + 1) * ENTRY_LENGTHS[family]!;
    const bytes = this.entries(family);
    return bytes[end - 2]! << 8 | bytes[end - 1]!;
  }

  describe(row: number): PeerDetails {
    return {
      peerId: this.ids[row]!,
      addresses: this.endpoints(row).map((endpoint) => ({
        hostname: formatAddress(this.address(endpoint)!),
        port: this.port(endpoint),
      })),
      isSeeder: this.isSeeder[row] === 1,
      progress: {
        uploaded: this.uploaded[row]!,
        downloaded: this.downloaded[row]!,
        left: this.left[row]!,
      },
      bytesPerSecond: this.bytesPerSecond[row]!,
      lastSeenMs: this.lastSeenMs[row]!,
    };
  }

  #grow(from: number, to: number): void {
    for (const [name, column] of Object.entries(this)) {
      if (!ArrayBuffer.isView(column)) continue;
      const { length } = column as Uint8Array;
      const larger = Reflect.construct(column.constructor, [
        length / from * to,
      ]);
      larger.set(column);
      Object.assign(this, { [name]: larger });
    }
  }
}

function kindOf(address: Address, port: number): number {
  const isIpv6 = typeof address === "string";
  const scope = addressScope(formatAddress(address));
  // A link-local address of IPv6 means nothing without its link.
  const isListed = !isPrivileged(port) && scope !== "none" &&
    !(isIpv6 && scope === "linkLocal");
  return (isIpv6 ? IPV6 : 0) | (scope === "loopback" ? LOOPBACK : 0) |
    (isListed ? 0 : UNLISTED);
}

/** Reads a hostname in any spelling; what is no address becomes `::`. */
export function parseAddress(hostname: string): Address {
  const ipv4 = parseIpv4(hostname);
  if (ipv4 !== undefined) return ipv4 | 0;
  // A link-local address may have a zone: fe80::1%eth0.
  const bytes = parseIpAddress(hostname.split("%", 1)[0]!);
  const canonical = bytes === undefined ? "::" : formatIpAddress(bytes);
  return canonical.includes(":") ? canonical : parseAddress(canonical);
}

export function formatAddress(address: Address): string {
  if (typeof address === "string") return address;
  return [24, 16, 8, 0].map((shift) => address >>> shift & 255).join(".");
}
