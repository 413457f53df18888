/**
 * All that the page shows of the torrents, read at one moment from the store and
 * the catalogue. On a tracker with many torrents a reading serves for a while:
 * however many people look, ten thousand torrents are gone through once a second.
 *
 * @module
 */
import type { InfoHash } from "../../base/identifier.ts";
import type {
  ListedTorrent,
  TorrentCatalogue,
} from "../../catalogue/torrent_catalogue.ts";
import type {
  PeerStore,
  StoreTotals,
  SwarmSummary,
} from "../store/peer_store.ts";

/** Torrents up to which every reading is fresh. */
const FEW_TORRENTS = 200;

/** How long a reading of more serves, in milliseconds. */
const KEEP_MS = 1_000;

/** A torrent with what its swarm does and what its torrent file says. */
export interface TorrentState {
  readonly infoHash: InfoHash;
  /** Known only of torrents whose files the tracker has. */
  readonly name: string | undefined;
  /** In bytes: as the torrent file says, else as the peers tell. */
  readonly length: number | undefined;
  readonly seeders: number;
  readonly leechers: number;
  /** Peers that announced `completed`. */
  readonly downloads: number;
  /** All leechers together. */
  readonly bytesPerSecond: number;
  /** The torrent file, if the tracker offers it. */
  readonly file: ListedTorrent | undefined;
}

/** The tracker at one moment. */
export interface Reading {
  readonly totals: StoreTotals;
  /** Those with peers, those without, and those that are only listed. */
  readonly torrents: readonly TorrentState[];
}

/** What is read. */
export interface TrackerReaderOptions {
  readonly store: PeerStore;
  /** The torrent files that are offered, if any. */
  readonly catalogue: TorrentCatalogue | undefined;
}

/** Reads a tracker. */
export class TrackerReader {
  readonly #options: TrackerReaderOptions;
  #kept:
    | { readonly reading: Promise<Reading>; readonly atMs: number }
    | undefined;

  constructor(options: TrackerReaderOptions) {
    this.#options = options;
  }

  /** A reading of now, or of a moment ago if there are many torrents. */
  async read(nowMs: number): Promise<Reading> {
    const { store, catalogue } = this.#options;
    if (this.#kept !== undefined && nowMs - this.#kept.atMs < KEEP_MS) {
      return this.#kept.reading;
    }
    const totals = await store.totals();
    const listed = catalogue?.list() ?? [];
    const reading = this.#read(totals, listed);
    if (totals.activeSwarmCount + listed.length > FEW_TORRENTS) {
      const kept = { reading, atMs: nowMs };
      this.#kept = kept;
      // Whoever waits for it hears of the failure; the next one tries again.
      reading.catch(() => {
        if (this.#kept === kept) this.#kept = undefined;
      });
    }
    return await reading;
  }

  async #read(
    totals: StoreTotals,
    listed: readonly ListedTorrent[],
  ): Promise<Reading> {
    const files = new Map<InfoHash, ListedTorrent>();
    for (const file of listed) {
      // Of several files of one torrent the first is shown, as it is found.
      if (!files.has(file.infoHash)) files.set(file.infoHash, file);
    }
    const torrents: TorrentState[] = [];
    for (const swarm of await this.#options.store.swarms()) {
      torrents.push(describe(swarm, files.get(swarm.infoHash)));
      files.delete(swarm.infoHash);
    }
    for (const file of files.values()) torrents.push(describeUnused(file));
    return { totals, torrents };
  }
}

function describe(
  swarm: SwarmSummary,
  file: ListedTorrent | undefined,
): TorrentState {
  return {
    infoHash: swarm.infoHash,
    name: file?.name,
    length: file?.length ?? swarm.contentLength,
    seeders: swarm.complete,
    leechers: swarm.incomplete,
    downloads: swarm.downloaded,
    bytesPerSecond: swarm.bytesPerSecond,
    file,
  };
}

/** A torrent that nobody announced. */
function describeUnused(file: ListedTorrent): TorrentState {
  return {
    infoHash: file.infoHash,
    name: file.name,
    length: file.length,
    seeders: 0,
    leechers: 0,
    downloads: 0,
    bytesPerSecond: 0,
    file,
  };
}
