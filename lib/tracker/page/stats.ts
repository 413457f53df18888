/**
 * What a tracker tells scripts about itself, as JSON: its totals and its
 * torrents, or one torrent with its hosts. The page shows the same.
 *
 * @module
 */
import type { InfoHash, PeerId } from "../../base/identifier.ts";
import { formatPeerAddress } from "../../base/peer_address.ts";
import type { Host, HostState } from "./host.ts";
import type { Reading, TorrentState } from "./tracker_snapshot.ts";
import { torrentPath } from "../../catalogue/torrent_links.ts";

/** One torrent of a tracker. */
export interface TorrentStats {
  /** All that a tracker knows of what it is, if it has no torrent file of it. */
  readonly infoHash: InfoHash;
  /** What the torrent file calls it, if the tracker offers that. */
  readonly name?: string;
  /** Size of the content, in bytes, if it is known. */
  readonly length?: number;
  /** Path of the torrent file on this tracker, if it offers that. */
  readonly torrentFile?: string;
  /** Peers that have everything. */
  readonly seeders: number;
  /** Peers that lack something. */
  readonly leechers: number;
  /** Peers that announced `completed`. */
  readonly downloads: number;
  /** How fast all of its peers together receive. */
  readonly bytesPerSecond: number;
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
  /** How fast all peers together receive. */
  readonly bytesPerSecond: number;
  /** The active ones, then those whose peers are all gone, then those that are only listed. */
  readonly torrents: readonly TorrentStats[];
}

/** One host of a torrent. */
export interface HostStats {
  /** What it calls itself. */
  readonly peerId: PeerId;
  /** `192.0.2.1:6881`, `[2001:db8::1]:6881`: one of each family at most. */
  readonly addresses: readonly string[];
  /** As its peer id tells. */
  readonly client: string;
  /** How it gets on. */
  readonly state: HostState;
  /** From 0 to 1, if the size is known. */
  readonly fraction?: number;
  /** How fast it receives. */
  readonly bytesPerSecond: number;
  /** Until it has everything, if it is fetching. */
  readonly secondsLeft?: number;
  /** Since it announced last. */
  readonly secondsSinceAnnounce: number;
}

/** A torrent with its hosts, as `/stats.json?torrent=HEX` gives it. */
export interface TorrentHostStats extends TorrentStats {
  /** Speeds of the last minutes, oldest first, 5 seconds apart; empty if it was idle. */
  readonly speeds: readonly number[];
  /** At most 2,000 of them. */
  readonly hosts: readonly HostStats[];
}

/** Torrents in one slice of {@linkcode statsSlices}: about a millisecond of work. */
export const SLICE_LENGTH = 500;

/** All but the torrents. */
export function totalStats(
  { totals }: Reading,
  uptimeSeconds: number,
): Omit<TrackerStats, "torrents"> {
  return {
    uptimeSeconds,
    activeTorrents: totals.activeSwarmCount,
    peers: totals.seederCount + totals.leecherCount,
    seeders: totals.seederCount,
    leechers: totals.leecherCount,
    downloads: totals.downloadCount,
    bytesPerSecond: Math.round(totals.bytesPerSecond),
  };
}

/** One torrent. */
export function torrentStats(torrent: TorrentState): TorrentStats {
  const { infoHash, name, length, file } = torrent;
  return {
    infoHash,
    ...(name !== undefined && { name }),
    ...(length !== undefined && { length }),
    ...(file !== undefined && { torrentFile: torrentPath(file.fileName) }),
    seeders: torrent.seeders,
    leechers: torrent.leechers,
    downloads: torrent.downloads,
    bytesPerSecond: Math.round(torrent.bytesPerSecond),
  };
}

/** One torrent with its hosts. */
export function torrentHostStats(
  torrent: TorrentState,
  hosts: readonly Host[],
  speeds: readonly number[],
): TorrentHostStats {
  return {
    ...torrentStats(torrent),
    speeds: speeds.map(Math.round),
    hosts: hosts.map(hostStats),
  };
}

/** {@linkcode TrackerStats} as JSON, in slices that together are one document. */
export function* statsSlices(
  reading: Reading,
  uptimeSeconds: number,
): Generator<string, void> {
  const { torrents } = reading;
  const head = JSON.stringify(totalStats(reading, uptimeSeconds));
  let slice = `${head.slice(0, -1)},"torrents":[`;
  for (let start = 0; start < torrents.length; start += SLICE_LENGTH) {
    const stats = torrents.slice(start, start + SLICE_LENGTH)
      .map((torrent) => JSON.stringify(torrentStats(torrent)));
    slice += (start === 0 ? "" : ",") + stats.join(",");
    if (start + SLICE_LENGTH < torrents.length) {
      yield slice;
      slice = "";
    }
  }
  yield `${slice}]}\n`;
}

function hostStats(host: Host): HostStats {
  const { fraction, secondsLeft } = host;
  return {
    peerId: host.peerId,
    addresses: host.addresses.map(formatPeerAddress),
    client: host.client,
    state: host.state,
    ...(fraction !== undefined &&
      { fraction: Math.floor(fraction * 1e4) / 1e4 }),
    bytesPerSecond: Math.round(host.bytesPerSecond),
    ...(secondsLeft !== undefined && { secondsLeft: Math.ceil(secondsLeft) }),
    secondsSinceAnnounce: Math.floor(host.secondsSilent),
  };
}
