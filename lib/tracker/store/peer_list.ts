/**
 * Endpoints of one swarm, one role and one kind of address, in no order: the last
 * one takes the slot of one that is removed. Those of one subnet, a /24 of IPv4 or
 * a /64 of IPv6, form a ring.
 *
 * Invariant: `slots` of each endpoint in `endpoints` is its index there.
 *
 * @module
 */
import { ENTRY_LENGTHS, type PeerRows } from "./peer_rows.ts";

/** Endpoints up to which nobody is a neighbour: so many fit into a reply. */
const MAX_LENGTH_WITHOUT_SUBNETS = 50;

/** Length of a subnet's part of an address, by family. */
const SUBNET_LENGTHS = [3, 8] as const;

/** A list of endpoints. */
export class PeerList {
  readonly endpoints: number[] = [];
  readonly #rows: PeerRows;
  /** One endpoint of each subnet, in a list that is long. */
  #subnets: Map<number, number> | undefined;

  constructor(rows: PeerRows) {
    this.#rows = rows;
  }

  has(endpoint: number): boolean {
    const slot = this.#rows.slots[endpoint]!;
    return slot >= 0 && this.endpoints[slot] === endpoint;
  }

  /** Adds an endpoint that is in no list. */
  add(endpoint: number): void {
    const { endpoints } = this;
    this.#rows.slots[endpoint] = endpoints.push(endpoint) - 1;
    if (this.#subnets !== undefined) {
      this.#link(endpoint, this.#subnets);
    } else if (endpoints.length > MAX_LENGTH_WITHOUT_SUBNETS) {
      this.#subnets = new Map();
      for (const other of endpoints) this.#link(other, this.#subnets);
    }
  }

  /** Removes an endpoint of this list. */
  delete(endpoint: number): void {
    const { slots } = this.#rows;
    if (this.#subnets !== undefined) this.#unlink(endpoint, this.#subnets);
    const last = this.endpoints.pop()!;
    slots[last] = slots[endpoint]!;
    if (last !== endpoint) this.endpoints[slots[endpoint]!] = last;
    slots[endpoint] = -1;
  }

  /** An endpoint of the same subnet as one of any list, if there is one. */
  near(endpoint: number): number | undefined {
    return this.#subnets?.get(this.#subnetOf(endpoint));
  }

  /** Lets `near` return another endpoint of the ring from now on. */
  setNear(endpoint: number): void {
    this.#subnets?.set(this.#subnetOf(endpoint), endpoint);
  }

  #link(endpoint: number, subnets: Map<number, number>): void {
    const { nextNear, previousNear } = this.#rows;
    const subnet = this.#subnetOf(endpoint);
    const next = subnets.get(subnet) ?? endpoint;
    if (next === endpoint) {
      subnets.set(subnet, endpoint);
      previousNear[next] = endpoint;
    }
    const previous = previousNear[next]!;
    nextNear[previous] = previousNear[next] = endpoint;
    nextNear[endpoint] = next;
    previousNear[endpoint] = previous;
  }

  #unlink(endpoint: number, subnets: Map<number, number>): void {
    const { nextNear, previousNear } = this.#rows;
    const subnet = this.#subnetOf(endpoint);
    const next = nextNear[endpoint]!;
    if (next === endpoint) subnets.delete(subnet);
    else if (subnets.get(subnet) === endpoint) subnets.set(subnet, next);
    nextNear[previousNear[endpoint]!] = next;
    previousNear[next] = previousNear[endpoint]!;
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
