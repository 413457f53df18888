/**
 * What a tracker tells people about itself: its totals and its torrents, the
 * same for the page and for scripts. A tracker knows torrents by info hash
 * alone; their names never reach it.
 *
 * @module
 */
import type { InfoHash } from "../base/identifier.ts";
import type { PeerStore } from "./peer_store.ts";

/** One torrent of a tracker. */
export interface TorrentStats {
  /** All that a tracker knows of what it is. */
  readonly infoHash: InfoHash;
  /** Peers that have everything. */
  readonly seeders: number;
  /** Peers that lack something. */
  readonly leechers: number;
  /** Peers that announced `completed`. */
  readonly downloads: number;
}

/** A tracker at one moment, as `/stats.json` gives it. */
export interface TrackerStats {
  /** Time since the tracker started. */
  readonly uptimeSeconds: number;
  /** Torrents with at least one peer. */
  readonly activeTorrents: number;
  /** Seeders and leechers of all torrents; one that shares two counts twice. */
  readonly peers: number;
  /** Of all torrents. */
  readonly seeders: number;
  /** Of all torrents, too. */
  readonly leechers: number;
  /** Downloads completed since the tracker started. */
  readonly downloads: number;
  /** The active ones, then those whose peers are all gone. */
  readonly torrents: readonly TorrentStats[];
}

/** Reads a store. */
export async function trackerStats(
  store: PeerStore,
  uptimeSeconds: number,
): Promise<TrackerStats> {
  const totals = await store.totals();
  return {
    uptimeSeconds,
    activeTorrents: totals.activeSwarmCount,
    peers: totals.seederCount + totals.leecherCount,
    seeders: totals.seederCount,
    leechers: totals.leecherCount,
    downloads: totals.downloadCount,
    torrents: Array.from(await store.swarms(), (swarm) => ({
      infoHash: swarm.infoHash,
      seeders: swarm.complete,
      leechers: swarm.incomplete,
      downloads: swarm.downloaded,
    })),
  };
}
