/**
 * Shows the work of `peer`: lines for people and JSON for programs. Errors are reported
 * elsewhere.
 */
import type {
  CopyReason,
  SessionEvent,
  TakenFiles,
  TorrentSnapshot,
  VerifyProgress,
} from "../lib/peers.ts";
import { cutName, formatPeerAddress, type Torrent } from "../lib/torrents.ts";
import type { JobOutput, JsonLine, Room } from "./console.ts";
import {
  describeTransfer,
  fractionOf,
  renderNamed,
  renderTransferList,
  secondsLeft,
} from "./progress_bar.ts";
import { formatSize, plural } from "./quantity.ts";

export interface PeerDisplay {
  /** @param takenPort The port that was asked for, if it was taken. */
  listening(port: number, takenPort: number | undefined): void;
  news(torrent: Torrent, news: TorrentNews): void;
  /** A torrent is let go, as its torrent file was removed. */
  released?(torrent: Torrent): void;
  refresh(states: readonly TorrentState[]): void;
  /** Shows the result; the last call. */
  end(states: readonly TorrentState[]): void;
}

export function createPeerDisplay(output: JobOutput): PeerDisplay {
  const tell = ({ name }: Torrent, text: string, subject?: string): void =>
    output.line(`${cutName(name)}: ${text}`, subject);
  return {
    listening: (port, takenPort) => {
      output.value({ type: "listening", port });
      const taken = takenPort === undefined ? "" : ` (${takenPort} is taken)`;
      output.line(`listening on port ${port}${taken}`);
    },
    news: (torrent, news) => {
      output.value(newsToJson(torrent, news));
      // The live block shows a verification at the next refresh, and until then one
      // that is over.
      if (news.type === "verifying" && output.form === "live") return;
      if (news.type === "verified") output.state([]);
      const text = describeNews(torrent, news);
      if (text === undefined) return;
      // Each retry of a tracker that is down fails in the same way, and a tracker
      // warns with each answer.
      const kind = news.type === "trackerWarning" ? " warning" : "";
      const subject = "url" in news
        ? `${torrent.infoHash} ${news.url}${kind}`
        : undefined;
      tell(torrent, text, subject);
    },
    released: (torrent) => {
      output.value({ type: "released", ...torrentKeys(torrent) });
      tell(torrent, "let go, as its torrent file was removed");
    },
    refresh: (states) => {
      if (output.form === "json") {
        statesToJson(states).forEach((value) => output.value(value));
      } else if (output.form === "live") {
        output.state(renderStates(states, output.room));
      } else {
        for (const { torrent, snapshot, verification } of states) {
          const { infoHash } = torrent;
          if (verification !== undefined) {
            tell(
              torrent,
              describeVerification(torrent, verification),
              infoHash,
            );
          } else if (snapshot !== undefined) {
            output.line(describeTransfer(snapshot), infoHash);
          }
        }
      }
    },
    end: (states) => {
      statesToJson(states).forEach((value) => output.value(value));
      for (const state of states) {
        const text = describeEnd(state);
        if (text !== undefined) tell(state.torrent, text);
      }
    },
  };
}

/** An event of one torrent. */
export type TorrentNews =
  /** Files of an older version are looked up and copied, which may take long. */
  | { readonly type: "takingOldFiles" }
  | { readonly type: "verifying"; readonly progress: VerifyProgress }
  | {
    readonly type: "verified";
    readonly snapshot: TorrentSnapshot;
    /** True if anything was on the disk, valid or not. */
    readonly hadContent: boolean;
  }
  /** Files of an older version that were copied, and linked if that is allowed. */
  | ({
    readonly type: "oldFilesTaken";
    readonly mayLink: boolean;
  } & TakenFiles)
  | SessionEvent;

/** The state of one torrent: it is verified, then transferred. */
export interface TorrentState {
  readonly torrent: Torrent;
  readonly snapshot: TorrentSnapshot | undefined;
  /** The verification under way or, at the end, interrupted. */
  readonly verification: VerifyProgress | undefined;
}

export function describeNews(
  torrent: Torrent,
  news: TorrentNews,
): string | undefined {
  switch (news.type) {
    case "takingOldFiles":
      return "taking missing files from the older version";
    case "oldFilesTaken":
      return describeTaken(news);
    case "verifying":
      return "verifying what is on the disk";
    case "verified":
      return describeVerified(torrent, news);
    case "completed":
      return "complete and verified";
    case "pieceCorrupt":
      return `piece ${news.index} is corrupt; downloading it again`;
    case "peerBanned":
      return `${news.hostname} sent corrupt data for piece ${news.index}; it is banned`;
    case "announced":
      return `tracker ${news.url} answers`;
    case "announceFailed":
      // The reason begins with "Cannot announce".
      return news.reason.replace(/^C/, "c") +
        (news.retryInMs === Infinity
          ? "; the tracker will drop this peer after a while"
          : "; trying again, the transfer goes on without it");
    case "trackerWarning":
      return `warning from tracker ${news.url}: ${news.text}`;
    case "localDiscoveryOff":
      return `peers on this network are found by trackers only: ${news.reason}`;
    case "sourceMissing":
      return "no peer with the missing pieces is known yet; asking the trackers of all tiers";
    case "paused":
      return "paused by the share";
    case "resumed":
      return "the share goes on";
    case "storageFailed":
    case "pieceVerified":
    case "fileComplete":
    case "peerConnected":
    case "peerDisconnected":
      return undefined;
    default:
      return news satisfies never;
  }
}

