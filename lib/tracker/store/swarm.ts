/**
 * The peers of one torrent: counted, found by peer id and by endpoint, and listed
 * by role and kind of address, and in a long list by subnet, a /24 of IPv4 or a
 * /64 of IPv6. Invariant: each peer in `peers` is counted, each of its listed
 * endpoints is in one list at its slot, and no two peers have the same one.
 *
 * @module
 */
import type { InfoHash, PeerId } from "../../base/identifier.ts";
import {
  type Address,
  ENTRY_LENGTHS,
  PeerRows,
  UNLISTED,
} from "./peer_rows.ts";

/** Length up to which a list has no subnets, as all of it fits into a reply. */
const MAX_LENGTH_WITHOUT_SUBNETS = 50;
/** Length of a subnet's part of an address, by family. */
const SUBNET_LENGTHS = [3, 8] as const;

/** Knowledge of a torrent that outlives its peers. */
export type PastTorrent = Pick<Torrent, "infoHash"> & Partial<Torrent>;

/** A torrent, which has peers if it is a {@linkcode Swarm}. */
export class Torrent {
  readonly infoHash: InfoHash;
  seederCount = 0;
  leecherCount = 0;
  bytesPerSecond = 0;
  downloadCount: number;
  /** The most that a peer ever lacked, in bytes; 0 if none ever lacked anything. */
  contentLength: number;

  constructor({ infoHash, downloadCount = 0, contentLength = 0 }: PastTorrent) {
    this.infoHash = infoHash;
    this.downloadCount = downloadCount;
    this.contentLength = contentLength;
  }
}

export class Swarm extends Torrent {
  openedAtMs: number;
  readonly peers: Map<PeerId, number> = new Map();
  readonly #rows: PeerRows;
  /** Rows by listed endpoint. */
  readonly #byEndpoint = new Map<number | string, number>();
  /** By kind of address; those of seeders behind those of leechers. */
  readonly #lists: (PeerList | undefined)[] = new Array(8).fill(undefined);

  constructor(rows: PeerRows, torrent: PastTorrent, openedAtMs: number) {
    super(torrent);
    this.#rows = rows;
    this.openedAtMs = openedAtMs;
  }

  /** The endpoints of one role and kind of address. */
  list(isSeeder: boolean, kind: number): PeerList {
    return this.#lists[isSeeder ? kind + 4 : kind] ?? NO_PEERS;
  }

  /** True if there are endpoints on loopback. */
  get hasLoopback(): boolean {
    const lists = this.#lists;
    return (lists[2] ?? lists[3] ?? lists[6] ?? lists[7]) !== undefined;
  }

  /** The peer at an address and port that others may be given. */
  peerAt(address: Address, port: number): number | undefined {
    return this.#byEndpoint.get(keyOf(address, port));
  }

  /** Counts a peer and lists its endpoints. */
  enter(row: number): void {
    this.peers.set(this.#rows.ids[row]!, row);
    this.#count(row, 1);
    for (const endpoint of this.#listed(row)) {
      const list = this.#lists[this.#listIndexOf(endpoint)] ??= new PeerList(
        this.#rows,
      );
      list.add(endpoint);
      this.#byEndpoint.set(this.#keyOf(endpoint), row);
    }
  }

  /** Undoes {@linkcode enter}; the peer is as it was then. */
  leave(row: number): void {
    this.peers.delete(this.#rows.ids[row]!);
    this.#count(row, -1);
    for (const endpoint of this.#listed(row)) {
      const index = this.#listIndexOf(endpoint);
      const list = this.#lists[index]!;
      list.delete(endpoint);
      if (list.endpoints.length === 0) this.#lists[index] = undefined;
      this.#byEndpoint.delete(this.#keyOf(endpoint));
    }
  }

  setSpeed(row: number, bytesPerSecond: number): void {
    this.bytesPerSecond += bytesPerSecond - this.#rows.bytesPerSecond[row]!;
    this.#rows.bytesPerSecond[row] = bytesPerSecond;
  }

  #count(row: number, change: 1 | -1): void {
    if (this.#rows.isSeeder[row] === 1) this.seederCount += change;
    else this.leecherCount += change;
    this.bytesPerSecond += change * this.#rows.bytesPerSecond[row]!;
  }

  #listed(row: number): number[] {
    return this.#rows.endpoints(row)
      .filter((endpoint) => this.#rows.kinds[endpoint]! < UNLISTED);
  }

  #listIndexOf(endpoint: number): number {
    const { isSeeder, kinds } = this.#rows;
    return 4 * isSeeder[endpoint >> 1]! + kinds[endpoint]!;
  }

