/**
 * A store that takes only so many announces of each address, and tells of each
 * what became of it, whatever protocol it came by.
 *
 * @module
 */
import type { AnnounceRate } from "./announce_rate.ts";
import type {
  AnnounceOutcome,
  PeerAnnounce,
  PeerStore,
} from "./store/peer_store.ts";
import { StoreLayer } from "./store_layer.ts";

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
export class GuardedStore extends StoreLayer {
  readonly #rate: AnnounceRate;
  readonly #onAnnounce: GuardedStoreOptions["onAnnounce"];

  constructor(store: PeerStore, { rate, onAnnounce }: GuardedStoreOptions) {
    super(store);
    this.#rate = rate;
    this.#onAnnounce = onAnnounce;
  }

  override announce(announce: PeerAnnounce, nowMs: number): AnnounceOutcome {
    const outcome = this.#take(announce, nowMs);
    this.#onAnnounce?.({ announce, outcome });
    return outcome;
  }

  #take(announce: PeerAnnounce, nowMs: number): AnnounceOutcome {
    const retryInMs = this.#rate.take(announce.address.hostname, nowMs);
    if (retryInMs === 0) return super.announce(announce, nowMs);
    return {
      type: "refused",
      reason: "too many announces from your address",
      retryInMs,
    };
  }
}