/** The reasons for copies, of so many files. */
const COPY_REASONS: Readonly<Record<CopyReason, string>> = {
  different: "with changed pieces",
  exposed: "open to changes by others",
  mode: "with another executable bit",
  refused: "that the system does not link",
};

/** A line on the files that were taken of an older version. */
function describeTaken(
  { fileCount, length, linked, begun, copied, mayLink }: TorrentNews & {
    type: "oldFilesTaken";
  },
): string {
  const files = `${plural(fileCount, "file")} of the older version`;
  const size = formatSize(length);
  const others = begun.length === 0
    ? ""
    : `; ${plural(begun.length, "file")} begun before, kept as found`;
  if (!mayLink) return `${files} copied (${size})${others}`;
  const reasons = Object.entries(copied).map(([reason, count]) =>
    `${count} ${COPY_REASONS[reason as CopyReason]}`
  );
  const why = reasons.length === 0 ? "" : ` (${reasons.join(", ")})`;
  const copies = `${fileCount - linked.length} copied${why}`;
  return `${files} (${size}): ${linked.length} linked, ${copies}${others}`;
}

function describeVerified(
  torrent: Torrent,
  { snapshot, hadContent }: TorrentNews & { type: "verified" },
): string {
  const { verifiedPieceCount: count, pieceCount } = snapshot;
  if (count === pieceCount) return "verified and complete; seeding";
  if (count > 0) {
    return `${count} of ${pieceCount} pieces on the disk are valid; downloading the rest`;
  }
  if (!hadContent) return "nothing on the disk yet; downloading";
  return torrent.isFolder
    ? "files of these names exist, but no piece of them is valid; replacing them"
    : "a file of this name exists, but no piece of it is valid; replacing it";
}

export function describeVerification(
  torrent: Torrent,
  progress: VerifyProgress,
): string {
  const percentage = Math.floor(checkedFraction(torrent, progress) * 100);
  return `verifying ${percentage}%`;
}

/** The line for the end of a torrent; `undefined` if it was not even verified. */
export function describeEnd(
  { torrent, snapshot, verification }: TorrentState,
): string | undefined {
  if (verification !== undefined) {
    return `ended while ${describeVerification(torrent, verification)}`;
  }
  if (snapshot === undefined) return undefined;
  const { verifiedLength, length } = snapshot;
  const [received, sent] = [snapshot.downloadedBytes, snapshot.uploadedBytes]
    .map(formatSize);
  const state = verifiedLength === length
    ? "complete"
    : `${formatSize(verifiedLength)} of ${formatSize(length)} verified`;
  return `${state}; received ${received}, sent ${sent}`;
}

/** The live block: transfers above verifications, in the room that it has. */
export function renderStates(
  states: readonly TorrentState[],
  room: Room,
): string[] {
  const verifying = states.flatMap(({ torrent, verification }) => {
    if (verification === undefined) return [];
    const text = `: ${describeVerification(torrent, verification)}`;
    return [renderNamed(torrent.name, text, room)];
  });
  const snapshots = states.flatMap(({ snapshot }) => snapshot ?? []);
  const left = { ...room, rows: room.rows - verifying.length };
  return [...renderTransferList(snapshots, left), ...verifying];
}

export function newsToJson(torrent: Torrent, news: TorrentNews): JsonLine {
  const keys = torrentKeys(torrent);
  const { type } = news;
  switch (news.type) {
    case "verifying":
      return verificationToJson(torrent, news.progress);
    case "verified":
      return { ...statusToJson(torrent, news.snapshot), type };
    case "oldFilesTaken": {
      const { linked, begun, mayLink: _, ...rest } = news;
      const counts = { linkedCount: linked.length, begunCount: begun.length };
      return { ...keys, ...rest, ...counts };
    }
    case "peerConnected":
      return { ...keys, type, address: formatPeerAddress(news.address) };
    case "peerDisconnected": {
      const reason = news.reason ?? null;
      return {
        ...keys,
        type,
        address: formatPeerAddress(news.address),
        reason,
      };
    }
    case "storageFailed":
      return { ...keys, type, reason: news.error.message };
    default:
      return { ...keys, ...news };
  }
}

export function statesToJson(states: readonly TorrentState[]): JsonLine[] {
  return states.flatMap(({ torrent, snapshot, verification }) => {
    if (verification !== undefined) {
      return [verificationToJson(torrent, verification)];
    }
    return snapshot === undefined ? [] : [statusToJson(torrent, snapshot)];
  });
}

function verificationToJson(
  torrent: Torrent,
  progress: VerifyProgress,
): JsonLine {
  return {
    type: "verifying",
    ...torrentKeys(torrent),
    progress: checkedFraction(torrent, progress),
  };
}

/** Sizes in bytes, rates in bytes per second, `eta` in seconds. */
export function statusToJson(
  torrent: Torrent,
  snapshot: TorrentSnapshot,
): JsonLine {
  const { length, verifiedLength, peers } = snapshot;
  const eta = secondsLeft(snapshot);
  return {
    type: "status",
    ...torrentKeys(torrent),
    state: snapshot.state,
    ...snapshot.isPaused && { paused: true },
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
    eta: eta === undefined ? null : Math.ceil(eta),
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

function checkedFraction(torrent: Torrent, progress: VerifyProgress): number {
  return fractionOf(progress.checkedCount, torrent.geometry.pieceCount);
}
