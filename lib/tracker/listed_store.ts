/**
 * A store that takes part in listed torrents only, whatever protocol it is asked
 * by. Goodbyes pass, as a torrent
 * may be taken off the list while it has peers.
 *
 * @module
 */
import type { InfoHash } from "../base/identifier.ts";
import type { TorrentCatalogue } from "../catalogue/torrent_catalogue.ts";
import { QueryError, type ScrapeEntry } from "../announce/announce.ts";
import type {
  AnnounceOutcome,
  PeerAnnounce,
  PeerStore,
} from "./store/peer_store.ts";
import { StoreLayer } from "./store_layer.ts";

const REASON = "is of no torrent that this tracker lists";

/** A {@linkcode PeerStore} for the torrents of a catalogue. */
export class ListedStore extends StoreLayer {
  readonly #catalogue: TorrentCatalogue;

  constructor(store: PeerStore, catalogue: TorrentCatalogue) {
    super(store);
    this.#catalogue = catalogue;
  }

  override announce(
    announce: PeerAnnounce,
    nowMs: number,
  ): AnnounceOutcome {
    const mayPass = announce.event === "stopped" ||
      this.#isListed(announce.infoHash);
    return mayPass
      ? super.announce(announce, nowMs)
      : { type: "refused", reason: `info_hash ${REASON}` };
  }

  /** @throws {QueryError} If none of the torrents is listed. */
  override scrape(infoHashes: readonly InfoHash[]): ScrapeEntry[] {
    const listed = infoHashes.filter((infoHash) => this.#isListed(infoHash));
    if (listed.length === 0 && infoHashes.length > 0) {
      throw new QueryError("info_hash", REASON);
    }
    return super.scrape(listed);
  }

  #isListed(infoHash: InfoHash): boolean {
    return this.#catalogue.find(infoHash) !== undefined;
  }
}
