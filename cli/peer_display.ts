/**
 * How `peer` shows what goes on: a live block on a terminal, a line now and then
 * elsewhere, JSON lines for programs, or nothing. Errors are not its business.
 *
 * @module
 */
import type { SessionEvent, Torrent, TorrentSnapshot } from "../mod.ts";
import {
  eraseLiveLines,
  isTerminal,
  terminalColumns,
  terminalRows,
  writeLine,
  writeLiveLines,
} from "./console.ts";
import type { OutputMode } from "./peer_arguments.ts";
import {
  describeEnd,
  describeEvent,
  describeFindings,
  describeVerification,
  eventToJson,
  type Findings,
  type JsonLine,
  statusToJson,
  type Verification,
  verificationToJson,
} from "./peer_output.ts";
import { printable, printableJson } from "./printable.ts";
import { renderTransferList } from "./transfer_list.ts";
import { describeTransfer, renderNamed } from "./transfer_view.ts";

/** The port of a peer. */
export interface ListeningPort {
  readonly port: number;
  /** The port that was asked for, where that one was taken. */
  readonly takenPort: number | undefined;
}

/** A torrent and how it stands. */
export interface Transfer {
  readonly torrent: Torrent;
  readonly snapshot: TorrentSnapshot;
}

/** How everything stands. */
export interface Standing {
  readonly transfers: readonly Transfer[];
  /** The verification under way or, in the end, cut short. */
  readonly verification: Verification | undefined;
}

/** Shows a peer's work. */
export interface PeerDisplay {
  /** How often {@linkcode refresh} is wanted, in milliseconds. */
  readonly refreshMs: number;
  listening(port: ListeningPort): void;
  /** A verification begins; {@linkcode refresh} tells how it gets on. */
  verifying(verification: Verification): void;
  /** The verification is over. */
  found(findings: Findings): void;
  event(torrent: Torrent, event: SessionEvent): void;
  refresh(standing: Standing): void;
  /** How it ended: the last that is shown. */
  end(standing: Standing): void;
}

/** The display for an output mode. */
export function createPeerDisplay(output: OutputMode): PeerDisplay {
  switch (output) {
    case "json":
      return new JsonDisplay();
    case "quiet":
      return QUIET_DISPLAY;
    case "text":
      return isTerminal("stderr") ? new TerminalDisplay() : new LogDisplay();
    default:
      return output satisfies never;
  }
}

const QUIET_DISPLAY: PeerDisplay = {
  refreshMs: 60_000,
  listening: () => {},
  verifying: () => {},
  found: () => {},
  event: () => {},
  refresh: () => {},
  end: () => {},
};

class JsonDisplay implements PeerDisplay {
  readonly refreshMs = 1_000;

  listening({ port }: ListeningPort): void {
    writeJson({ type: "listening", port });
  }

  verifying(verification: Verification): void {
    writeJson(verificationToJson(verification));
  }

  found({ torrent, snapshot }: Findings): void {
    writeJson({ ...statusToJson(torrent, snapshot), type: "verified" });
  }

  event(torrent: Torrent, event: SessionEvent): void {
    writeJson(eventToJson(torrent, event));
  }

  refresh({ transfers, verification }: Standing): void {
    for (const { torrent, snapshot } of transfers) {
      writeJson(statusToJson(torrent, snapshot));
    }
    if (verification !== undefined) this.verifying(verification);
  }

  end(standing: Standing): void {
    this.refresh(standing);
  }
}

/** Lines, as a log file takes them. */
class LogDisplay implements PeerDisplay {
  readonly refreshMs = 5_000;
  /** The last line for each torrent: one that says nothing new is left out. */
  readonly #lastState = new Map<Torrent, string>();
  /** What each tracker last had to say, by torrent and URL. */
  readonly #trackerNews = new Map<string, string>();

  listening({ port, takenPort }: ListeningPort): void {
    const taken = takenPort === undefined ? "" : ` (${takenPort} is taken)`;
    writeLine(`listening on port ${port}${taken}`);
  }

  verifying({ torrent }: Verification): void {
    writeNews(torrent, "verifying what is on the disk");
  }

  found(findings: Findings): void {
    writeNews(findings.torrent, describeFindings(findings));
  }

  event(torrent: Torrent, event: SessionEvent): void {
    const text = describeEvent(event);
    if (text === undefined) return;
    if ("url" in event) {
      // A tracker that is down fails each retry: once is enough.
      const key = `${torrent.infoHash} ${event.url}`;
      if (this.#trackerNews.get(key) === text) return;
      this.#trackerNews.set(key, text);
    }
    writeNews(torrent, text);
  }

  refresh({ transfers, verification }: Standing): void {
    for (const { torrent, snapshot } of transfers) {
      const line = describeTransfer(snapshot);
      if (this.#lastState.get(torrent) !== line) writeLine(line);
      this.#lastState.set(torrent, line);
    }
    if (verification !== undefined) {
      writeNews(verification.torrent, describeVerification(verification));
    }
  }

  end({ transfers, verification }: Standing): void {
    for (const { torrent, snapshot } of transfers) {
      writeNews(torrent, describeEnd(snapshot));
    }
    if (verification !== undefined) {
      const text = describeVerification(verification);
      writeNews(verification.torrent, `ended while ${text}`);
    }
  }
}

/** News as lines above, and below them a block that is redrawn. */
class TerminalDisplay implements PeerDisplay {
  readonly refreshMs = 250;
  readonly #log = new LogDisplay();

  listening(port: ListeningPort): void {
    this.#log.listening(port);
  }

  verifying(): void {
    // The block says so at the next refresh.
  }

  found(findings: Findings): void {
    this.#log.found(findings);
  }

  event(torrent: Torrent, event: SessionEvent): void {
    this.#log.event(torrent, event);
  }

  refresh({ transfers, verification }: Standing): void {
    const columns = terminalColumns();
    const verifying = verification === undefined ? [] : [
      renderNamed(
        verification.torrent.name,
        `: ${describeVerification(verification)}`,
        columns,
      ),
    ];
    const snapshots = transfers.map(({ snapshot }) => snapshot);
    const list = renderTransferList(snapshots, {
      columns,
      // One row stays free for the news above.
      rows: terminalRows() - verifying.length - 1,
    });
    writeLiveLines([...list, ...verifying]);
  }

  end(standing: Standing): void {
    eraseLiveLines();
    this.#log.end(standing);
  }
}

function writeNews(torrent: Torrent, text: string): void {
  writeLine(printable(`${torrent.name}: ${text}`));
}

function writeJson(value: JsonLine): void {
  writeLine(printableJson({ time: new Date().toISOString(), ...value }));
}
