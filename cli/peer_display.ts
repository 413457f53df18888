/**
 * Shows the work of `peer`: a live block on a terminal, a line now and then
 * elsewhere, JSON lines for programs, or nothing. Errors are reported elsewhere.
 *
 * @module
 */
import type {
  SessionEvent,
  Torrent,
  TorrentSnapshot,
  VerifyProgress,
} from "../mod.ts";
import type { Console, LiveBlock } from "./console.ts";
import type { OutputMode } from "./peer_job.ts";
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
import {
  describeTransfer,
  renderNamed,
  renderTransferList,
} from "./transfer_view.ts";

/** The port of a peer. */
export interface ListeningPort {
  readonly port: number;
  /** The port that was asked for, if it was taken. */
  readonly takenPort: number | undefined;
}

/** The state of one torrent. */
export interface TransferState {
  readonly torrent: Torrent;
  /** `undefined` until the content is verified. */
  readonly snapshot: TorrentSnapshot | undefined;
  /** The verification under way or, at the end, interrupted. */
  readonly verification: VerifyProgress | undefined;
}

/** Shows the work of one `peer`. */
export interface PeerDisplay {
  /** Time between two calls of {@linkcode refresh}, in milliseconds. */
  readonly refreshMs: number;
  listening(port: ListeningPort): void;
  /** A verification begins; {@linkcode refresh} shows its progress. */
  verifying(verification: Verification): void;
  /** A verification is over. */
  found(findings: Findings): void;
  event(torrent: Torrent, event: SessionEvent): void;
  refresh(transfers: readonly TransferState[]): void;
  /** Shows the result; the last call. */
  end(transfers: readonly TransferState[]): void;
}

/** The display for an output mode. */
export function createPeerDisplay(
  output: OutputMode,
  console: Console,
): PeerDisplay {
  switch (output) {
    case "json":
      return new JsonDisplay(console);
    case "quiet":
      return QUIET_DISPLAY;
    case "text":
      return console.isLive
        ? new TerminalDisplay(console)
        : new LogDisplay(console);
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
  readonly #console: Console;

  constructor(console: Console) {
    this.#console = console;
  }

  listening({ port }: ListeningPort): void {
    this.#write({ type: "listening", port });
  }

  verifying(verification: Verification): void {
    this.#write(verificationToJson(verification));
  }

  found({ torrent, snapshot }: Findings): void {
    this.#write({ ...statusToJson(torrent, snapshot), type: "verified" });
  }

  event(torrent: Torrent, event: SessionEvent): void {
    this.#write(eventToJson(torrent, event));
  }

  refresh(transfers: readonly TransferState[]): void {
    for (const { torrent, snapshot } of transfers) {
      if (snapshot !== undefined) this.#write(statusToJson(torrent, snapshot));
    }
    for (const verification of verificationsOf(transfers)) {
      this.verifying(verification);
    }
  }

  end(transfers: readonly TransferState[]): void {
    this.refresh(transfers);
  }

  #write(value: JsonLine): void {
    const time = new Date().toISOString();
    this.#console.writeLine(printableJson({ time, ...value }));
  }
}

/** Lines, as for a log file. */
class LogDisplay implements PeerDisplay {
  readonly refreshMs: number = 5_000;
  readonly #console: Console;
  /** The last line for each torrent, which is not repeated. */
  readonly #lastStates = new Map<Torrent, string>();
  /** The last line for each tracker, by torrent and URL. */
  readonly #lastReplies = new Map<string, string>();

  constructor(console: Console) {
    this.#console = console;
  }

  listening({ port, takenPort }: ListeningPort): void {
    const taken = takenPort === undefined ? "" : ` (${takenPort} is taken)`;
    this.#console.writeLine(`listening on port ${port}${taken}`);
  }

  verifying({ torrent }: Verification): void {
    this.#write(torrent, "verifying what is on the disk");
  }

  found(findings: Findings): void {
    this.#write(findings.torrent, describeFindings(findings));
  }

  event(torrent: Torrent, event: SessionEvent): void {
    const text = describeEvent(event);
    if (text === undefined) return;
    if ("url" in event) {
      // Each retry of a tracker that is down fails in the same way.
      const key = `${torrent.infoHash} ${event.url}`;
      if (this.#lastReplies.get(key) === text) return;
      this.#lastReplies.set(key, text);
    }
    this.#write(torrent, text);
  }

  refresh(transfers: readonly TransferState[]): void {
    for (const { torrent, snapshot } of transfers) {
      if (snapshot === undefined) continue;
      const line = describeTransfer(snapshot);
      if (this.#lastStates.get(torrent) !== line) this.#console.writeLine(line);
      this.#lastStates.set(torrent, line);
    }
    for (const verification of verificationsOf(transfers)) {
      this.#write(verification.torrent, describeVerification(verification));
    }
  }

  end(transfers: readonly TransferState[]): void {
    for (const { torrent, snapshot } of transfers) {
      if (snapshot !== undefined) this.#write(torrent, describeEnd(snapshot));
    }
    for (const verification of verificationsOf(transfers)) {
      const text = describeVerification(verification);
      this.#write(verification.torrent, `ended while ${text}`);
    }
  }

  #write(torrent: Torrent, text: string): void {
    this.#console.writeLine(printable(`${torrent.name}: ${text}`));
  }
}

/** Lines above a live block. */
class TerminalDisplay extends LogDisplay {
  override readonly refreshMs = 250;
  readonly #block: LiveBlock;

  constructor(console: Console) {
    super(console);
    this.#block = console.openBlock();
  }

  override verifying(): void {
    // The block shows it at the next refresh.
  }

  override refresh(transfers: readonly TransferState[]): void {
    const { columns, rows } = this.#block.room();
    const verifying = verificationsOf(transfers).map((verification) =>
      renderNamed(
        verification.torrent.name,
        `: ${describeVerification(verification)}`,
        columns,
      )
    );
    const snapshots = transfers.flatMap(({ snapshot }) => snapshot ?? []);
    const list = renderTransferList(snapshots, {
      columns,
      rows: rows - verifying.length,
    });
    this.#block.show([...list, ...verifying]);
  }

  override end(transfers: readonly TransferState[]): void {
    this.#block[Symbol.dispose]();
    super.end(transfers);
  }
}

function verificationsOf(transfers: readonly TransferState[]): Verification[] {
  return transfers.flatMap(({ torrent, verification }) =>
    verification === undefined ? [] : [{ torrent, progress: verification }]
  );
}
