/**
 * Shows the work of `peer`: a live block on a terminal, a line now and then
 * elsewhere, JSON lines for programs, or nothing. Errors are reported elsewhere.
 *
 * @module
 */
import { cutName, type Torrent } from "../mod.ts";
import type { Console } from "./console.ts";
import type { PeerJob } from "./peer_job.ts";
import {
  describeEnd,
  describeNews,
  describeVerification,
  type JsonLine,
  newsToJson,
  renderStates,
  statesToJson,
  type TorrentNews,
  type TorrentState,
} from "./peer_output.ts";
import { printable, printableJson } from "./printable.ts";
import { describeTransfer } from "./transfer_view.ts";

/** Shows the work of one `peer`. */
export interface PeerDisplay {
  /** Time between two calls of `refresh`, in milliseconds. */
  readonly refreshMs: number;
  /** @param takenPort The port that was asked for, if it was taken. */
  listening(port: number, takenPort: number | undefined): void;
  news(torrent: Torrent, news: TorrentNews): void;
  refresh(states: readonly TorrentState[]): void;
  /** The peer is leaving its swarms, which may take seconds. */
  leaving(): void;
  /** Shows the result; the last call. */
  end(states: readonly TorrentState[]): void;
}

/** The display that the job asks for. */
export function createPeerDisplay(
  { json, quiet }: Pick<PeerJob, "json" | "quiet">,
  console: Console,
): PeerDisplay {
  if (json) return jsonDisplay(console);
  if (quiet) return QUIET_DISPLAY;
  return console.isLive ? terminalDisplay(console) : logDisplay(console);
}

const QUIET_DISPLAY: PeerDisplay = {
  refreshMs: 60_000,
  listening: () => {},
  news: () => {},
  refresh: () => {},
  leaving: () => {},
  end: () => {},
};

function jsonDisplay(console: Console): PeerDisplay {
  const write = (value: JsonLine): void => {
    const time = new Date().toISOString();
    console.writeResult(printableJson({ time, ...value }));
  };
  return {
    ...QUIET_DISPLAY,
    refreshMs: 1_000,
    listening: (port) => write({ type: "listening", port }),
    news: (torrent, news) => write(newsToJson(torrent, news)),
    refresh: (states) => statesToJson(states).forEach(write),
    end: (states) => statesToJson(states).forEach(write),
  };
}

/** Lines, as for a log file. */
function logDisplay(console: Console): PeerDisplay {
  /** The last line about each subject, which is not repeated. */
  const lastLines = new Map<string, string>();
  const write = (line: string, subject?: string): void => {
    if (subject !== undefined) {
      if (lastLines.get(subject) === line) return;
      lastLines.set(subject, line);
    }
    console.writeLine(printable(line));
  };
  return {
    ...QUIET_DISPLAY,
    refreshMs: 5_000,
    listening: (port, takenPort) => {
      const taken = takenPort === undefined ? "" : ` (${takenPort} is taken)`;
      write(`listening on port ${port}${taken}`);
    },
    news: (torrent, news) => {
      const text = describeNews(torrent, news);
      if (text === undefined) return;
      // Each retry of a tracker that is down fails in the same way, and a tracker
      // warns with each answer.
      const kind = news.type === "trackerWarning" ? " warning" : "";
      const subject = "url" in news
        ? `${torrent.infoHash} ${news.url}${kind}`
        : undefined;
      write(`${cutName(torrent.name)}: ${text}`, subject);
    },
    refresh: (states) => {
      for (const { torrent, snapshot, verification } of states) {
        if (verification !== undefined) {
          const text = describeVerification(torrent, verification);
          write(`${cutName(torrent.name)}: ${text}`, torrent.infoHash);
        } else if (snapshot !== undefined) {
          write(describeTransfer(snapshot), torrent.infoHash);
        }
      }
    },
    end: (states) => {
      for (const state of states) {
        const text = describeEnd(state);
        if (text !== undefined) {
          write(`${cutName(state.torrent.name)}: ${text}`);
        }
      }
    },
  };
}

/** Lines above a live block. */
function terminalDisplay(console: Console): PeerDisplay {
  const log = logDisplay(console);
  const block = console.openBlock();
  return {
    ...log,
    refreshMs: 250,
    news: (torrent, news) => {
      // The block shows a verification at the next refresh.
      if (news.type === "verifying") return;
      // The block still shows the verification.
      if (news.type === "verified") block.show([]);
      log.news(torrent, news);
    },
    refresh: (states) => block.show(renderStates(states, block.room())),
    leaving: () => block.show(["leaving; Ctrl+C again ends at once"]),
    end: (states) => {
      block[Symbol.dispose]();
      log.end(states);
    },
  };
}
