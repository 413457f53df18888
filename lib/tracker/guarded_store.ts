/**
 * A store that takes only so many announces of each address, and tells of each
 * what became of it, whatever protocol it came by: a wrapper around the one that
 * keeps the peers.
 *
 * @module
 */
import { type Awaitable, whenThere } from "../base/awaitable.ts";
import type { InfoHash } from "../base/identifier.ts";
import type { ScrapeEntry } from "./announce.ts";
import type { AnnounceRate } from "./announce_rate.ts";
import type {
  AnnounceOutcome,
  PeerAnnounce,
  PeerDetails,
  PeerStore,
  StoreTotals,
  SwarmSummary,
} from "./peer_store.ts";

/** An announce and what became of it. Its peers are views: to be read at once. */
export interface AnnounceEntry {
  /** What was announced. */
  readonly announce: PeerAnnounce;
  /** What was answered. */
  readonly outcome: AnnounceOutcome;
}

/** What a {@linkcode GuardedStore} is given. */
export interface GuardedStoreOptions {
  readonly rate: AnnounceRate;
  /** Hears of every announce that could be read. @default nobody */
  readonly onAnnounce?: ((entry: AnnounceEntry) => void) | undefined;
}

/** A {@linkcode PeerStore} with a limit for each address. */
export class GuardedStore implements PeerStore {
  readonly #store: PeerStore;
  readonly #rate: AnnounceRate;
  readonly #onAnnounce: GuardedStoreOptions["onAnnounce"];

  constructor(store: PeerStore, { rate, onAnnounce }: GuardedStoreOptions) {
    this.#store = store;
    this.#rate = rate;
    this.#onAnnounce = onAnnounce;
  }

  announce(announce: PeerAnnounce, nowMs: number): Awaitable<AnnounceOutcome> {
    const outcome = this.#take(announce, nowMs);
    return this.#onAnnounce === undefined
      ? outcome
      : whenThere(outcome, (outcome) => {
        this.#onAnnounce?.({ announce, outcome });
        return outcome;
      });
  }

  scrape(infoHashes: readonly InfoHash[]): Awaitable<ScrapeEntry[]> {
    return this.#store.scrape(infoHashes);
  }

  swarms(): Awaitable<Iterable<SwarmSummary>> {
    return this.#store.swarms();
  }

  totals(): Awaitable<StoreTotals> {
    return this.#store.totals();
  }

  peers(infoHash: InfoHash, limit: number): Awaitable<PeerDetails[]> {
    return this.#store.peers(infoHash, limit);
  }

  expire(nowMs: number): boolean {
    return this.#store.expire(nowMs);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#store[Symbol.asyncDispose]();
  }

  #take(announce: PeerAnnounce, nowMs: number): Awaitable<AnnounceOutcome> {
    const retryInMs = this.#rate.take(announce.address.hostname, nowMs);
    if (retryInMs === 0) return this.#store.announce(announce, nowMs);
    return {
      type: "refused",
      reason: "too many announces from your address",
      retryInMs,
    };
  }
}
