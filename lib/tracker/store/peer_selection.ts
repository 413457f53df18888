/**
 * Chooses the peers of one reply. An asker is not given itself, nor a seeder other
 * seeders. A leecher gets seeders for at most half of its list while there are
 * leechers for the other half: where newcomers know the seeders alone, no one
 * passes pieces on.
 *
 * If there are more peers than fit, up to half of the list are neighbours and the
 * rest is random: with neighbours alone the swarm would split into parts that
 * know nothing of each other. For the same reason each kind of address leaves
 * room for the others.
 *
 * @module
 */
import { IDENTIFIER_LENGTH, identifierToBytes } from "../../base/identifier.ts";
import {
  addressScope,
  IPV4_LENGTH,
  isLinkLocalIpv6,
  parseIpAddress,
} from "../../base/ip_address.ts";
import { type Random, randomBelow } from "../../base/random.ts";
import { MAX_NUMWANT } from "../announce_query.ts";
import {
  ENTRY_LENGTHS,
  LOOPBACK,
  type PeerRows,
  UNLISTED,
} from "./peer_rows.ts";
import type { PeerAnnounce, PickedPeers } from "./peer_store.ts";
import type { PeerList, Swarm } from "./swarm.ts";

/** The share of a list that is left to further kinds of addresses. */
const OTHERS_SHARE = 1 / 4;
/** The share of a list that may be neighbours. */
const NEIGHBOUR_SHARE = 1 / 2;
/** Most peers that are taken one after another from a random start. */
const RUN_LENGTH = 5;
/** Slots are marked by their last ten bits: in a longer list one may be passed over for another. */
const MARK_COUNT = 1024;
/** Kinds of addresses that an asker may be given, best first, by the kind of its own. */
const KINDS: readonly (readonly number[])[] = [
  [0, 1],
  [1, 0],
  [2, 0, 3, 1],
  [3, 1, 2, 0],
];
/** Those of an asker elsewhere that is given peers on loopback at the tracker's address. */
const KINDS_WITH_LOOPBACK: typeof KINDS = [[0, 2, 1, 3], [1, 3, 0, 2]];
const NO_BYTES = new Uint8Array(0);
export const NO_PEERS: PickedPeers = {
  ipv4: NO_BYTES,
  ipv6: NO_BYTES,
  ids: undefined,
};

