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
import { COMPACT_PEER_LENGTH } from "../../base/peer_address.ts";
import { type Random, randomBelow } from "../../base/random.ts";
import { MAX_NUMWANT } from "../announce_query.ts";
import type { Endpoint } from "./peer.ts";
import type { PeerList } from "./peer_list.ts";
import type { PeerAnnounce, PickedPeers } from "./peer_store.ts";
import type { Swarm } from "./swarm.ts";

/** The share of a list that is left to further kinds of addresses. */
const OTHERS_SHARE = 1 / 4;

/** The share of a list that may be neighbours. */
const NEIGHBOUR_SHARE = 1 / 2;

/** Most peers that are taken one after another from a random start. */
const RUN_LENGTH = 5;

/** Slots are marked by their last ten bits: in a longer list one may be passed over for another. */
const MARK_COUNT = 1024;

/** Kinds of addresses that an asker may be given, best first, by the kind of its own. */
const KINDS = [[0, 1], [1, 0], [2, 0, 3, 1], [3, 1, 2, 0]] as const;

/** Chooses peers, in memory that the next choice uses again. */
export class PeerSelection {
  readonly #random: Random;
  readonly #ipv4 = new Picked(COMPACT_PEER_LENGTH.ipv4);
  readonly #ipv6 = new Picked(COMPACT_PEER_LENGTH.ipv6);
  /** The number of the draw in which a slot was taken last. */
  readonly #marks = new Uint32Array(MARK_COUNT);
  #drawNumber = 0;
  /** The asker's own slot in the list of the draw; beyond the list if it has none. */
  #ownSlot = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /**
   * Other peers of a swarm, for the one of it that announced an endpoint; views,
   * valid until the next choice.
   */
  pick(
    swarm: Swarm,
    asker: Endpoint,
    { numwant, wantsIds }: Pick<PeerAnnounce, "numwant" | "wantsIds">,
  ): PickedPeers {
    if (numwant === 0 || swarm.peers.size === 1) return noPeers(wantsIds);
    this.#ipv4.begin(wantsIds);
    this.#ipv6.begin(wantsIds);
    this.#pick(swarm, asker, Math.min(numwant, MAX_NUMWANT));
    return {
      ipv4: this.#ipv4.bytes,
      ipv6: this.#ipv6.bytes,
      ids: wantsIds
        ? idsOf([...this.#ipv4.endpoints, ...this.#ipv6.endpoints])
        : undefined,
    };
  }

  #pick(swarm: Swarm, asker: Endpoint, count: number): void {
    const kinds = KINDS[asker.kind]!;
    let seedersAhead = 0;
    let leechersAhead = 0;
    let others = 0;
    for (const kind of kinds) {
      const leechers = swarm.list(false, kind);
      seedersAhead += lengthOf(swarm.list(true, kind));
      leechersAhead += lengthOf(leechers);
      others += availableIn(leechers, asker);
    }
    let seedersLeft = asker.peer.isSeeder ? 0 : Math.min(
      seedersAhead,
      Math.max(Math.ceil(count / 2), count - others),
    );
    let leechersLeft = count - seedersLeft;
    for (const kind of kinds) {
      const seeders = swarm.list(true, kind);
      const leechers = swarm.list(false, kind);
      seedersAhead -= lengthOf(seeders);
      leechersAhead -= lengthOf(leechers);
      const near = kind === asker.kind ? NEIGHBOUR_SHARE : 0;
      const seederCount = share(seedersLeft, seedersAhead);
      seedersLeft -= this.#draw(seeders, seederCount, asker, near);
      const leecherCount = share(leechersLeft, leechersAhead);
      leechersLeft -= this.#draw(leechers, leecherCount, asker, near);
    }
  }

  /** Takes up to `count` endpoints of a list, none twice. @returns How many. */
  #draw(
    list: PeerList | undefined,
    count: number,
    asker: Endpoint,
    nearShare: number,
  ): number {
    if (list === undefined || count === 0) return 0;
    const size = lengthOf(list);
    this.#ownSlot = ownSlotIn(list, asker);
    const available = availableIn(list, asker);
    if (available <= count) {
      this.#picked(list).add(list, 0, this.#ownSlot);
      this.#picked(list).add(list, this.#ownSlot + 1, size);
      return available;
    }
    this.#drawNumber = (this.#drawNumber + 1) >>> 0;
    if (this.#drawNumber === 0) this.#marks.fill(this.#drawNumber++);
    const most = Math.floor(count * nearShare);
    const near = this.#takeNear(list, list.near(asker.subnet), most);
    let left = count - near;
    left -= this.#takeNear(list, list.near(asker.site), most - near);
    const runCount = 2 * Math.ceil(left / RUN_LENGTH);
    for (let run = 0; run < runCount && left > 0; run++) {
      left -= this.#takeRun(list, Math.min(RUN_LENGTH, left), left);
    }
    // In place of what the runs met twice.
    left -= this.#takeRun(list, size, left);
    return count - left;
  }

  #picked(list: PeerList): Picked {
    const isIpv4 = list.entryLength === COMPACT_PEER_LENGTH.ipv4;
    return isIpv4 ? this.#ipv4 : this.#ipv6;
  }

