/**
 * Snapshots of the tracker, each with a version: everything that the page shows
 * of all torrents, read at one moment from the store and the catalogue. All
 * viewers share one snapshot a second, so ten thousand torrents are read once a
 * second whatever the number of viewers. Hosts are read when they are shown.
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
import {
  describeHost,
  describeProgress,
  type Host,
  type HostProgress,
} from "./host.ts";
import type { SpeedHistory } from "./speed_history.ts";

/** Hosts of one torrent that are read at most; of larger swarms any of them. */
export const MAX_HOSTS_READ = 2_000;

/** Torrents up to which a snapshot is cheap enough for every request. */
const FEW_TORRENTS = 200;

/**
 * Time that a shared snapshot serves, in milliseconds: a little less than the
 * time between two samples of the page, so that each sample reads a new one.
 */
const KEEP_MS = 900;

/** A torrent's swarm and what its torrent file says. */
export interface TorrentState {
  readonly infoHash: InfoHash;
  /** Known only if the catalogue has the torrent file. */
  readonly name: string | undefined;
  /** In bytes; from the torrent file, or else from what its peers announce. */
  readonly length: number | undefined;
  readonly seeders: number;
  readonly leechers: number;
  /** Peers that announced `completed`. */
  readonly downloads: number;
  /** Of all leechers together. */
  readonly bytesPerSecond: number;
  /** The torrent file, if the tracker offers it. */
  readonly file: ListedTorrent | undefined;
}

/** The tracker at one moment. */
export interface TrackerSnapshot {
  /** Another number for each snapshot of a running tracker. */
  readonly version: number;
  readonly totals: StoreTotals;
  /** Torrents with peers, those without, and those that are only listed. */
  readonly torrents: readonly TorrentState[];
}

/** What snapshots are read from. */
export interface SnapshotReaderOptions {
  readonly store: PeerStore;
  /** The torrent files that are offered, if any. */
  readonly catalogue: TorrentCatalogue | undefined;
}

interface KeptSnapshot {
  readonly snapshot: Promise<TrackerSnapshot>;
  readonly readAtMs: number;
  readonly isLarge: boolean;
}

/** Reads snapshots of one tracker. */
export class SnapshotReader {
  readonly #options: SnapshotReaderOptions;
  #version = 0;
  #kept: KeptSnapshot | undefined;

  constructor(options: SnapshotReaderOptions) {
    this.#options = options;
  }

  /** A snapshot of now, or the shared one if there are many torrents. */
  async current(nowMs: number): Promise<TrackerSnapshot> {
    return await this.#read(nowMs, "current");
  }

  /** A snapshot of the last second at most, which all who ask for it share. */
  async shared(nowMs: number): Promise<TrackerSnapshot> {
    return await this.#read(nowMs, "shared");
  }

  async #read(
    nowMs: number,
    wanted: "current" | "shared",
  ): Promise<TrackerSnapshot> {
    const { store, catalogue } = this.#options;
    const kept = this.#kept;
    if (
      kept !== undefined && nowMs - kept.readAtMs < KEEP_MS &&
      (kept.isLarge || wanted === "shared")
    ) return kept.snapshot;
    const totals = await store.totals();
    const listed = catalogue?.list() ?? [];
    const isLarge = totals.activeSwarmCount + listed.length > FEW_TORRENTS;
    const snapshot = this.#take(totals, listed);
    if (isLarge || wanted === "shared") {
      const taken = { snapshot, readAtMs: nowMs, isLarge };
      this.#kept = taken;
      // Those who wait for it get the error; the next request reads again.
      snapshot.catch(() => {
        if (this.#kept === taken) this.#kept = undefined;
      });
    }
    return await snapshot;
  }

  async #take(
    totals: StoreTotals,
    listed: readonly ListedTorrent[],
  ): Promise<TrackerSnapshot> {
    const files = new Map<InfoHash, ListedTorrent>();
    for (const file of listed) {
      // Of several files of one torrent the first is shown.
      if (!files.has(file.infoHash)) files.set(file.infoHash, file);
    }
    const torrents: TorrentState[] = [];
    for (const swarm of await this.#options.store.swarms()) {
      torrents.push(stateOf(swarm, files.get(swarm.infoHash)));
      files.delete(swarm.infoHash);
    }
    for (const file of files.values()) {
      torrents.push(stateOf(emptySwarm(file.infoHash), file));
    }
    this.#version++;
    return { version: this.#version, totals, torrents };
  }
}

/** The sources of a view. */
export interface PageSources {
  readonly snapshot: TrackerSnapshot;
  readonly store: PeerStore;
  /** The speeds of the last minutes. */
  readonly history: SpeedHistory;
  /** Time without an announce after which a host is `silent`, in milliseconds. */
  readonly silentAfterMs: number;
  /** The command that runs a peer, for commands to copy. */
  readonly peerCommand: string;
  readonly startedAtMs: number;
  readonly nowMs: number;
}

/** The torrent, if somebody announced it or its file is offered. */
export function findTorrent(
  infoHash: InfoHash,
  { torrents }: TrackerSnapshot,
): TorrentState | undefined {
  return torrents.find((torrent) => torrent.infoHash === infoHash);
}

/** A torrent that nobody has announced and whose file nobody offers. */
export function unknownTorrent(infoHash: InfoHash): TorrentState {
  return stateOf(emptySwarm(infoHash), undefined);
}

/** Reads the hosts of a torrent, at most {@linkcode MAX_HOSTS_READ}. */
export async function readHosts(
  { infoHash, length }: TorrentState,
  sources: PageSources,
): Promise<Host[]> {
  const context = { ...sources, length };
  const peers = await sources.store.peers(infoHash, MAX_HOSTS_READ);
  return peers.map((peer) => describeHost(peer, context));
}

/** Reads the progress of the same hosts. */
export async function readProgress(
  { infoHash, length }: TorrentState,
  sources: PageSources,
): Promise<HostProgress[]> {
  const context = { ...sources, length };
  const peers = await sources.store.peers(infoHash, MAX_HOSTS_READ);
  return peers.map((peer) => describeProgress(peer, context));
}

function stateOf(
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

function emptySwarm(infoHash: InfoHash): SwarmSummary {
  return {
    infoHash,
    complete: 0,
    incomplete: 0,
    downloaded: 0,
    contentLength: undefined,
    bytesPerSecond: 0,
  };
}
