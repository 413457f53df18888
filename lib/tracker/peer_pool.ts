/**
 * A set of peers from which a random few are drawn without walking it: a dense
 * array in which every peer knows its place. Invariant: `pool[peer.place]` is
 * that peer.
 *
 * @module
 */
import { type Random, randomBelow } from "../base/random.ts";

/** What a pool keeps; a peer is in one pool at a time. */
export interface Pooled {
  /** Index in its pool, written by the pool alone. */
  place: number;
}

/** A set with add, delete and a draw of `n` in O(1), O(1) and O(n). */
export class PeerPool<T extends Pooled> {
  readonly #peers: T[] = [];

  get size(): number {
    return this.#peers.length;
  }

  /** Adds a peer that is in no pool. */
  add(peer: T): void {
    peer.place = this.#peers.length;
    this.#peers.push(peer);
  }

  /** Removes a peer of this pool; the last takes its place. */
  delete(peer: T): void {
    this.#put(peer.place, this.#peers.at(-1)!);
    this.#peers.pop();
  }

  /**
   * Up to `count` distinct peers other than `except`, every one equally likely:
   * a Fisher–Yates shuffle of the array's front, stopped early.
   */
  draw(count: number, random: Random, except?: T): T[] {
    const drawn: T[] = [];
    const peers = this.#peers;
    for (let place = 0; place < peers.length && drawn.length < count; place++) {
      const other = place + randomBelow(peers.length - place, random);
      const peer = peers[other]!;
      this.#put(other, peers[place]!);
      this.#put(place, peer);
      if (peer !== except) drawn.push(peer);
    }
    return drawn;
  }

  #put(place: number, peer: T): void {
    this.#peers[place] = peer;
    peer.place = place;
  }
}
