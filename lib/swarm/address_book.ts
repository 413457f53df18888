/**
 * Whom to dial, and when. An address is idle, being dialed or connected; one
 * that failed is left alone for longer each time. Bounded, so that no tracker
 * can fill our memory. Pure: the dialing itself is the session's.
 *
 * @module
 */
import { formatPeerAddress, type PeerAddress } from "../base/peer_address.ts";
import { type Random, randomBelow } from "../base/random.ts";

const MAX_ADDRESSES = 2000;
/** Most addresses taken of one reply: trackers send 200 at most. */
const MAX_ADDED = 500;
/** Pause after the first failure, doubled each time, in milliseconds. */
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 120_000;

interface Entry {
  readonly address: PeerAddress;
  isInUse: boolean;
  failureCount: number;
  /** Not to be dialed before, in milliseconds. */
  notBefore: number;
}

/** The addresses that trackers named for one torrent. */
export class AddressBook {
  readonly #entries = new Map<string, Entry>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Number of addresses known. */
  get size(): number {
    return this.#entries.size;
  }

  /** Notes addresses; those that are known stay as they are. */
  add(addresses: Iterable<PeerAddress>): void {
    let addedCount = 0;
    for (const address of addresses) {
      if (++addedCount > MAX_ADDED) return;
      const key = formatPeerAddress(address);
      if (this.#entries.has(key)) continue;
      if (this.#entries.size >= MAX_ADDRESSES && !this.#dropOne()) return;
      this.#entries.set(key, {
        address,
        isInUse: false,
        failureCount: 0,
        notBefore: 0,
      });
    }
  }

  /** A random address that may be dialed now; it is in use until {@linkcode failed} or {@linkcode release}. */
  take(now: number): PeerAddress | undefined {
    const ready = [...this.#entries.values()].filter((entry) =>
      !entry.isInUse && entry.notBefore <= now
    );
    if (ready.length === 0) return undefined;
    const entry = ready[randomBelow(ready.length, this.#random)]!;
    entry.isInUse = true;
    return entry.address;
  }

  /** Nobody answered there: it rests for longer each time. */
  failed(address: PeerAddress, now: number): void {
    const entry = this.#find(address);
    if (entry === undefined) return;
    const pauseMs = Math.min(
      FIRST_PAUSE_MS * 2 ** entry.failureCount,
      LONGEST_PAUSE_MS,
    );
    entry.failureCount++;
    this.#rest(entry, now, pauseMs);
  }

  /** The connection is over; it may be dialed again after `pauseMs`. */
  release(address: PeerAddress, now: number, pauseMs: number): void {
    const entry = this.#find(address);
    if (entry === undefined) return;
    entry.failureCount = 0;
    this.#rest(entry, now, pauseMs);
  }

  #find(address: PeerAddress): Entry | undefined {
    return this.#entries.get(formatPeerAddress(address));
  }

  #rest(entry: Entry, now: number, pauseMs: number): void {
    entry.isInUse = false;
    // Spread, so that a whole swarm does not dial in step.
    entry.notBefore = now + pauseMs * (0.75 + this.#random() / 2);
  }

  /**
   * Makes room by forgetting the address that failed most; false if there is none
   * to forget. One that rests for ever is kept: it would be dialed when named again.
   */
  #dropOne(): boolean {
    let worst: string | undefined;
    let worstCount = -1;
    for (const [key, entry] of this.#entries) {
      if (entry.isInUse || entry.notBefore === Infinity) continue;
      if (entry.failureCount <= worstCount) continue;
      worst = key;
      worstCount = entry.failureCount;
    }
    return worst !== undefined && this.#entries.delete(worst);
  }
}