  #keyOf(endpoint: number): number | string {
    return keyOf(this.#rows.address(endpoint)!, this.#rows.port(endpoint));
  }
}

export interface Neighbours {
  readonly endpoints: number[];
  /** The index from which the next asker gets some. */
  next: number;
}

/** Endpoints of one role and one kind of address, in no order. */
export class PeerList {
  readonly endpoints: number[] = [];
  readonly #rows: PeerRows;
  /** By subnet, one endpoint as its number, in a list that was long once. */
  #subnets: Map<number, number | Neighbours> | undefined;

  constructor(rows: PeerRows) {
    this.#rows = rows;
  }

  has(endpoint: number): boolean {
    const slot = this.#rows.slots[endpoint]!;
    return slot >= 0 && this.endpoints[slot] === endpoint;
  }

  /** Adds an endpoint that is in no list. */
  add(endpoint: number): void {
    this.#rows.slots[endpoint] = this.endpoints.push(endpoint) - 1;
    if (this.#subnets !== undefined) {
      this.#addNear(endpoint, this.#subnets);
    } else if (this.endpoints.length > MAX_LENGTH_WITHOUT_SUBNETS) {
      this.#subnets = new Map();
      for (const other of this.endpoints) this.#addNear(other, this.#subnets);
    }
  }

  delete(endpoint: number): void {
    const { slots, nearSlots } = this.#rows;
    moveLast(this.endpoints, endpoint, slots);
    slots[endpoint] = -1;
    const neighbours = this.near(endpoint);
    if (neighbours === undefined) return;
    moveLast(neighbours.endpoints, endpoint, nearSlots);
    if (neighbours.endpoints.length > 0) return;
    this.#subnets!.delete(this.#subnetOf(endpoint));
  }

  /** Endpoints of the same subnet as one of any list, in a list that was long once. */
  near(endpoint: number): Neighbours | undefined {
    const near = this.#subnets?.get(this.#subnetOf(endpoint));
    return typeof near === "number" ? { endpoints: [near], next: 0 } : near;
  }

  #addNear(endpoint: number, subnets: Map<number, number | Neighbours>): void {
    const subnet = this.#subnetOf(endpoint);
    const near = subnets.get(subnet);
    const endpoints = typeof near === "number" ? [near] : near?.endpoints;
    this.#rows.nearSlots[endpoint] = (endpoints?.push(endpoint) ?? 1) - 1;
    if (typeof near === "object") return;
    subnets.set(subnet, endpoints ? { endpoints, next: 0 } : endpoint);
  }

  /** A number for a subnet. Two of IPv6 may share one: some neighbours are none then. */
  #subnetOf(endpoint: number): number {
    const family = endpoint & 1;
    const bytes = this.#rows.entries(family);
    let subnet = 0;
    let offset = (endpoint >> 1) * ENTRY_LENGTHS[family]!;
    for (let length = 0; length < SUBNET_LENGTHS[family]!; length++) {
      subnet = Math.imul(subnet, 257) + bytes[offset++]! | 0;
    }
    return subnet;
  }
}

/** Removes an endpoint: the last one takes its slot. */
function moveLast(
  endpoints: number[],
  endpoint: number,
  slots: Int32Array,
): void {
  const last = endpoints.pop()!;
  slots[last] = slots[endpoint]!;
  if (last !== endpoint) endpoints[slots[last]!] = last;
}

/** IPv4 in one number, which is smaller than its text. */
function keyOf(address: Address, port: number): number | string {
  return typeof address === "string"
    ? `${address} ${port}`
    : address * 2 ** 16 + port;
}

const NO_PEERS = new PeerList(new PeerRows());
