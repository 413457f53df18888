/**
 * How `peer` shows what goes on: a live block on a terminal, a line now and then
 * elsewhere, JSON lines for programs, or nothing. Errors are not its business.
 *
 * @module
 */
import type {
  SessionEvent,
  Torrent,
  TorrentSnapshot,
  VerifyProgress,
} from "../mod.ts";
import {
  eraseLiveLines,
  isTerminal,
  terminalColumns,
  writeLine,
  writeLiveLines,
} from "./console.ts";
import {
  describeEnd,
  describeEvent,
  describeFound,
  eventToJson,
  type JsonLine,
  statusToJson,
} from "./peer_output.ts";
import { printable, printableJson } from "./printable.ts";
import { describeTransfer, renderTransfer } from "./transfer_view.ts";

/** A torrent and how it stands. */
export interface Transfer {
  readonly torrent: Torrent;
  readonly snapshot: TorrentSnapshot;
}

/** Shows a peer's work. */
export interface PeerDisplay {
  /** How often {@linkcode refresh} is wanted, in milliseconds. */
  readonly refreshMs: number;
  listening(port: number): void;
  verifying(torrent: Torrent, progress: VerifyProgress): void;
  /** The verification is over. */
  found(transfer: Transfer): void;
  event(torrent: Torrent, event: SessionEvent): void;
  refresh(transfers: readonly Transfer[]): void;
  /** Nothing more is shown but how it ended. */
  end(transfers: readonly Transfer[]): void;
}

/** The display for an output mode. */
export function createPeerDisplay(
  output: "text" | "json" | "quiet",
): PeerDisplay {
  switch (output) {
    case "json":
      return new JsonDisplay();
    case "quiet":
      return new QuietDisplay();
    case "text":
      return isTerminal("stderr") ? new TerminalDisplay() : new LogDisplay();
  }
}

class QuietDisplay implements PeerDisplay {
  readonly refreshMs: number = 60_000;
  listening(_port: number): void {}
  verifying(_torrent: Torrent, _progress: VerifyProgress): void {}
  found(_transfer: Transfer): void {}
  event(_torrent: Torrent, _event: SessionEvent): void {}
  refresh(_transfers: readonly Transfer[]): void {}
  end(_transfers: readonly Transfer[]): void {}
}

class JsonDisplay extends QuietDisplay {
  override readonly refreshMs = 1_000;

  override listening(port: number): void {
    writeJson({ type: "listening", port });
  }

  override found({ torrent, snapshot }: Transfer): void {
    writeJson({ ...statusToJson(torrent, snapshot), type: "verified" });
  }

  override event(torrent: Torrent, event: SessionEvent): void {
    writeJson(eventToJson(torrent, event));
  }

  override refresh(transfers: readonly Transfer[]): void {
    for (const { torrent, snapshot } of transfers) {
      writeJson(statusToJson(torrent, snapshot));
    }
  }

  override end(transfers: readonly Transfer[]): void {
    this.refresh(transfers);
  }
}

/** Lines, as a log file takes them. */
class LogDisplay extends QuietDisplay {
  override readonly refreshMs: number = 5_000;
  /** The last line for each torrent: one that says nothing new is left out. */
  readonly #lastState = new Map<Torrent, string>();
  /** What each tracker last had to say, by torrent and URL. */
  readonly #trackerNews = new Map<string, string>();

  override listening(port: number): void {
    writeLine(`listening on port ${port}`);
  }

  override found({ torrent, snapshot }: Transfer): void {
    this.#write(torrent, describeFound(snapshot));
  }

  override event(torrent: Torrent, event: SessionEvent): void {
    const text = describeEvent(event);
    if (text === undefined) return;
    if ("url" in event) {
      // A tracker that is down fails each retry: once is enough.
      const key = `${torrent.infoHash} ${event.url}`;
      if (this.#trackerNews.get(key) === text) return;
      this.#trackerNews.set(key, text);
    }
    this.#write(torrent, text);
  }

  override refresh(transfers: readonly Transfer[]): void {
    for (const { torrent, snapshot } of transfers) {
      const line = describeTransfer(snapshot);
      if (this.#lastState.get(torrent) !== line) writeLine(line);
      this.#lastState.set(torrent, line);
    }
  }

  override end(transfers: readonly Transfer[]): void {
    for (const { torrent, snapshot } of transfers) {
      this.#write(torrent, describeEnd(snapshot));
    }
  }

  #write(torrent: Torrent, text: string): void {
    writeLine(printable(`${torrent.name}: ${text}`));
  }
}

/** Events as lines above, and below them a block that is redrawn. */
class TerminalDisplay extends LogDisplay {
  override readonly refreshMs = 250;
  /** The line for the torrent that is being verified. */
  #verifying: readonly string[] = [];

  override verifying(torrent: Torrent, progress: VerifyProgress): void {
    const { pieceCount } = torrent.geometry;
    const percentage = Math.floor(progress.checkedCount / pieceCount * 100);
    this.#verifying = [printable(`${torrent.name}: verifying ${percentage}%`)];
  }

  override found(transfer: Transfer): void {
    this.#verifying = [];
    super.found(transfer);
  }

  override refresh(transfers: readonly Transfer[]): void {
    const columns = terminalColumns();
    const blocks = transfers.flatMap(({ snapshot }) =>
      renderTransfer(snapshot, columns)
    );
    writeLiveLines([...blocks, ...this.#verifying]);
  }

  override end(transfers: readonly Transfer[]): void {
    eraseLiveLines();
    super.end(transfers);
  }
}

function writeJson(value: JsonLine): void {
  writeLine(printableJson({ time: new Date().toISOString(), ...value }));
}
