/**
 * A store that takes part in listed torrents only, whatever protocol it is asked
 * by: a wrapper around the one that keeps the peers. Goodbyes pass, as a torrent
 * may be taken off the list while it has peers.
 *
 * @module
 */
import type { Awaitable } from "../base/awaitable.ts";
import type { InfoHash } from "../base/identifier.ts";
import type { TorrentCatalogue } from "../base/torrent_catalogue.ts";
import type { ScrapeEntry } from "./announce.ts";
import type {
  AnnounceOutcome,
  PeerAnnounce,
  PeerDetails,
  PeerStore,
  StoreTotals,
  SwarmSummary,
} from "./peer_store.ts";
import { QueryError } from "./query.ts";

const REASON = "is of no torrent that this tracker lists";

/** A {@linkcode PeerStore} for the torrents of a catalogue. */
export class ListedStore implements PeerStore {
  readonly #store: PeerStore;
  readonly #catalogue: TorrentCatalogue;

  constructor(store: PeerStore, catalogue: TorrentCatalogue) {
    this.#store = store;
    this.#catalogue = catalogue;
  }

  announce(announce: PeerAnnounce, nowMs: number): Awaitable<AnnounceOutcome> {
    const mayPass = announce.event === "stopped" ||
      this.#isListed(announce.infoHash);
    return mayPass
      ? this.#store.announce(announce, nowMs)
      : { type: "refused", reason: `info_hash ${REASON}` };
  }

  /** @throws {QueryError} If none of the torrents is listed. */
  scrape(infoHashes: readonly InfoHash[]): Awaitable<ScrapeEntry[]> {
    const listed = infoHashes.filter((infoHash) => this.#isListed(infoHash));
    if (listed.length === 0 && infoHashes.length > 0) {
      throw new QueryError("info_hash", REASON);
    }
    return this.#store.scrape(listed);
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

  #isListed(infoHash: InfoHash): boolean {
    return this.#catalogue.find(infoHash) !== undefined;
  }
}
