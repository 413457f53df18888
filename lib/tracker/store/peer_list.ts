/**
 * Endpoints of one swarm, one role and one kind of address, packed as replies
 * contain them, so that a run of them is one stretch of memory to copy. The last
 * endpoint takes the slot of one that is removed. Neighbours are found by the
 * first bytes of their addresses.
 *
 * Invariant: slot `n` holds `endpoints[n]`, and each slot is once in the table of
 * neighbours for its subnet and once for its site.
 *
 * @module
 */
import { parseIpAddress } from "../../base/ip_address.ts";
import { COMPACT_PEER_LENGTH } from "../../base/peer_address.ts";
import type { Endpoint, Prefix } from "./peer.ts";

/** Entries that a new list has room for. */
const FIRST_CAPACITY = 8;

/** Distance of neighbours; a subnet's prefix is never that of a site, as it is longer. */
const LEVELS = [
  { prefix: "subnet", place: "placeInSubnet" },
  { prefix: "site", place: "placeInSite" },
] as const;

/** A list of endpoints. */
export class PeerList {
  readonly endpoints: Endpoint[] = [];
  /** 6 or 18 bytes of each: address and port in network byte order. [BEP 23, 7] */
  bytes: Uint8Array;
  readonly entryLength: number;
  /** Slots by prefix. */
  readonly #neighbours = new Map<Prefix, number[]>();

  constructor(family: "ipv4" | "ipv6") {
    this.entryLength = COMPACT_PEER_LENGTH[family];
    this.bytes = new Uint8Array(FIRST_CAPACITY * this.entryLength);
  }

  /** Adds an endpoint that is in no list. */
  add(endpoint: Endpoint): void {
    endpoint.list = this;
    endpoint.slot = this.endpoints.push(endpoint) - 1;
    this.#write(endpoint);
    for (const { prefix, place } of LEVELS) {
      const slots = this.#neighbours.get(endpoint[prefix]);
      if (slots === undefined) {
        this.#neighbours.set(endpoint[prefix], [endpoint.slot]);
      }
      endpoint[place] = slots === undefined ? 0 : slots.push(endpoint.slot) - 1;
    }
  }

  /** Removes an endpoint of this list. */
  delete(endpoint: Endpoint): void {
    for (const { prefix, place } of LEVELS) {
      const slots = this.#neighbours.get(endpoint[prefix])!;
      const last = this.endpoints[slots.pop()!]!;
      if (slots.length === 0) this.#neighbours.delete(endpoint[prefix]);
      else if (last !== endpoint) {
        slots[endpoint[place]] = last.slot;
        last[place] = endpoint[place];
      }
    }
    endpoint.list = undefined;
    const last = this.endpoints.pop()!;
    if (last === endpoint) return;
    this.endpoints[endpoint.slot] = last;
    const from = last.slot * this.entryLength;
    const to = endpoint.slot * this.entryLength;
    this.bytes.copyWithin(to, from, from + this.entryLength);
    last.slot = endpoint.slot;
    for (const { prefix, place } of LEVELS) {
      this.#neighbours.get(last[prefix])![last[place]] = last.slot;
    }
  }

  /** The slots of endpoints with a prefix. */
  near(prefix: Prefix): readonly number[] {
    return this.#neighbours.get(prefix) ?? [];
  }

  #write({ hostname, port, slot }: Endpoint): void {
    const offset = slot * this.entryLength;
    if (offset === this.bytes.length) {
      const bytes = new Uint8Array(2 * offset);
      bytes.set(this.bytes);
      this.bytes = bytes;
    }
    this.bytes.set(parseIpAddress(hostname)!, offset);
    const end = offset + this.entryLength;
    this.bytes[end - 2] = port >>> 8;
    this.bytes[end - 1] = port;
  }
}
