/**
 * Shows the work of `peer`. Errors are reported elsewhere.
 *
 * @module
 */
import { cutName, type Torrent } from "../mod.ts";
import type { JobOutput } from "./job_output.ts";
import {
  describeEnd,
  describeNews,
  describeVerification,
  newsToJson,
  renderStates,
  statesToJson,
  type TorrentNews,
  type TorrentState,
} from "./peer_output.ts";
import { describeTransfer } from "./transfer_view.ts";

/** Shows the work of one `peer`, `get` or `share`. */
export interface PeerDisplay {
  /** @param takenPort The port that was asked for, if it was taken. */
  listening(port: number, takenPort: number | undefined): void;
  news(torrent: Torrent, news: TorrentNews): void;
  refresh(states: readonly TorrentState[]): void;
  /** Shows the result; the last call. */
  end(states: readonly TorrentState[]): void;
}

/** Shows the work of one `peer`. */
export function createPeerDisplay(output: JobOutput): PeerDisplay {
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
      output.line(`${cutName(torrent.name)}: ${text}`, subject);
    },
    refresh: (states) => {
      if (output.form === "json") {
        statesToJson(states).forEach((value) => output.value(value));
      } else if (output.form === "live") {
        output.state(renderStates(states, output.room));
      } else {
        for (const { torrent, snapshot, verification } of states) {
          if (verification !== undefined) {
            const text = describeVerification(torrent, verification);
            output.line(`${cutName(torrent.name)}: ${text}`, torrent.infoHash);
          } else if (snapshot !== undefined) {
            output.line(describeTransfer(snapshot), torrent.infoHash);
          }
        }
      }
    },
    end: (states) => {
      statesToJson(states).forEach((value) => output.value(value));
      for (const state of states) {
        const text = describeEnd(state);
        if (text === undefined) continue;
        output.line(`${cutName(state.torrent.name)}: ${text}`);
      }
    },
  };
}
