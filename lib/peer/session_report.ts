/**
 * A session's reports of a torrent, as plain data: its events as they happen, and
 * its state at one moment.
 *
 * @module
 */
import type { AnnounceReport } from "../announce/announcer.ts";
import type { StorageError } from "../base/errors.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import type { RateMeter } from "../base/rate_meter.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import type { PeerKey } from "../swarm/events.ts";
import type { Swarm } from "../swarm/swarm.ts";
import type { PieceStore } from "./piece_store.ts";

/** An event of a shared torrent, for a log; none needs an answer. */
export type SessionEvent =
  | { readonly type: "peerConnected"; readonly address: PeerAddress }
  | {
    readonly type: "peerDisconnected";
    readonly address: PeerAddress;
    /** Our reason; `undefined` if the peer or the network ended it. */
    readonly reason: string | undefined;
  }
  | { readonly type: "pieceVerified"; readonly index: number }
  | { readonly type: "pieceCorrupt"; readonly index: number }
  /** A host sent wrong content and is banned. */
  | {
    readonly type: "peerBanned";
    readonly hostname: string;
    /** The corrupt piece. */
    readonly index: number;
  }
  /**
   * A file is complete, flushed and has its name: its path below the download folder.
   * Not sent for a file that was complete at the start, or is empty.
   */
  | { readonly type: "fileComplete"; readonly path: readonly string[] }
  /** Every piece is verified and stored, every file has its name; not sent for a torrent that was complete at the start. */
  | { readonly type: "completed" }
  /** The torrent stopped, because its storage failed. */
  | { readonly type: "storageFailed"; readonly error: StorageError }
  /** Local discovery is off: the torrent is not announced there, and no peers are found there. */
  | { readonly type: "localDiscoveryOff"; readonly reason: string }
  /** No connected peer has a missing piece: the torrent is announced to all tiers of trackers. */
  | { readonly type: "sourceMissing" }
  /** `TorrentSession.control` paused or resumed all transfers. */
  | { readonly type: "paused" | "resumed" }
  /** A tracker answered, failed, or sent a warning. */
  | AnnounceReport;

/** An event of a magnet link whose metadata is fetched, for a log. */
export type MagnetEvent =
  | { readonly type: "peerConnected"; readonly address: PeerAddress }
  /** Complete metadata did not match the info hash: a host sent wrong data, and all of it is fetched again. */
  | {
    readonly type: "metadataMismatched";
    readonly hostnames: readonly string[];
  }
  /** A host sent wrong metadata for the second time, this time all of it, and is banned. */
  | { readonly type: "metadataPeerBanned"; readonly hostname: string }
  | AnnounceReport;

/** Options for `Session.fetchMetadata`. */
export interface FetchMetadataOptions {
  /** Ends the fetching; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Time for the whole, in milliseconds. @default {Infinity} */
  readonly timeoutMs?: number;
  /** Takes every event. Its exceptions are ignored. */
  readonly onEvent?: (event: MagnetEvent) => void;
}

/** One connected peer. Rates in bytes a second. */
export interface PeerSnapshot {
  /** The remote end of the connection. */
  readonly address: PeerAddress;
  /** True for a peer that we dialed. */
  readonly isOutgoing: boolean;
  /** The client's name and version, if sent. */
  readonly client: string | undefined;
  /** True if the peer announced every piece, or wants none. */
  readonly isSeeder: boolean;
  /** Number of pieces that the peer announced. */
  readonly pieceCount: number;
  /** Received from the peer, over the last seconds. */
  readonly downloadBytesPerSecond: number;
  /** Sent to the peer, over the last seconds. */
  readonly uploadBytesPerSecond: number;
  /** True while we choke the peer: it gets only blocks of allowed-fast pieces. */
  readonly weChoke: boolean;
  /** True if the peer has wanted pieces that we lack. */
  readonly weAreInterested: boolean;
  /** True while the peer chokes us: we get only blocks of allowed-fast pieces. */
  readonly peerChokes: boolean;
  /** True if the peer wants pieces that we have. */
  readonly peerIsInterested: boolean;
}

/** One torrent. Sizes in bytes, rates in bytes a second. */
export interface TorrentSnapshot {
  /** `failed`: the storage failed and the torrent is stopped; stored pieces stay. */
  readonly state: "downloading" | "seeding" | "failed";
  /** True while `TorrentSession.control` holds all transfers. */
  readonly isPaused: boolean;
  /** The torrent's name. */
  readonly name: string;
  /** Length of the content that is wanted, in whole pieces without padding. */
  readonly length: number;
  /** Length of the wanted pieces that are verified and stored, without padding. */
  readonly verifiedLength: number;
  /** Number of pieces that are wanted. */
  readonly pieceCount: number;
  /** Number of pieces that are verified and stored. */
  readonly verifiedPieceCount: number;
  /** Content received, wasted bytes included. */
  readonly downloadedBytes: number;
  /** Content received twice, too late or corrupt. */
  readonly wastedBytes: number;
  /** Content sent. */
  readonly uploadedBytes: number;
  /** Received from all peers, over the last seconds. */
  readonly downloadBytesPerSecond: number;
  /** Sent to all peers, over the last seconds. */
  readonly uploadBytesPerSecond: number;
  /** The peers that are connected. */
  readonly peers: readonly PeerSnapshot[];
}

/** Describes a torrent's pieces and peers at the time `now`, in milliseconds. */
export function describeSwarm(
  { name }: Torrent,
  swarm: Swarm,
  options: {
    now: number;
    store: Pick<PieceStore, "isComplete" | "contentLength">;
    hasFailed: boolean;
    downloadRate: RateMeter;
    uploadRate: RateMeter;
    addressOf: (peer: PeerKey) => PeerAddress;
  },
): TorrentSnapshot {
  const { store, now } = options;
  const { done, wanted, traffic } = swarm;
  const state = store.isComplete ? "seeding" : "downloading";
  return {
    state: options.hasFailed ? "failed" : state,
    isPaused: swarm.isPaused,
    name,
    length: store.contentLength(wanted),
    verifiedLength: store.contentLength(done),
    pieceCount: wanted.count,
    verifiedPieceCount: done.count,
    downloadedBytes: traffic.downloaded,
    wastedBytes: traffic.wasted,
    uploadedBytes: traffic.uploaded,
    downloadBytesPerSecond: options.downloadRate.perSecond(now),
    uploadBytesPerSecond: options.uploadRate.perSecond(now),
    peers: [...swarm.peers.values()].map(({ peer, source, upload }) => ({
      address: options.addressOf(peer.key),
      isOutgoing: peer.isOutgoing,
      client: peer.client,
      isSeeder: peer.isSeeder,
      pieceCount: source.pieces.count,
      downloadBytesPerSecond: source.rate.perSecond(now),
      uploadBytesPerSecond: upload.rate.perSecond(now),
      weChoke: upload.weChoke,
      weAreInterested: source.weAreInterested,
      peerChokes: source.peerChokes,
      peerIsInterested: upload.peerIsInterested,
    })),
  };
}
