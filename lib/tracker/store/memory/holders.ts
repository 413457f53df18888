/**
 * Who holds how many peers: the addresses that announced them, each with its
 * peers in the order in which they were last heard of. So an address with more
 * than its share loses the peer that was silent for longest, and a tracker that
 * is full takes one from whoever holds the most, however many there are.
 *
 * @module
 */
import { halfSipHash, type HalfSipKey } from "../half_sip_hash.ts";
import { PEER, type PeerRecords } from "./peer_records.ts";
import { INDEX_WORD_COUNT, RecordIndex } from "./record_index.ts";
import { RecordRing, RING_WORD_COUNT } from "./record_ring.ts";
import { NONE, RecordTable } from "./record_table.ts";

const HOLDER = {
  /** Four words. */
  address: 0,
  peerCount: 4,
  /** The peer that was silent for longest, first of the ring. */
  oldestPeer: 5,
  index: 6,
  /** Holders of as many peers. */
  ring: 6 + INDEX_WORD_COUNT,
} as const;

const HOLDER_WORD_COUNT = HOLDER.ring + RING_WORD_COUNT;

/** All addresses that have peers. */
export class Holders {
  readonly #peers: PeerRecords;
  readonly #hashKey: HalfSipKey;
  readonly #holders = new RecordTable(HOLDER_WORD_COUNT);
  readonly #index = new RecordIndex(this.#holders, HOLDER.index);
  readonly #sameCount = new RecordRing(this.#holders, HOLDER.ring);
  readonly #peersOf: RecordRing;
  /** A holder of each number of peers that somebody holds. */
  readonly #byCount = new Map<number, number>();
  #largestCount = 0;
  readonly #address = new Int32Array(4);

  constructor(peers: PeerRecords, hashKey: HalfSipKey) {
    this.#peers = peers;
    this.#hashKey = hashKey;
    this.#peersOf = new RecordRing(peers, PEER.holderRing);
  }

  /** How many peers an address of four words has. */
  peerCount(address: Int32Array): number {
    const holder = this.#find(address, halfSipHash(address, this.#hashKey));
    return holder === NONE ? 0 : this.#holders.word(holder, HOLDER.peerCount);
  }

  /** The peer of an address that was silent for longest; it has one. */
  oldestPeer(address: Int32Array): number {
    const holder = this.#find(address, halfSipHash(address, this.#hashKey));
    return this.#holders.word(holder, HOLDER.oldestPeer);
  }

  /**
   * The peers of whoever has the most, those first that were silent for longest.
   * To be left as soon as one of them is removed.
   */
  *peersOfBiggest(): Generator<number> {
    const biggest = this.#byCount.get(this.#largestCount);
    if (biggest === undefined) return;
    const oldest = this.#holders.word(biggest, HOLDER.oldestPeer);
    let peer = oldest;
    do {
      yield peer;
      peer = this.#peersOf.next(peer);
    } while (peer !== oldest);
  }

  /** Adds a peer by its primary address, as the one heard of last. */
  add(peer: number): void {
    const address = this.#address;
    this.#peers.primaryAddress(peer, address);
    const hash = halfSipHash(address, this.#hashKey);
    let holder = this.#find(address, hash);
    if (holder === NONE) {
      holder = this.#holders.allocate();
      for (let index = 0; index < address.length; index++) {
        this.#holders.setWord(holder, HOLDER.address + index, address[index]!);
      }
      this.#index.add(holder, hash);
    }
    this.#peers.setWord(peer, PEER.holder, holder);
    const oldest = this.#holders.word(holder, HOLDER.oldestPeer);
    this.#setOldest(holder, this.#peersOf.append(peer, oldest));
    this.#setCount(holder, this.#holders.word(holder, HOLDER.peerCount) + 1);
  }

  /** The peer was heard of. */
  touch(peer: number): void {
    const holder = this.#peers.word(peer, PEER.holder);
    const oldest = this.#holders.word(holder, HOLDER.oldestPeer);
    if (peer === oldest) {
      // The ring turns.
      this.#setOldest(holder, this.#peersOf.next(peer));
    } else {
      this.#peersOf.remove(peer, oldest);
      this.#peersOf.append(peer, oldest);
    }
  }

  /** Removes a peer that was added. */
  remove(peer: number): void {
    const holder = this.#peers.word(peer, PEER.holder);
    const oldest = this.#holders.word(holder, HOLDER.oldestPeer);
    this.#setOldest(holder, this.#peersOf.remove(peer, oldest));
    const count = this.#holders.word(holder, HOLDER.peerCount) - 1;
    this.#setCount(holder, count);
    if (count > 0) return;
    this.#index.delete(holder);
    this.#holders.free(holder);
  }

  #find(address: Int32Array, hash: number): number {
    let holder = this.#index.first(hash);
    while (holder !== NONE && !this.#hasAddress(holder, address)) {
      holder = this.#index.next(holder);
    }
    return holder;
  }

  #hasAddress(holder: number, address: Int32Array): boolean {
    for (let index = 0; index < address.length; index++) {
      const word = this.#holders.word(holder, HOLDER.address + index);
      if (word !== address[index]) return false;
    }
    return true;
  }

  #setOldest(holder: number, peer: number): void {
    this.#holders.setWord(holder, HOLDER.oldestPeer, peer);
  }

  /** The holder goes from those of its old count to those of the new one; 0 is no ring. */
  #setCount(holder: number, count: number): void {
    const before = this.#holders.word(holder, HOLDER.peerCount);
    if (before > 0) {
      const first = this.#byCount.get(before)!;
      this.#keepFirst(before, this.#sameCount.remove(holder, first));
    }
    this.#holders.setWord(holder, HOLDER.peerCount, count);
    if (count > 0) {
      const first = this.#byCount.get(count) ?? NONE;
      this.#keepFirst(count, this.#sameCount.append(holder, first));
    }
    if (count > this.#largestCount) this.#largestCount = count;
    // Counts change by one, so the holder that leaves the top stands next to it.
    else if (!this.#byCount.has(this.#largestCount)) this.#largestCount = count;
  }

  #keepFirst(count: number, first: number): void {
    if (first === NONE) this.#byCount.delete(count);
    else if (this.#byCount.get(count) !== first) {
      this.#byCount.set(count, first);
    }
  }
}
