/**
 * Whom to dial, and when. An address is idle, being dialed or connected; one
 * that failed is left alone for longer each time. Bounded, so that no tracker
 * can fill our memory. What peers name is hearsay: it comes after what trackers
 * name, takes no room from it, and is dialed a few times a second at most, so that
 * nobody can aim us at others. Pure: the dialing itself is the session's.
 *
 * @module
 */
import { formatPeerAddress, type PeerAddress } from "../base/peer_address.ts";
import { type Random, randomBelow } from "../base/random.ts";

const MAX_ADDRESSES = 2000;
/** Most addresses taken of one reply: trackers send 200 at most. */
const MAX_ADDED = 500;
/** Most addresses known by hearsay alone. */
const MAX_HEARSAY = 500;
/** One address by hearsay is dialed in so many milliseconds, on average. */
const HEARSAY_INTERVAL_MS = 250;
/** So many may be dialed at once, after a while without. */
const HEARSAY_BURST = 16;
/** An address by hearsay where nobody answered so often is forgotten. */
const MAX_HEARSAY_FAILURES = 2;
/** Pause after the first failure, doubled each time, in milliseconds. */
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 120_000;

interface Entry {
  readonly address: PeerAddress;
  /** Whether peers alone have named it. */
  isHearsay: boolean;
  isInUse: boolean;
  failureCount: number;
  /** Not to be dialed before, in milliseconds. */
  notBefore: number;
}

/** Options for {@linkcode AddressBook.add}. */
export interface AddAddressesOptions {
  /** Whether a peer named them, not a tracker. @default {false} */
  readonly isHearsay?: boolean;
}

/** The addresses that trackers and peers named for one torrent. */
export class AddressBook {
  readonly #entries = new Map<string, Entry>();
  readonly #random: Random;
  #hearsayCount = 0;
  /** When all that was dialed by hearsay would have been, had it been dialed evenly. */
  #hearsayPaidUntil = -Infinity;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Number of addresses known. */
  get size(): number {
    return this.#entries.size;
  }

  /** Notes addresses; those that are known stay as they are, but for hearsay that a tracker confirms. */
  add(
    addresses: Iterable<PeerAddress>,
    options: AddAddressesOptions = {},
  ): void {
    const { isHearsay = false } = options;
    let addedCount = 0;
    for (const address of addresses) {
      if (++addedCount > MAX_ADDED) return;
      const key = formatPeerAddress(address);
      const known = this.#entries.get(key);
      if (known !== undefined) {
        if (!isHearsay) this.#confirm(known);
        continue;
      }
      if (!this.#makeRoom(isHearsay)) return;
      if (isHearsay) this.#hearsayCount++;
      this.#entries.set(key, {
        address,
        isHearsay,
        isInUse: false,
        failureCount: 0,
        notBefore: 0,
      });
    }
  }

  /** A random address that may be dialed now; it is in use until {@linkcode failed}, {@linkcode release} or {@linkcode postpone}. */
  take(now: number): PeerAddress | undefined {
    const ready = [...this.#entries.values()].filter((entry) =>
      !entry.isInUse && entry.notBefore <= now
    );
    const named = ready.filter((entry) => !entry.isHearsay);
    const choice = named.length > 0 ? named : ready;
    const entry = choice[randomBelow(choice.length, this.#random)];
    if (entry === undefined) return undefined;
    if (entry.isHearsay && !this.#payForHearsay(now)) return undefined;
    entry.isInUse = true;
    return entry.address;
  }

  /** It was not dialed after all: not for `pauseMs`. */
  postpone(address: PeerAddress, now: number, pauseMs: number): void {
    const entry = this.#find(address);
    if (entry === undefined) return;
    if (entry.isHearsay) this.#hearsayPaidUntil -= HEARSAY_INTERVAL_MS;
    this.#rest(entry, now, pauseMs);
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
    if (entry.isHearsay && entry.failureCount >= MAX_HEARSAY_FAILURES) {
      this.#forget(formatPeerAddress(address));
    } else {
      this.#rest(entry, now, pauseMs);
    }
  }

  /** The connection is over; it may be dialed again after `pauseMs`. */
  release(address: PeerAddress, now: number, pauseMs: number): void {
    const entry = this.#find(address);
    if (entry === undefined) return;
    entry.failureCount = 0;
    this.#rest(entry, now, pauseMs);
  }

  /** Forgets who is not in use, but for those that rest for ever: they would be dialed when named again. */
  forgetUnused(): void {
    for (const [key, entry] of this.#entries) {
      if (!entry.isInUse && entry.notBefore < Infinity) this.#forget(key);
    }
  }

  #find(address: PeerAddress): Entry | undefined {
    return this.#entries.get(formatPeerAddress(address));
  }

  /** Whether one more call by hearsay keeps to the rate; if so it is counted. */
  #payForHearsay(now: number): boolean {
    const lead = this.#hearsayPaidUntil - now;
    if (lead > (HEARSAY_BURST - 1) * HEARSAY_INTERVAL_MS) return false;
    this.#hearsayPaidUntil = now + Math.max(lead, 0) + HEARSAY_INTERVAL_MS;
    return true;
  }

  /** A tracker named an address that peers had named. */
  #confirm(entry: Entry): void {
    if (entry.isHearsay) this.#hearsayCount--;
    entry.isHearsay = false;
  }

  #forget(key: string): void {
    if (this.#entries.get(key)?.isHearsay) this.#hearsayCount--;
    this.#entries.delete(key);
  }

  /** Whether one more address may be noted; hearsay drives nobody out. */
  #makeRoom(isHearsay: boolean): boolean {
    const isFull = this.#entries.size >= MAX_ADDRESSES;
    if (isHearsay) return !isFull && this.#hearsayCount < MAX_HEARSAY;
    return !isFull || this.#dropOne();
  }

  #rest(entry: Entry, now: number, pauseMs: number): void {
    entry.isInUse = false;
    // Spread, so that a whole swarm does not dial in step.
    entry.notBefore = now + pauseMs * (0.75 + this.#random() / 2);
  }

  /**
   * Makes room by forgetting the address that failed most, hearsay first; false if there is none
   * to forget. One that rests for ever is kept: it would be dialed when named again.
   */
  #dropOne(): boolean {
    let worst: string | undefined;
    let worstCount = -1;
    for (const [key, entry] of this.#entries) {
      if (entry.isInUse || entry.notBefore === Infinity) continue;
      const count = entry.isHearsay ? Infinity : entry.failureCount;
      if (count <= worstCount) continue;
      worst = key;
      worstCount = count;
    }
    if (worst === undefined) return false;
    this.#forget(worst);
    return true;
  }
}
