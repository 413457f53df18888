/**
 * Shows the work of `get`: as `peer` does in JSON, and in fewer words for people, who
 * fetch one thing.
 *
 * @module
 */
import { join } from "@std/path";
import type { Console } from "./console.ts";
import { type Candidate, describeCandidate } from "./find_share.ts";
import type { GetJob } from "./get_job.ts";
import { createPeerDisplay, type PeerDisplay } from "./peer_display.ts";
import { describeVerification, type TorrentState } from "./peer_output.ts";
import { printable, printableJson, shown } from "./printable.ts";
import { fractionOf } from "./progress_bar.ts";
import {
  describeTime,
  formatSize,
  formatTimeLeft,
  plural,
} from "./quantity.ts";
import { MARGIN_COLUMNS, secondsLeft, truncate } from "./transfer_view.ts";

/** Shows the work of one `get`. */
export interface GetDisplay extends PeerDisplay {
  found(candidate: Candidate): void;
  /** The share is still being hashed. */
  waiting(candidate: Candidate): void;
}

/** The display that the job asks for. */
export function createGetDisplay(job: GetJob, console: Console): GetDisplay {
  const log = createPeerDisplay(job, console);
  if (!job.json && !job.quiet) return linesDisplay(job, console);
  const startMs = performance.now();
  const write = (type: string, candidate: Candidate): void => {
    const { id, name, sizeBytes, hostName, hosts } = candidate;
    const time = new Date().toISOString();
    const afterMs = Math.round(performance.now() - startMs);
    const length = sizeBytes ?? null;
    const fields = { id, name, length, hostName, hosts, afterMs };
    if (job.json) {
      console.writeResult(printableJson({ time, type, ...fields }));
    }
  };
  return {
    ...log,
    found: (candidate) => write("found", candidate),
    waiting: (candidate) => write("waiting", candidate),
  };
}

/** One line on a terminal, lines now and then elsewhere. */
function linesDisplay(job: GetJob, console: Console): GetDisplay {
  const block = console.openBlock();
  const write = (line: string): void => {
    block.show([]);
    console.writeLine(printable(line));
  };
  let startMs = performance.now();
  const ending = job.exitWhenComplete
    ? ""
    : ". Helping the others; Ctrl+C to stop.";
  let lastLine = "";
  return {
    refreshMs: console.isLive ? 250 : 5_000,
    found: (candidate) => write(describeCandidate(candidate)),
    waiting: ({ name, hostName }) =>
      write(
        `${hostName === "" ? "that machine" : shown(hostName)} still hashes ${
          shown(name)
        }; it is fetched as soon as that is done`,
      ),
    listening: () => {},
    news: ({ name, geometry: { length } }, news) => {
      if (news.type === "verified") {
        startMs = performance.now();
        const { verifiedLength } = news.snapshot;
        if (verifiedLength === length) {
          write(`${shown(name)} is here already, and verified${ending}`);
        } else if (verifiedLength > 0) {
          write(`${formatSize(verifiedLength)} of it is here already`);
        }
      } else if (news.type === "completed") {
        const time = describeTime((performance.now() - startMs) / 1000);
        write(
          `${shown(name)} is complete and verified: ${
            formatSize(length)
          } in ${time}${ending}`,
        );
      } else if (news.type === "sourceMissing") {
        write("no machine here has the rest at present; waiting for one");
      } else if (news.type === "peerBanned") {
        write(`${news.hostname} sent corrupt data; it is banned`);
      }
    },
    refresh: ([state]) => {
      if (state === undefined) return;
      const line = printable(describeState(state, job.dir));
      if (console.isLive) {
        block.show([truncate(line, block.room().columns - MARGIN_COLUMNS)]);
      } else if (line !== lastLine) console.writeLine(line);
      lastLine = line;
    },
    leaving: () => block.show(["leaving; Ctrl+C again ends at once"]),
    end: () => block[Symbol.dispose](),
  };
}

/** ` 34 %  112 MiB/s from 9 machines  6:10 left  → ./images` */
export function describeState(
  { torrent, snapshot, verification }: TorrentState,
  dir: string,
): string {
  if (verification !== undefined) {
    return describeVerification(torrent, verification);
  }
  if (snapshot === undefined) return "";
  const { state, length, verifiedLength, peers } = snapshot;
  const machines = (count: number): string => plural(count, "machine");
  if (state === "seeding") {
    const served = peers.filter((peer) => peer.uploadBytesPerSecond > 0);
    const rate = formatSize(snapshot.uploadBytesPerSecond);
    return served.length === 0
      ? "nobody needs anything from here at present"
      : `${rate}/s to ${machines(served.length)}`;
  }
  const percentage = Math.floor(fractionOf(verifiedLength, length) * 100);
  const sources = peers.filter((peer) => peer.downloadBytesPerSecond > 0);
  const parts = [
    `${percentage} %`.padStart(5),
    `${formatSize(snapshot.downloadBytesPerSecond)}/s from ${
      machines(sources.length)
    }`,
    formatTimeLeft(secondsLeft(snapshot)),
    `→ ${dir === "." ? "./" : join(dir, "/")}${shown(torrent.name)}`,
  ];
  return parts.filter((part) => part !== "").join("  ");
}
