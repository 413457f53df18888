/**
 * How many peers each address holds in all swarms together, to evict fairly: an
 * address with more than its share loses the peer that was silent for longest,
 * and a full tracker evicts one of whichever address holds most.
 *
 * @module
 */
import type { Holder, Peer } from "./peer.ts";

/** All addresses that hold peers. */
export class Holders {
  readonly #holders = new Map<string, Holder>();
  /** Those of two peers and more, by how many they hold. */
  readonly #byCount = new Map<number, Set<Holder>>();
  #largestCount = 1;

  get(hostname: string): Holder | undefined {
    return this.#holders.get(hostname);
  }

  /** One that holds most peers, if there are any. */
  get largest(): Holder | undefined {
    const largest = this.#byCount.get(this.#largestCount) ?? this.#holders;
    return largest.values().next().value;
  }

  /** Counts a peer for an address, as the one that announced last. */
  hold(peer: Peer, hostname: string): void {
    if (peer.holder?.hostname === hostname) {
      if (peer.holder.newest === peer) return;
      unlink(peer.holder, peer);
      append(peer.holder, peer);
      return;
    }
    this.release(peer);
    let holder = this.#holders.get(hostname);
    if (holder === undefined) {
      holder = { hostname, peerCount: 0, oldest: undefined, newest: undefined };
      this.#holders.set(hostname, holder);
    }
    peer.holder = holder;
    append(holder, peer);
    this.#setCount(holder, holder.peerCount + 1);
  }

  /** Counts a peer for no address any more. */
  release(peer: Peer): void {
    const { holder } = peer;
    if (holder === undefined) return;
    unlink(holder, peer);
    peer.holder = undefined;
    this.#setCount(holder, holder.peerCount - 1);
    if (holder.peerCount === 0) this.#holders.delete(holder.hostname);
  }

  #setCount(holder: Holder, count: number): void {
    const before = this.#byCount.get(holder.peerCount);
    before?.delete(holder);
    if (before?.size === 0) this.#byCount.delete(holder.peerCount);
    holder.peerCount = count;
    if (count > 1) {
      const equals = this.#byCount.get(count);
      if (equals === undefined) this.#byCount.set(count, new Set([holder]));
      else equals.add(holder);
    }
    // Counts change by one, so a holder that leaves the top is right below it.
    if (count > this.#largestCount || !this.#byCount.has(this.#largestCount)) {
      this.#largestCount = Math.max(count, 1);
    }
  }
}

function append(holder: Holder, peer: Peer): void {
  peer.older = holder.newest;
  peer.newer = undefined;
  if (holder.newest === undefined) holder.oldest = peer;
  else holder.newest.newer = peer;
  holder.newest = peer;
}

function unlink(holder: Holder, { older, newer }: Peer): void {
  if (older === undefined) holder.oldest = newer;
  else older.newer = newer;
  if (newer === undefined) holder.newest = older;
  else newer.older = older;
}
