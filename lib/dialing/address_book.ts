/**
 * The addresses known for one torrent, and the time from which each may be dialed:
 * it rests for longer after each failure. Bounded, so that no tracker can fill the
 * memory. Addresses announced on the local network come after those that the user or a
 * tracker named, and evict only each other. Addresses that only peer exchange named
 * come last, evict none, and are dialed slowly, so that no peer can aim us at a host.
 *
 * @module
 */
import { formatPeerAddress, type PeerAddress } from "../base/peer_address.ts";
import { type Random, randomBelow } from "../base/random.ts";
import { RateLimiter } from "../base/rate_limiter.ts";

/** The source of an address: `exchange` is BEP 11, `local` BEP 14. */
export type AddressSource = "user" | "tracker" | "exchange" | "local";

/** Those with the least number are dialed first. */
const PRIORITY = { user: 0, tracker: 0, local: 1, exchange: 2 } as const;

const MAX_ADDRESSES = 2000;
/** Addresses taken at once: a tracker's reply holds 200 at most. */
const MAX_LEARNT_AT_ONCE = 500;
/** Addresses that only peer exchange named; their dials, and the failures after which one is forgotten. */
const MAX_EXCHANGED = 500;
const EXCHANGED_DIALS = { perSecond: 4, burst: 16 };
const MAX_EXCHANGED_FAILURES = 2;
/** Addresses announced on the local network: a host there can forge those of others. */
const MAX_LOCAL = 500;
/** Rest after the first failure, doubled with each further one, in milliseconds. */
const FIRST_REST_MS = 2_000;
const MAX_REST_MS = 120_000;

interface Entry {
  readonly address: PeerAddress;
  source: AddressSource;
  /** True while it is dialed or connected. */
  isInUse: boolean;
  failureCount: number;
  /** The time from which it may be dialed; `Infinity`: never again. */
  notBeforeMs: number;
}

/** The addresses of one torrent. All times are milliseconds on one clock. */
export class AddressBook {
  readonly #entries = new Map<string, Entry>();
  readonly #random: Random;
  readonly #exchangedRate = new RateLimiter(EXCHANGED_DIALS);

  constructor(random: Random) {
    this.#random = random;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Adds addresses; a better source confirms those that are known. */
  add(addresses: Iterable<PeerAddress>, source: AddressSource): void {
    let count = 0;
    for (const address of addresses) {
      if (++count > MAX_LEARNT_AT_ONCE) return;
      const key = formatPeerAddress(address);
      const known = this.#entries.get(key);
      if (known !== undefined) {
        if (PRIORITY[source] < PRIORITY[known.source]) known.source = source;
        continue;
      }
      if (!this.#makeRoom(source)) return;
      const fresh = { isInUse: false, failureCount: 0, notBeforeMs: 0 };
      this.#entries.set(key, { address, source, ...fresh });
    }
  }

  /** A random address that may be dialed now; in use until {@linkcode failed}, {@linkcode rest} or {@linkcode postpone}. */
  take(now: number): PeerAddress | undefined {
    const ready = [...this.#entries.values()].filter((entry) =>
      !entry.isInUse && entry.notBeforeMs <= now
    );
    const best = Math.min(...ready.map(({ source }) => PRIORITY[source]));
    const choice = ready.filter(({ source }) => PRIORITY[source] === best);
    const entry = choice[randomBelow(choice.length, this.#random)];
    if (entry === undefined) return undefined;
    const isAllowed = entry.source !== "exchange" ||
      this.#exchangedRate.tryTake(1, now);
    entry.isInUse = isAllowed;
    return isAllowed ? entry.address : undefined;
  }

  /** The address was taken but not dialed: it rests for `restMs`. */
  postpone(address: PeerAddress, now: number, restMs: number): void {
    const entry = this.#entries.get(formatPeerAddress(address));
    if (entry?.source === "exchange") this.#exchangedRate.giveBack(1);
    this.#rest(entry, now, restMs);
  }

  /** No peer answered at the address: it rests, for longer each time. */
  failed(address: PeerAddress, now: number): void {
    const key = formatPeerAddress(address);
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    const restMs = FIRST_REST_MS * 2 ** entry.failureCount++;
    const isHopeless = entry.source === "exchange" &&
      entry.failureCount >= MAX_EXCHANGED_FAILURES;
    if (isHopeless) this.#entries.delete(key);
    else this.#rest(entry, now, Math.min(restMs, MAX_REST_MS));
  }

  /** The connection is over: the address rests for `restMs`. */
  rest(address: PeerAddress, now: number, restMs: number): void {
    const entry = this.#entries.get(formatPeerAddress(address));
    if (entry !== undefined) entry.failureCount = 0;
    this.#rest(entry, now, restMs);
  }

  forgetUnused(): void {
    for (const [key, entry] of this.#entries) {
      if (!isKept(entry)) this.#entries.delete(key);
    }
  }

  #rest(entry: Entry | undefined, now: number, restMs: number): void {
    if (entry === undefined) return;
    entry.isInUse = false;
    // Spread, so that a whole swarm does not dial in step.
    entry.notBeforeMs = now + restMs * (0.75 + this.#random() / 2);
  }

  /** Makes room for one more address of the source; false if it may not be added. */
  #makeRoom(source: AddressSource): boolean {
    const isFull = this.#entries.size >= MAX_ADDRESSES;
    if (PRIORITY[source] === 0) return !isFull || this.#evictOne();
    const { length: count } = this.#entries.values()
      .filter((entry) => entry.source === source).toArray();
    if (source === "exchange") return !isFull && count < MAX_EXCHANGED;
    return !isFull && count < MAX_LOCAL || this.#evictOne(source);
  }

  /** Evicts an address, of the source if one is given: an exchanged one, or else the one that failed most. Returns false if there is none. */
  #evictOne(source?: AddressSource): boolean {
    let worst: [key: string, entry: Entry] | undefined;
    for (const [key, entry] of this.#entries) {
      if (source !== undefined && entry.source !== source) continue;
      const isWorse = worst === undefined || rank(entry) > rank(worst[1]);
      if (!isKept(entry) && isWorse) worst = [key, entry];
    }
    return worst !== undefined && this.#entries.delete(worst[0]);
  }
}

/** One that may never be dialed again is kept, as it may be named again. */
function isKept({ isInUse, notBeforeMs }: Entry): boolean {
  return isInUse || notBeforeMs === Infinity;
}

function rank({ source, failureCount }: Entry): number {
  return source === "exchange" ? Infinity : failureCount;
}
