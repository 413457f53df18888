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
  readonly isOutgoing: boolean;
  readonly isSeeder: boolean;
  /** Pieces it has. */
  readonly pieceCount: number;
  readonly downloadBytesPerSecond: number;
  readonly uploadBytesPerSecond: number;
  readonly weChoke: boolean;
  readonly weAreInterested: boolean;
  readonly peerChokes: boolean;
  readonly peerIsInterested: boolean;
}

/** One torrent. Sizes in bytes, rates in bytes a second. */
export interface TorrentSnapshot {
  readonly state: "downloading" | "seeding" | "failed";
  readonly name: string;
  readonly length: number;
  readonly verifiedLength: number;
  readonly pieceCount: number;
  readonly verifiedPieceCount: number;
  readonly downloadedBytes: number;
  readonly wastedBytes: number;
  readonly uploadedBytes: number;
  readonly downloadBytesPerSecond: number;
  readonly uploadBytesPerSecond: number;
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
