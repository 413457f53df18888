/**
 * Shows the work of `share`: lines and a live block on a terminal, lines now and
 * then elsewhere, JSON lines for programs, or nothing.
 *
 * @module
 */
import {
  type CreateTorrentProgress,
  cutName,
  type ListedShare,
  type Machines,
  magnetLinkOf,
  type PeerStore,
  type PreparedShare,
} from "../mod.ts";
import { invocationOf } from "./command_words.ts";
import type { Console } from "./console.ts";
import { printable, printableJson } from "./printable.ts";
import { fractionOf } from "./progress_bar.ts";
import { renderQrCode } from "./qr_code.ts";
import { formatSize, formatTimeLeft } from "./quantity.ts";
import type { ShareJob } from "./share_job.ts";
import {
  describeMachines,
  describeShare,
  formatShareStart,
  getFrom,
  type ShareRates,
  type ShareStart,
} from "./share_output.ts";
import type { TorrentRun } from "./torrent_run.ts";
import { MARGIN_COLUMNS, truncate } from "./transfer_view.ts";

/** The sources of what is shown. */
export interface ShareDisplayOptions {
  readonly console: Console;
  readonly machines: Machines;
  readonly store: PeerStore;
  /** The torrents that are seeded; they grow in number. */
  readonly runs: readonly TorrentRun[];
}

/** A share that has started. */
export interface StartedShare extends Omit<ShareStart, "get"> {
  readonly peerPort: number;
}

/** Shows the work of one `share`. Disposing of it ends the live block. */
export interface ShareDisplay extends Disposable {
  started(share: StartedShare): void;
  /** Other machines reach this one at these hosts and ports too. */
  reached(hosts: readonly string[]): void;
  /** The size of a share is known. */
  planned(
    name: string,
    plan: { readonly fileCount: number; readonly length: number },
  ): void;
  hashed(name: string, progress: CreateTorrentProgress): void;
  /** A share can be fetched. */
  ready(share: ListedShare, prepared: PreparedShare): void;
  leaving(): void;
}

/** The display that the job asks for. */
export function createShareDisplay(
  job: ShareJob,
  options: ShareDisplayOptions,
): ShareDisplay {
  if (job.json) return jsonDisplay(options);
  return linesDisplay(job, options);
}

/** Rates at which this machine sends and all machines receive, at present. */
function ratesOf({ runs, store }: ShareDisplayOptions): ShareRates {
  const own = runs.reduce((sum, { snapshot }) => {
    return sum + (snapshot?.uploadBytesPerSecond ?? 0);
  }, 0);
  return { own, all: store.totals().bytesPerSecond };
}

function jsonDisplay(options: ShareDisplayOptions): ShareDisplay {
  const { console, machines } = options;
  const write = (type: string, fields: Record<string, unknown>): void => {
    const time = new Date().toISOString();
    console.writeResult(printableJson({ time, type, ...fields }));
  };
  const status = (): void => {
    const { own, all } = ratesOf(options);
    const rates = {
      uploadRate: Math.round(own),
      totalRate: Math.round(Math.max(own, all)),
    };
    write("status", { ...machines.counts(), ...rates });
  };
  /** The share that is being hashed. */
  let hashing: { readonly name: string; readonly progress: number } | undefined;
  const timer = setInterval(() => {
    if (hashing !== undefined) write("hashing", hashing);
    status();
  }, 1_000);
  return {
    started: (share) => {
      const get = invocationOf("get");
      const line = share.isDiscovered ? get : getFrom(share.hosts[0]!, get);
      write("sharing", { ...share, get: line });
    },
    reached: (hosts) => write("reached", { hosts }),
    planned: (name, plan) => write("planned", { name, ...plan }),
    hashed: (name, { hashedLength, length }) => {
      hashing = { name, progress: fractionOf(hashedLength, length) };
    },
    ready: ({ id, name, path }, { torrent, isReused }) => {
      hashing = undefined;
      const { infoHash, geometry: { length } } = torrent;
      const magnet = magnetLinkOf(torrent);
      const hashed = !isReused;
      write("ready", { id, name, infoHash, magnet, length, path, hashed });
    },
    leaving: status,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** Time between two lines of a log, and between two drawings, in milliseconds. */
const REFRESH_MS = { log: 5_000, live: 250 } as const;

function linesDisplay(
  { quiet }: ShareJob,
  options: ShareDisplayOptions,
): ShareDisplay {
  const { console, machines } = options;
  const block = console.openBlock();
  const write = (line: string): void => {
    if (!quiet) console.writeLine(printable(line));
  };
  const startMs = performance.now();
  let hashing: string | undefined;
  let [hashedMs, lastLine] = [startMs, ""];
  const refresh = (): void => {
    const isSharing = options.runs.length > 0;
    const lines = [
      ...hashing === undefined ? [] : [hashing],
      ...isSharing
        ? [describeMachines(machines.counts(), ratesOf(options))]
        : [],
    ];
    if (console.isLive) {
      const { columns } = block.room();
      block.show(
        quiet
          ? []
          : lines.map((line) =>
            truncate(printable(line), columns - MARGIN_COLUMNS)
          ),
      );
    } else if (lines.join("\n") !== lastLine) {
      lastLine = lines.join("\n");
      lines.forEach(write);
    }
  };
  const refreshMs = console.isLive ? REFRESH_MS.live : REFRESH_MS.log;
  const timer = setInterval(refresh, refreshMs);
  return {
    started: (share) => {
      const { names, hosts } = share;
      const get = invocationOf("get");
      for (const line of formatShareStart({ ...share, get })) {
        console.writeLine(printable(line));
      }
      const code = quiet ? [] : renderQrCode(`http://${hosts[0]}/`);
      const { columns, rows } = block.room();
      // Each cell is one column wide; the colours take none.
      const hasRoom = console.isLive && code.length + names.length + 9 < rows &&
        code.length * 2 < columns;
      if (hasRoom) code.forEach((line) => console.writeLine(`  ${line}`));
    },
    reached: (hosts) => {
      for (const host of hosts) {
        console.writeLine(`  Now also at               http://${host}/`);
      }
    },
    planned: (name, plan) => {
      hashedMs = performance.now();
      write(describeShare(name, plan));
    },
    hashed: (_, { hashedLength, length }) => {
      const elapsed = (performance.now() - hashedMs) / 1000;
      const rate = hashedLength / elapsed;
      const percentage = Math.floor(fractionOf(hashedLength, length) * 100);
      const left = formatTimeLeft((length - hashedLength) / rate);
      const parts = [`${percentage} %`, `${formatSize(rate)}/s`, left];
      hashing = `Hashing ${
        parts.filter((part) => part !== "").join("  ")
      }; machines may join already`;
    },
    ready: ({ name }, { torrent, isReused }) => {
      hashing = undefined;
      const { files, geometry: { length } } = torrent;
      if (isReused) {
        write(describeShare(name, { fileCount: files.length, length }));
      }
      const magnet = magnetLinkOf(torrent);
      if (magnet !== undefined) write(`  For other clients         ${magnet}`);
      write(`${cutName(name)} is ready; Ctrl+C stops sharing it`);
      refresh();
    },
    leaving: () => {
      clearInterval(timer);
      refresh();
      block.show(["leaving; Ctrl+C again ends at once"]);
    },
    [Symbol.dispose]: () => {
      clearInterval(timer);
      block[Symbol.dispose]();
    },
  };
}