  /** Takes up to `most` of some slots, from a random one on. @returns How many. */
  #takeNear(list: PeerList, slots: readonly number[], most: number): number {
    let taken = 0;
    let place = most > 0 ? randomBelow(slots.length, this.#random) : 0;
    for (let seen = 0; seen < slots.length && taken < most; seen++) {
      if (this.#take(list, slots[place]!)) taken++;
      if (++place === slots.length) place = 0;
    }
    return taken;
  }

  /** Takes up to `most` of `length` slots, from a random one on. @returns How many. */
  #takeRun(list: PeerList, length: number, most: number): number {
    const size = lengthOf(list);
    let taken = 0;
    let slot = randomBelow(size, this.#random);
    for (let seen = 0; seen < length && taken < most; seen++) {
      if (this.#take(list, slot)) taken++;
      if (++slot === size) slot = 0;
    }
    return taken;
  }

  /** @returns False if it is the asker's slot or was taken in this draw before. */
  #take(list: PeerList, slot: number): boolean {
    const mark = slot & MARK_COUNT - 1;
    if (slot === this.#ownSlot || this.#marks[mark] === this.#drawNumber) {
      return false;
    }
    this.#marks[mark] = this.#drawNumber;
    this.#picked(list).add(list, slot, slot + 1);
    return true;
  }
}

/** The endpoints of one family in a reply. */
class Picked {
  /** Kept if ids are wanted: to read them costs a look into memory each. */
  readonly endpoints: Endpoint[] = [];
  readonly #entryLength: number;
  readonly #bytes: Uint8Array;
  /** Views of the first entries, by how many they are: one takes as long as a draw. */
  readonly #views: Uint8Array[] = new Array(MAX_NUMWANT + 1).fill(undefined);
  #length = 0;
  #keepsEndpoints = false;

  constructor(entryLength: number) {
    this.#entryLength = entryLength;
    this.#bytes = new Uint8Array(MAX_NUMWANT * entryLength);
  }

  /** The addresses as replies contain them; a view. */
  get bytes(): Uint8Array {
    const count = this.#length / this.#entryLength;
    return this.#views[count] ??= this.#bytes.subarray(0, this.#length);
  }

  begin(keepsEndpoints: boolean): void {
    this.#length = 0;
    this.endpoints.length = 0;
    this.#keepsEndpoints = keepsEndpoints;
  }

  /** Adds the endpoints in some slots, byte by byte: nothing is faster for so few. */
  add(list: PeerList, from: number, to: number): void {
    const { bytes } = list;
    const end = to * this.#entryLength;
    for (let offset = from * this.#entryLength; offset < end; offset++) {
      this.#bytes[this.#length++] = bytes[offset]!;
    }
    if (!this.#keepsEndpoints) return;
    this.endpoints.push(...list.endpoints.slice(from, to));
  }
}

function idsOf(endpoints: readonly Endpoint[]): Uint8Array {
  const ids = new Uint8Array(endpoints.length * IDENTIFIER_LENGTH);
  for (const [index, { peer }] of endpoints.entries()) {
    ids.set(identifierToBytes(peer.id), index * IDENTIFIER_LENGTH);
  }
  return ids;
}

const NO_BYTES = new Uint8Array(0);

/** A list of no peers. */
export function noPeers(wantsIds: boolean): PickedPeers {
  const ids = wantsIds ? NO_BYTES : undefined;
  return { ipv4: NO_BYTES, ipv6: NO_BYTES, ids };
}

function lengthOf(list: PeerList | undefined): number {
  return list === undefined ? 0 : list.endpoints.length;
}

/** The slot of the asker in a list, the list's length if it is not there. */
function ownSlotIn(list: PeerList, { peer: { ipv4, ipv6 } }: Endpoint): number {
  if (ipv4?.list === list) return ipv4.slot;
  return ipv6?.list === list ? ipv6.slot : list.endpoints.length;
}

/** Number of endpoints of a list that are not the asker's. */
function availableIn(list: PeerList | undefined, asker: Endpoint): number {
  if (list === undefined) return 0;
  const { ipv4, ipv6 } = asker.peer;
  const isThere = ipv4?.list === list || ipv6?.list === list;
  return isThere ? list.endpoints.length - 1 : list.endpoints.length;
}

/** Share of `left` peers that one kind of address may fill if `ahead` peers of other kinds follow. */
function share(left: number, ahead: number): number {
  return left - Math.min(ahead, Math.floor(left * OTHERS_SHARE));
}
