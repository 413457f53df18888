/**
 * Whom an asker is told of. It is not told of itself, nor a seeder of seeders. A
 * leecher gets seeders for at most half of the list while there are leechers for
 * the other half: a swarm whose newcomers only know the seeders has nobody who
 * passes pieces on.
 *
 * Where there are more peers than fit, up to half of them are the asker's
 * neighbours, and the others are from anywhere at random: with neighbours alone
 * the swarm would fall into pieces that know nothing of one another. For the
 * same reason each kind of address leaves room for the others.
 *
 * @module
 */
import { COMPACT_PEER_LENGTH } from "../../../base/peer_address.ts";
import { IDENTIFIER_LENGTH } from "../../../base/identifier.ts";
import type { Random } from "../../../base/random.ts";
import { MAX_NUMWANT } from "../../announce_query.ts";
import type { PickedPeers } from "../peer_store.ts";
import { AskerAddress } from "./asker_address.ts";
import type { AddressWords } from "../address_words.ts";
import { PEER_FLAG, type PeerRecords } from "./peer_records.ts";
import { PickedList } from "./picked_list.ts";
import { PoolDraw } from "./pool_draw.ts";
import {
  isInPool,
  isIpv4Pool,
  type ListedPoolKind,
  POOL,
  type Swarm,
} from "./swarm.ts";

/** What the asker wants. */
export interface SelectionRequest {
  /** The asker's record. */
  readonly asker: number;
  /** Where it asks from. */
  readonly address: AddressWords;
  readonly numwant: number;
  readonly wantsIds: boolean;
}

/** The share of a list that is left to the kinds of addresses after the first. */
const OTHERS_SHARE = 1 / 4;

/** The share of a list that may be neighbours. */
const NEIGHBOUR_SHARE = 1 / 2;

/** Kinds of addresses that an asker may be told of, best first. */
const KINDS: Readonly<
  Record<"ipv4" | "ipv6", Record<"everybody" | "thisMachine", ListedPoolKind[]>>
> = {
  ipv4: {
    everybody: [POOL.ipv4, POOL.ipv6],
    thisMachine: [
      POOL.ipv4OfThisMachine,
      POOL.ipv4,
      POOL.ipv6OfThisMachine,
      POOL.ipv6,
    ],
  },
  ipv6: {
    everybody: [POOL.ipv6, POOL.ipv4],
    thisMachine: [
      POOL.ipv6OfThisMachine,
      POOL.ipv6,
      POOL.ipv4OfThisMachine,
      POOL.ipv4,
    ],
  },
};

/** Chooses peers for one reply at a time. */
export class PeerSelection {
  readonly #peers: PeerRecords;
  readonly #askerAddress = new AskerAddress();
  readonly #ipv4 = new PickedList(MAX_NUMWANT, COMPACT_PEER_LENGTH.ipv4);
  readonly #ipv6 = new PickedList(MAX_NUMWANT, COMPACT_PEER_LENGTH.ipv6);
  readonly #seeders: PoolDraw;
  readonly #leechers: PoolDraw;

  constructor(peers: PeerRecords, random: Random) {
    this.#peers = peers;
    this.#seeders = new PoolDraw(random);
    this.#leechers = new PoolDraw(random);
  }

  /** Peers of the swarm that the asker is in; views, valid until the next ones are chosen. */
  pick(swarm: Swarm, request: SelectionRequest): PickedPeers {
    const { address, wantsIds } = request;
    const count = Math.min(request.numwant, MAX_NUMWANT);
    if (count === 0 || swarm.peerCount === 1) return nobody(wantsIds);
    this.#ipv4.begin(wantsIds);
    this.#ipv6.begin(wantsIds);
    this.#askerAddress.read(address);
    this.#draw(swarm, request.asker, {
      count,
      kinds: KINDS[address.isIpv4 ? "ipv4" : "ipv6"][
        address.reach === "thisMachine" ? "thisMachine" : "everybody"
      ],
    });
    return {
      ipv4: this.#ipv4.bytes,
      ipv6: this.#ipv6.bytes,
      ids: wantsIds ? this.#ids() : undefined,
    };
  }

  #draw(
    swarm: Swarm,
    asker: number,
    { count, kinds }: {
      readonly count: number;
      readonly kinds: readonly ListedPoolKind[];
    },
  ): void {
    let seedersBehind = sizeOf(swarm, true, kinds);
    let leechersBehind = sizeOf(swarm, false, kinds);
    const isSeeder = this.#peers.has(asker, PEER_FLAG.seeder);
    const others = leechersBehind - this.#timesListed(asker, kinds);
    let seedersLeft = isSeeder ? 0 : Math.min(
      seedersBehind,
      Math.max(Math.ceil(count / 2), count - others),
    );
    let leechersLeft = count - seedersLeft;
    for (const kind of kinds) {
      const seeders = swarm.pool(true, kind);
      const leechers = swarm.pool(false, kind);
      seedersBehind -= seeders?.size ?? 0;
      leechersBehind -= leechers?.size ?? 0;
      const list = isIpv4Pool(kind) ? this.#ipv4 : this.#ipv6;
      this.#seeders.begin(seeders, share(seedersLeft, seedersBehind), list);
      this.#leechers.begin(leechers, share(leechersLeft, leechersBehind), list);
      if (!isSeeder && this.#isListed(asker, kind)) {
        this.#leechers.exclude(asker);
      }
      if (kind === kinds[0]) {
        this.#seeders.takeNeighbours(this.#askerAddress, NEIGHBOUR_SHARE);
        this.#leechers.takeNeighbours(this.#askerAddress, NEIGHBOUR_SHARE);
      }
      seedersLeft -= this.#seeders.finish();
      leechersLeft -= this.#leechers.finish();
    }
  }

  #isListed(peer: number, kind: ListedPoolKind): boolean {
    return isInPool(this.#peers, peer, kind);
  }

  /** In how many of these pools a leecher stands. */
  #timesListed(peer: number, kinds: readonly ListedPoolKind[]): number {
    let count = 0;
    for (const kind of kinds) if (this.#isListed(peer, kind)) count++;
    return count;
  }

  #ids(): Uint8Array {
    const members = [...this.#ipv4.members, ...this.#ipv6.members];
    const ids = new Uint8Array(members.length * IDENTIFIER_LENGTH);
    for (const [index, peer] of members.entries()) {
      this.#peers.writeId(peer, ids, index * IDENTIFIER_LENGTH);
    }
    return ids;
  }
}

/** A list of nobody. */
export function nobody(wantsIds: boolean): PickedPeers {
  return {
    ipv4: NO_BYTES,
    ipv6: NO_BYTES,
    ids: wantsIds ? NO_BYTES : undefined,
  };
}

const NO_BYTES = new Uint8Array(0);

function sizeOf(
  swarm: Swarm,
  isSeeder: boolean,
  kinds: readonly ListedPoolKind[],
): number {
  let size = 0;
  for (const kind of kinds) size += swarm.pool(isSeeder, kind)?.size ?? 0;
  return size;
}

/** How many of `left` peers one kind of address may fill if `behind` peers of other kinds follow. */
function share(left: number, behind: number): number {
  return left - Math.min(behind, Math.floor(left * OTHERS_SHARE));
}