/** Chooses peers, in memory that the next choice uses again. */
export class PeerSelection {
  readonly #rows: PeerRows;
  readonly #random: Random;
  readonly #chosen = new Int32Array(MAX_NUMWANT);
  #chosenCount = 0;
  /** Those of each family in compact form. */
  readonly #entries = ENTRY_LENGTHS.map((length) =>
    new Uint8Array(MAX_NUMWANT * length)
  );
  /** Views of the first of them, by how many they are: to create one takes as long as a draw. */
  readonly #views: Uint8Array[][] = ENTRY_LENGTHS.map(() => [NO_BYTES]);
  /** The number of the draw in which a slot was taken last. */
  readonly #marks = new Uint32Array(MARK_COUNT);
  #drawNumber = 0;
  /** The tracker's address for this asker, if it is given peers on loopback there. */
  #local: Uint8Array | undefined;
  /** The row of the asker, which is not given itself. */
  #ownRow = 0;

  constructor(rows: PeerRows, random: Random) {
    this.#rows = rows;
    this.#random = random;
  }

  /**
   * Other peers of a swarm, for the one of it that announced an endpoint; views,
   * valid until the next choice.
   */
  pick(
    swarm: Swarm,
    asker: number,
    { numwant, wantsIds, localHostname }: PeerAnnounce,
  ): PickedPeers {
    if (numwant === 0 || swarm.peers.size === 1) return NO_PEERS;
    this.#chosenCount = 0;
    this.#ownRow = asker >> 1;
    const local = swarm.hasLoopback && !this.#isLoopback(asker)
      ? localHostname?.()
      : undefined;
    this.#local = local === undefined ? undefined : reachableBytes(local);
    this.#pick(swarm, asker, Math.min(numwant, MAX_NUMWANT));
    const rows: number[] | undefined = wantsIds ? [] : undefined;
    const ipv4 = this.#write(0, rows);
    const ipv6 = this.#write(1, rows);
    return { ipv4, ipv6, ids: rows && this.#ids(rows) };
  }

  #pick(swarm: Swarm, asker: number, count: number): void {
    const askerKind = this.#rows.kinds[asker]! & ~UNLISTED;
    const kinds = (this.#local && KINDS_WITH_LOOPBACK[askerKind]) ??
      KINDS[askerKind]!;
    const seeders = kinds.map((kind) => swarm.list(true, kind));
    const leechers = kinds.map((kind) => swarm.list(false, kind));
    let others = 0;
    for (const list of leechers) others += this.#availableIn(list);
    const seederCount = this.#rows.isSeeder[this.#ownRow] === 1
      ? 0
      : Math.max(Math.ceil(count / 2), count - others);
    const taken = this.#drawAll(seeders, seederCount, asker);
    this.#drawAll(leechers, count - taken, asker);
  }

  /** Takes up to `count` endpoints of all kinds; each leaves room for those that follow. */
  #drawAll(lists: readonly PeerList[], count: number, near: number): number {
    let left = count;
    let ahead = 0;
    for (const { endpoints } of lists) ahead += endpoints.length;
    for (const list of lists) {
      ahead -= list.endpoints.length;
      const kept = Math.min(ahead, Math.floor(left * OTHERS_SHARE));
      left -= this.#draw(list, left - kept, near);
    }
    return count - left;
  }

  /**
   * Takes up to `count` endpoints of a list, none twice.
   * @param near The endpoint whose neighbours are preferred.
   * @returns How many.
   */
  #draw(list: PeerList, count: number, near: number): number {
    if (count === 0 || list.endpoints.length === 0) return 0;
    this.#drawNumber = (this.#drawNumber + 1) >>> 0;
    if (this.#drawNumber === 0) this.#marks.fill(this.#drawNumber++);
    const { length } = list.endpoints;
    const available = this.#availableIn(list);
    if (available <= count) {
      return this.#takeRun(list.endpoints, length, available, 0);
    }
    let left = count;
    const neighbours = list.near(near);
    if (neighbours !== undefined) {
      const { endpoints, next } = neighbours;
      const most = Math.floor(count * NEIGHBOUR_SHARE);
      const taken = this.#takeRun(endpoints, endpoints.length, most, next);
      neighbours.next += taken;
      left -= taken;
    }
    const runCount = 2 * Math.ceil(left / RUN_LENGTH);
    for (let run = 0; run < runCount && left > 0; run++) {
      left -= this.#takeRun(list.endpoints, RUN_LENGTH, left);
    }
    // In place of what the runs met twice.
    left -= this.#takeRun(list.endpoints, length, left);
    return count - left;
  }

  /** Takes up to `most` of `length` endpoints, from a random one on. @returns How many. */
  #takeRun(
    endpoints: readonly number[],
    length: number,
    most: number,
    start: number = randomBelow(endpoints.length, this.#random),
  ): number {
    let taken = 0;
    let index = start % endpoints.length;
    for (let seen = 0; seen < length && taken < most; seen++) {
      if (this.#take(endpoints[index]!)) taken++;
      if (++index === endpoints.length) index = 0;
    }
    return taken;
  }

  /** @returns False if it is the asker's or was taken in this draw before. */
  #take(endpoint: number): boolean {
    const mark = this.#rows.slots[endpoint]! & MARK_COUNT - 1;
    const isTaken = this.#marks[mark] === this.#drawNumber;
    const row = endpoint >> 1;
    if (isTaken || row === this.#ownRow) return false;
    if (this.#local !== undefined && this.#isLoopback(endpoint)) {
      // Given at our address: not if it is on another machine, and once.
      const isGiven = endpoint % 2 === 1 &&
        this.#rows.address(endpoint - 1) !== undefined;
      if (isGiven || this.#rows.trackers.has(row)) return false;
    }
    this.#marks[mark] = this.#drawNumber;
    this.#chosen[this.#chosenCount++] = endpoint;
    return true;
  }

  #availableIn(list: PeerList): number {
    const own = 2 * this.#ownRow;
    const isThere = list.has(own) || list.has(own + 1);
    return isThere ? list.endpoints.length - 1 : list.endpoints.length;
  }

  /**
   * Copies the chosen endpoints byte by byte: nothing is faster for so few.
   * @param rows Receives the peers, if their ids are wanted.
   */
  #write(family: number, rows: number[] | undefined): Uint8Array {
    const hasNone = family === 1 && this.#rows.ipv6.length === 0 &&
      this.#local === undefined;
    if (hasNone) return NO_BYTES;
    const entryLength = ENTRY_LENGTHS[family]!;
    const from = this.#rows.entries(family);
    const to = this.#entries[family]!;
    let count = 0;
    for (let index = 0; index < this.#chosenCount; index++) {
      const endpoint = this.#chosen[index]!;
      const local = this.#local !== undefined && this.#isLoopback(endpoint)
        ? this.#local
        : undefined;
      const isIpv6 = local ? local.length > IPV4_LENGTH : endpoint % 2 === 1;
      if (isIpv6 !== (family === 1)) continue;
      const end = ++count * entryLength;
      rows?.push(endpoint >> 1);
      if (local !== undefined) {
        // Reached at the tracker's address.
        const port = this.#rows.port(endpoint);
        to.set(local, end - entryLength);
        to[end - 2] = port >>> 8;
        to[end - 1] = port;
        continue;
      }
      let start = (endpoint >> 1) * entryLength;
      for (let offset = end - entryLength; offset < end; offset++) {
        to[offset] = from[start++]!;
      }
    }
    return this.#views[family]![count] ??= to.subarray(0, count * entryLength);
  }

  #isLoopback(endpoint: number): boolean {
    return (this.#rows.kinds[endpoint]! & LOOPBACK) !== 0;
  }

  #ids(rows: readonly number[]): Uint8Array {
    const ids = new Uint8Array(rows.length * IDENTIFIER_LENGTH);
    for (const [index, row] of rows.entries()) {
      const id = identifierToBytes(this.#rows.ids[row]!);
      ids.set(id, index * IDENTIFIER_LENGTH);
    }
    return ids;
  }
}

/** The bytes of an address at which other machines reach this one. */
function reachableBytes(hostname: string): Uint8Array | undefined {
  const scope = addressScope(hostname);
  return scope === "none" || scope === "loopback" || isLinkLocalIpv6(hostname)
    ? undefined
    : parseIpAddress(hostname);
}
