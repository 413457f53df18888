/**
 * How a torrent stands at one moment, as plain data for whoever shows it.
 *
 * @module
 */
import type { PeerAddress } from "../base/peer_address.ts";

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
