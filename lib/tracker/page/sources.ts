/**
 * Where a page's content comes from: the tracker at one moment and what is
 * remembered of the minutes before.
 *
 * @module
 */
import type { PeerStore } from "../store/peer_store.ts";
import {
  describeHost,
  describeProgress,
  type Host,
  type HostProgress,
} from "./host.ts";
import type { Reading, TorrentState } from "./tracker_snapshot.ts";
import type { SpeedHistory } from "./speed_history.ts";

/** Most hosts of one torrent that are looked at; of larger swarms these are some. */
export const MAX_HOSTS_READ = 2_000;

/** Ends when whatever else waits for its turn has had it. */
export type Pause = () => Promise<void>;

/** What a page is made of. */
export interface Sources {
  readonly reading: Reading;
  readonly store: PeerStore;
  readonly history: SpeedHistory;
  /** Silence after which something is wrong with a peer, in milliseconds. */
  readonly silentAfterMs: number;
  /** How a peer is run, for commands to copy. */
  readonly peerCommand: string;
  readonly startedAtMs: number;
  readonly nowMs: number;
  /** Lets others have their turn, between two parts of the work. */
  readonly pause: Pause;
}

/** A torrent whose hosts are read. */
type HostsOf = Pick<TorrentState, "infoHash" | "length">;

/** The hosts of a torrent, at most {@linkcode MAX_HOSTS_READ}. */
export async function readHosts(
  torrent: HostsOf,
  sources: Sources,
): Promise<Host[]> {
  const context = { ...sources, length: torrent.length };
  const peers = await sources.store.peers(torrent.infoHash, MAX_HOSTS_READ);
  return peers.map((peer) => describeHost(peer, context));
}

/** How far the same hosts are. */
export async function readProgress(
  torrent: HostsOf,
  sources: Sources,
): Promise<HostProgress[]> {
  const context = { ...sources, length: torrent.length };
  const peers = await sources.store.peers(torrent.infoHash, MAX_HOSTS_READ);
  return peers.map((peer) => describeProgress(peer, context));
}
