/**
 * How a torrent stands at one moment, as plain data for whoever shows it.
 *
 * @module
 */
import type { PeerAddress } from "../base/peer_address.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import type { PeerKey } from "../swarm/events.ts";
import type { Swarm } from "../swarm/swarm.ts";

/** One connected peer. Rates in bytes a second. */
export interface PeerSnapshot {
  /** The remote end of the connection. */
  readonly address: PeerAddress;
  /** Whether we dialed it. */
  readonly isOutgoing: boolean;
  /** Its name and version, if it tells. */
  readonly client: string | undefined;
  /** Whether it has every piece. */
  readonly isSeeder: boolean;
  /** Pieces it has. */
  readonly pieceCount: number;
  /** What we receive from it, over the last seconds. */
  readonly downloadBytesPerSecond: number;
  /** What we send it, over the last seconds. */
  readonly uploadBytesPerSecond: number;
  /** Whether we send it nothing for now. */
  readonly weChoke: boolean;
  /** Whether it has pieces that we want. */
  readonly weAreInterested: boolean;
  /** Whether it sends us nothing for now. */
  readonly peerChokes: boolean;
  /** Whether it wants pieces that we have. */
  readonly peerIsInterested: boolean;
}

/** One torrent. Sizes in bytes, rates in bytes a second. */
export interface TorrentSnapshot {
  /** `failed` is the disk: the torrent is stopped, what is stored stays. */
  readonly state: "downloading" | "seeding" | "failed";
  /** As in the torrent. */
  readonly name: string;
  /** Of the whole content. */
  readonly length: number;
  /** Of the pieces that are verified and stored. */
  readonly verifiedLength: number;
  /** Number of pieces. */
  readonly pieceCount: number;
  /** Of them, those that are verified and stored. */
  readonly verifiedPieceCount: number;
  /** Content received, all of it. */
  readonly downloadedBytes: number;
  /** Of that, what came twice, too late or corrupt. */
  readonly wastedBytes: number;
  /** Content sent. */
  readonly uploadedBytes: number;
  /** What is received from all peers, over the last seconds. */
  readonly downloadBytesPerSecond: number;
  /** What is sent to all peers, over the last seconds. */
  readonly uploadBytesPerSecond: number;
  /** The peers that are connected. */
  readonly peers: readonly PeerSnapshot[];
}

/** The part of a snapshot that the engine knows. */
export type SwarmSnapshot = Omit<
  TorrentSnapshot,
  "state" | "downloadBytesPerSecond" | "uploadBytesPerSecond"
>;

/** Describes a torrent's pieces and peers at the time `now`, in milliseconds. */
export function describeSwarm(
  torrent: Torrent,
  swarm: Swarm,
  options: { now: number; addressOf: (peer: PeerKey) => PeerAddress },
): SwarmSnapshot {
  const { geometry, name } = torrent;
  const { have, traffic } = swarm;
  return {
    name,
    length: geometry.length,
    verifiedLength: geometry.lengthOf(have),
    pieceCount: geometry.pieceCount,
    verifiedPieceCount: have.count,
    downloadedBytes: traffic.downloaded,
    wastedBytes: traffic.wasted,
    uploadedBytes: traffic.uploaded,
    peers: [...swarm.peers.values()].map((peer) => ({
      address: options.addressOf(peer.key),
      isOutgoing: peer.isOutgoing,
      client: peer.client,
      isSeeder: peer.isSeeder,
      pieceCount: peer.pieces.count,
      downloadBytesPerSecond: peer.downloadRate.bytesPerSecond(options.now),
      uploadBytesPerSecond: peer.uploadRate.bytesPerSecond(options.now),
      weChoke: peer.weChoke,
      weAreInterested: peer.weAreInterested,
      peerChokes: peer.peerChokes,
      peerIsInterested: peer.peerIsInterested,
    })),
  };
}
