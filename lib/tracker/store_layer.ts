/**
 * A store in front of another one, which keeps the peers. What a layer does not
 * do itself passes through.
 *
 * @module
 */
import type { InfoHash } from "../base/identifier.ts";
import type { ScrapeEntry } from "../announce/announce.ts";
import type {
  AnnounceOutcome,
  PeerAnnounce,
  PeerDetails,
  PeerStore,
  StoreTotals,
  SwarmSummary,
} from "./store/peer_store.ts";

/** A {@linkcode PeerStore} that asks another one. */
export class StoreLayer implements PeerStore {
  readonly #store: PeerStore;

  constructor(store: PeerStore) {
    this.#store = store;
  }

  announce(announce: PeerAnnounce, nowMs: number): AnnounceOutcome {
    return this.#store.announce(announce, nowMs);
  }

  scrape(infoHashes: readonly InfoHash[]): ScrapeEntry[] {
    return this.#store.scrape(infoHashes);
  }

  swarms(): Iterable<SwarmSummary> {
    return this.#store.swarms();
  }

  totals(): StoreTotals {
    return this.#store.totals();
  }

  peers(infoHash: InfoHash, limit: number): PeerDetails[] {
    return this.#store.peers(infoHash, limit);
  }

  expire(nowMs: number): boolean {
    return this.#store.expire(nowMs);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#store[Symbol.asyncDispose]();
  }
}
