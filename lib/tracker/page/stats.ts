/**
 * Statistics of a tracker as JSON for programs: its totals and torrents, or one
 * torrent with its hosts. The page shows the same.
 *
 * @module
 */
import type { InfoHash, PeerId } from "../../base/identifier.ts";
import { formatPeerAddress } from "../../base/peer_address.ts";
import { torrentPath } from "../../catalogue/torrent_links.ts";
import type { Host, HostState } from "./host.ts";
import { utf8 } from "./html.ts";
import type { TorrentState, TrackerSnapshot } from "./tracker_snapshot.ts";

/** The peers of one torrent, or of all. */
export interface SwarmStats {
  /** Peers that have everything. */
  readonly seeders: number;
  /** Peers that lack something. */
  readonly leechers: number;
  /** Peers that announced `completed`. */
  readonly downloads: number;
  /** Receive rate of all peers together. */
  readonly bytesPerSecond: number;
}

/** One torrent of a tracker. */
export interface TorrentStats extends SwarmStats {
  /** All that is known of a torrent whose file the tracker does not have. */
  readonly infoHash: InfoHash;
  /** From the torrent file, if the tracker offers it. */
  readonly name?: string | undefined;
  /** Size of the content, in bytes, if it is known. */
  readonly length?: number | undefined;
  /** Path of the torrent file on this tracker, if it offers it. */
  readonly torrentFile?: string | undefined;
}

/** A tracker at one moment: `/stats.json`. */
export interface TrackerStats extends SwarmStats {
  /** Time since the tracker started. */
  readonly uptimeSeconds: number;
  /** Torrents with at least one peer. */
  readonly activeTorrents: number;
  /** Seeders and leechers of all torrents; a peer of two torrents counts twice. */
  readonly peers: number;
  /** Torrents with peers, then those without, then those that are only listed. */
  readonly torrents: readonly TorrentStats[];
}

/** One host of a torrent. */
export interface HostStats {
  /** As the peer announced it. */
  readonly peerId: PeerId;
  /** `192.0.2.1:6881`, `[2001:db8::1]:6881`: at most one of each family. */
  readonly addresses: readonly string[];
  /** As its peer id claims. */
  readonly client: string;
  /** Its progress in one word. */
  readonly state: HostState;
  /** From 0 to 1, if the size is known. */
  readonly fraction?: number | undefined;
  /** Its receive rate. */
  readonly bytesPerSecond: number;
  /** Until it has everything, if it is fetching. */
  readonly secondsLeft?: number | undefined;
  /** Since its last announce. */
  readonly secondsSinceAnnounce: number;
}

/** A torrent with its hosts: `/stats.json?torrent=HEX`. */
export interface TorrentHostStats extends TorrentStats {
  /** Speeds of the last minutes, oldest first, 5 seconds apart; empty if it was idle. */
  readonly speeds: readonly number[];
  /** At most 2,000. */
  readonly hosts: readonly HostStats[];
}

/** Torrents that are written at once at most: about a millisecond of work. */
const SLICE_LENGTH = 500;

/** Writes {@linkcode TrackerStats}, with a pause after each slice of torrents. */
export async function renderStats(
  { totals, torrents }: TrackerSnapshot,
  { uptimeSeconds, pause }: {
    readonly uptimeSeconds: number;
    readonly pause: () => Promise<void>;
  },
): Promise<Uint8Array<ArrayBuffer>> {
  const stats: Omit<TrackerStats, "torrents"> = {
    uptimeSeconds,
    activeTorrents: totals.activeSwarmCount,
    peers: totals.seederCount + totals.leecherCount,
    seeders: totals.seederCount,
    leechers: totals.leecherCount,
    downloads: totals.downloadCount,
    bytesPerSecond: Math.round(totals.bytesPerSecond),
  };
  const slices: string[] = [];
  for (let start = 0; start < torrents.length; start += SLICE_LENGTH) {
    const slice = torrents.slice(start, start + SLICE_LENGTH);
    slices.push(
      slice.map((torrent) => JSON.stringify(torrentStats(torrent))).join(","),
    );
    await pause();
  }
  const head = JSON.stringify(stats).slice(0, -1);
  return utf8(`${head},"torrents":[${slices.join(",")}]}\n`);
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

function torrentStats(
  { file, bytesPerSecond, ...torrent }: TorrentState,
): TorrentStats {
  const { infoHash, name, length, seeders, leechers, downloads } = torrent;
  const torrentFile = file && torrentPath(file.fileName);
  return {
    ...{ infoHash, name, length, torrentFile, seeders, leechers, downloads },
    bytesPerSecond: Math.round(bytesPerSecond),
  };
}

function hostStats(
  { addresses, secondsSilent, fraction, secondsLeft, ...host }: Host,
): HostStats {
  return {
    peerId: host.peerId,
    addresses: addresses.map(formatPeerAddress),
    client: host.client,
    state: host.state,
    fraction: fraction && Math.floor(fraction * 1e4) / 1e4,
    bytesPerSecond: Math.round(host.bytesPerSecond),
    secondsLeft: secondsLeft && Math.ceil(secondsLeft),
    secondsSinceAnnounce: Math.floor(secondsSilent),
  };
}
