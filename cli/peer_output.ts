/**
 * What `peer` tells of: lines for people, objects for programs. Pure: values in,
 * text or plain data out.
 *
 * @module
 */
import {
  formatPeerAddress,
  type SessionEvent,
  type Torrent,
  type TorrentSnapshot,
  type VerifyProgress,
} from "../mod.ts";
import { fractionOf } from "./progress_bar.ts";
import { formatSize } from "./quantity.ts";
import { secondsLeft } from "./transfer_view.ts";

/** A value for one line of JSON. */
export type JsonLine = {
  readonly type: string;
  readonly [key: string]: unknown;
};

/** The line for an event; `undefined` for those that a person need not see one by one. */
export function describeEvent(event: SessionEvent): string | undefined {
  switch (event.type) {
    case "completed":
      return "complete and verified";
    case "pieceCorrupt":
      return `piece ${event.index} arrived corrupt; it is fetched again`;
    case "peerBanned":
      return `${event.hostname} sent wrong data for piece ${event.index}; it is banned`;
    case "announced":
      return `tracker ${event.url} answers`;
    case "announceFailed":
      return `${event.reason}; ${
        event.retryInMs === Infinity
          ? "the tracker forgets this peer by itself"
          : "the transfer goes on without it"
      }`;
    case "trackerWarning":
      return `tracker ${event.url} says: ${event.text}`;
    case "storageFailed":
    case "pieceVerified":
    case "peerConnected":
    case "peerDisconnected":
      return undefined;
    default:
      return event satisfies never;
  }
}

/** How far a verification is. */
export interface Verification {
  readonly torrent: Torrent;
  readonly progress: VerifyProgress;
}

/** The line of a verification under way. */
export function describeVerification(verification: Verification): string {
  const percentage = Math.floor(verifiedFraction(verification) * 100);
  return `verifying ${percentage}%`;
}

/** The same as a value. */
export function verificationToJson(verification: Verification): JsonLine {
  return {
    type: "verifying",
    ...torrentKeys(verification.torrent),
    progress: verifiedFraction(verification),
  };
}

function verifiedFraction({ torrent, progress }: Verification): number {
  return fractionOf(progress.checkedCount, torrent.geometry.pieceCount);
}

/** What a verification found. */
export interface Findings {
  readonly torrent: Torrent;
  readonly snapshot: TorrentSnapshot;
  /** Whether there was any content to verify. */
  readonly hadContent: boolean;
}

/** The line for it. */
export function describeFindings(findings: Findings): string {
  const { torrent, snapshot, hadContent } = findings;
  const { verifiedPieceCount, pieceCount } = snapshot;
  if (verifiedPieceCount === pieceCount) {
    return "verified and complete; seeding";
  }
  if (verifiedPieceCount > 0) {
    return `${verifiedPieceCount} of ${pieceCount} pieces on the disk are right; fetching the rest`;
  }
  if (!hadContent) return "nothing on the disk yet; fetching it";
  return torrent.isFolder
    ? "files of those names are there, but no piece of them is right; they will be replaced"
    : "a file of that name is there, but no piece of it is right; it will be replaced";
}

/** How it ended. */
export function describeEnd(snapshot: TorrentSnapshot): string {
  const { verifiedLength, length, downloadedBytes, uploadedBytes } = snapshot;
  const state = verifiedLength === length
    ? "complete"
    : `${formatSize(verifiedLength)} of ${formatSize(length)} verified`;
  return `${state}; received ${formatSize(downloadedBytes)}, sent ${
    formatSize(uploadedBytes)
  }`;
}

/** An event as a value. */
export function eventToJson(torrent: Torrent, event: SessionEvent): JsonLine {
  return { ...torrentKeys(torrent), ...plainEvent(event) };
}

/** How a torrent stands, as a value. Sizes in bytes, rates in bytes a second, `eta` in seconds. */
export function statusToJson(
  torrent: Torrent,
  snapshot: TorrentSnapshot,
): JsonLine {
  const { length, verifiedLength, peers } = snapshot;
  return {
    type: "status",
    ...torrentKeys(torrent),
    state: snapshot.state,
    progress: fractionOf(verifiedLength, length),
    length,
    verified: verifiedLength,
    pieces: snapshot.verifiedPieceCount,
    pieceCount: snapshot.pieceCount,
    downloaded: snapshot.downloadedBytes,
    wasted: snapshot.wastedBytes,
    uploaded: snapshot.uploadedBytes,
    downloadRate: Math.round(snapshot.downloadBytesPerSecond),
    uploadRate: Math.round(snapshot.uploadBytesPerSecond),
    eta: etaOf(snapshot),
    peers: peers.map((peer) => ({
      address: formatPeerAddress(peer.address),
      seeder: peer.isSeeder,
      pieces: peer.pieceCount,
      downloadRate: Math.round(peer.downloadBytesPerSecond),
      uploadRate: Math.round(peer.uploadBytesPerSecond),
    })),
    seeders: peers.filter((peer) => peer.isSeeder).length,
  };
}

function torrentKeys(torrent: Torrent): { infoHash: string; name: string } {
  return { infoHash: torrent.infoHash, name: torrent.name };
}

function plainEvent(event: SessionEvent): JsonLine {
  switch (event.type) {
    case "peerConnected":
      return { type: event.type, address: formatPeerAddress(event.address) };
    case "peerDisconnected":
      return {
        type: event.type,
        address: formatPeerAddress(event.address),
        reason: event.reason ?? null,
      };
    case "storageFailed":
      return { type: event.type, reason: event.error.message };
    case "pieceVerified":
    case "pieceCorrupt":
    case "peerBanned":
    case "completed":
    case "announced":
    case "announceFailed":
    case "trackerWarning":
      return event;
    default:
      return event satisfies never;
  }
}

function etaOf(snapshot: TorrentSnapshot): number | null {
  const seconds = secondsLeft(snapshot);
  return seconds === undefined ? null : Math.ceil(seconds);
}
