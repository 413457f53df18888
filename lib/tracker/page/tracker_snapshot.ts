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
import { describeHost, type Host } from "./host.ts";
import type { Html } from "./html.ts";
import type { SpeedHistory } from "./speed_history.ts";
import type { MainPart } from "./table.ts";
import type { PageView } from "./view.ts";

/** Hosts of one torrent that are read at most; of larger swarms any of them. */
export const MAX_HOSTS_READ = 2_000;

/** Torrents up to which a snapshot is cheap enough for every request. */
const FEW_TORRENTS = 200;

/** Time that a shared snapshot serves, in milliseconds: less than between two samples. */
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

export interface TrackerSnapshot {
  /** Another number for each snapshot of a running tracker. */
  readonly version: number;
  readonly totals: StoreTotals;
  /** Torrents with peers, those without, and those that are only listed. */
  readonly torrents: readonly TorrentState[];
}

export class SnapshotReader {
  readonly #store: PeerStore;
  readonly #catalogue: TorrentCatalogue | undefined;
  #version = 0;
  #kept: TrackerSnapshot | undefined;
  #keptSinceMs = -Infinity;

  constructor(store: PeerStore, catalogue?: TorrentCatalogue) {
    this.#store = store;
    this.#catalogue = catalogue;
  }

  /** A snapshot of now, or the last one for a second if it may be shared or is large. */
  read(wanted: "fresh" | "shared", nowMs: number): TrackerSnapshot {
    const kept = nowMs - this.#keptSinceMs < KEEP_MS ? this.#kept : undefined;
    const isKept = (torrentCount: number): boolean =>
      wanted === "shared" || torrentCount > FEW_TORRENTS;
    if (kept !== undefined && isKept(kept.torrents.length)) return kept;
    const snapshot = this.#take();
    if (isKept(snapshot.torrents.length)) {
      this.#kept = snapshot;
      this.#keptSinceMs = nowMs;
    }
    return snapshot;
  }

  #take(): TrackerSnapshot {
    const totals = this.#store.totals();
    const files = new Map<InfoHash, ListedTorrent>();
    for (const file of this.#catalogue?.list() ?? []) {
      // Of several files of one torrent the first is shown.
      if (!files.has(file.infoHash)) files.set(file.infoHash, file);
    }
    const torrents: TorrentState[] = [];
    for (const swarm of this.#store.swarms()) {
      const { infoHash } = swarm;
      torrents.push(stateOf({ infoHash, swarm, file: files.get(infoHash) }));
      files.delete(infoHash);
    }
    for (const [infoHash, file] of files) {
      torrents.push(stateOf({ infoHash, file }));
    }
    this.#version++;
    return { version: this.#version, totals, torrents };
  }
}

export interface PageSources {
  readonly snapshot: TrackerSnapshot;
  readonly store: PeerStore;
  /** The speeds of the last minutes. */
  readonly history: SpeedHistory;
  /** Time without an announce after which a host is `silent`, in milliseconds. */
  readonly silentAfterMs: number;
  /** The command that runs a peer on another machine, for commands to copy. */
  readonly peerCommand: string;
  /** Writes the part above the page of all torrents. @default none */
  readonly intro?: ((origin: string) => Html | undefined) | undefined;
  /** Writes the page in the place of that of all torrents. @default none */
  readonly overview?:
    | ((view: PageView, nowMs: number) => MainPart | undefined)
    | undefined;
  /** The start of the tracker on the clock of its handler, in milliseconds. */
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
  return stateOf({ infoHash });
}

/** Reads the hosts of a torrent, at most {@linkcode MAX_HOSTS_READ}. */
export function readHosts(
  { infoHash, length }: TorrentState,
  sources: PageSources,
): Host[] {
  const context = { ...sources, length };
  return sources.store.peers(infoHash, MAX_HOSTS_READ)
    .map((peer) => describeHost(peer, context));
}

function stateOf({ infoHash, swarm, file }: {
  readonly infoHash: InfoHash;
  readonly swarm?: SwarmSummary;
  readonly file?: ListedTorrent | undefined;
}): TorrentState {
  return {
    infoHash,
    name: file?.name,
    length: file?.length ?? swarm?.contentLength,
    seeders: swarm?.complete ?? 0,
    leechers: swarm?.incomplete ?? 0,
    downloads: swarm?.downloaded ?? 0,
    bytesPerSecond: swarm?.bytesPerSecond ?? 0,
    file,
  };
}
