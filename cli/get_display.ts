/**
 * Shows the work of `get`: as `peer` does in JSON, and in fewer words for people, who
 * fetch one thing.
 */
import { join } from "@std/path";
import { describeCandidate } from "./find_share.ts";
import type { JobOutput } from "./console.ts";
import {
  createPeerDisplay,
  describeNews,
  describeVerification,
  type PeerDisplay,
  type TorrentState,
} from "./peer_display.ts";
import type { PeerJob } from "./peer_job.ts";
import { shown } from "./printable.ts";
import { fractionOf, secondsLeft } from "./progress_bar.ts";
import {
  describeDuration,
  formatSize,
  formatTimeLeft,
  plural,
} from "./quantity.ts";
import type { Candidate } from "./share_search.ts";

export interface GetDisplay extends PeerDisplay {
  searching(): void;
  /** A question follows, with nothing below it. */
  asking(): void;
  found(candidate: Candidate): void;
  /** The share is still being hashed. */
  waiting(candidate: Candidate): void;
}

/** News in the words of `peer`. */
const AS_IN_PEER = ["takingOldFiles", "oldFilesTaken", "paused", "resumed"];

export function createGetDisplay(
  { dir, exitWhenComplete, json }: PeerJob,
  output: JobOutput,
): GetDisplay {
  const foundMs = performance.now();
  const write = (line: string): void => {
    // The live block is out of date until the next refresh.
    output.state([]);
    output.line(line);
  };
  const writeCandidate = (type: string, candidate: Candidate): void => {
    const { id, name, sizeBytes, hostName, hosts } = candidate;
    const afterMs = Math.round(performance.now() - foundMs);
    const length = sizeBytes ?? null;
    output.value({ type, id, name, length, hostName, hosts, afterMs });
  };
  const search = {
    searching: () => {
      if (output.form === "live") output.state(["looking for shares"]);
    },
    asking: () => output.state([]),
    found: (candidate: Candidate) => {
      writeCandidate("found", candidate);
      write(describeCandidate(candidate));
    },
    waiting: (candidate: Candidate) => {
      writeCandidate("waiting", candidate);
      const { name, hostName } = candidate;
      const machine = hostName === "" ? "that machine" : shown(hostName);
      const work = `${machine} still hashes ${shown(name)}`;
      write(`${work}; it is fetched as soon as that is done`);
    },
  };
  if (json) return { ...createPeerDisplay(output), ...search };
  let startMs = foundMs;
  let length = 0;
  let startLength = 0;
  let part = "";
  const ending = exitWhenComplete
    ? ""
    : ". Helping the others; Ctrl+C to stop.";
  return {
    ...search,
    listening: () => {},
    news: (torrent, news) => {
      const { name, geometry } = torrent;
      if (news.type === "verified") {
        startMs = performance.now();
        const { verifiedLength, pieceCount } = news.snapshot;
        length = news.snapshot.length;
        startLength = verifiedLength;
        if (pieceCount < geometry.pieceCount) {
          part = "the wanted part of ";
          write(`${formatSize(length)} of it is wanted`);
        }
        if (verifiedLength === length) {
          write(`${part}${shown(name)} is here already, and verified${ending}`);
        } else if (verifiedLength > 0) {
          write(`${formatSize(verifiedLength)} of it is here already`);
        }
      } else if (news.type === "completed") {
        const seconds = (performance.now() - startMs) / 1000;
        const figures = describeFetched({ length, startLength, seconds });
        const what = `${part}${shown(name)}`;
        write(`${what} is complete and verified: ${figures}${ending}`);
      } else if (AS_IN_PEER.includes(news.type)) {
        write(describeNews(torrent, news)!);
      } else if (news.type === "sourceMissing") {
        write("no machine here has the rest at present; waiting for one");
      } else if (news.type === "peerBanned") {
        write(`${news.hostname} sent corrupt data; it is banned`);
      }
    },
    refresh: ([state]) => {
      if (state !== undefined) output.state([describeState(state, dir)]);
    },
    end: () => {},
  };
}

/** `58.4 GiB in 8 min 51 s`, or `58.4 GiB, 3 GiB of it fetched in 25 s` */
export function describeFetched(
  { length, startLength, seconds }: {
    readonly length: number;
    /** Content that was there at the start. */
    readonly startLength: number;
    readonly seconds: number;
  },
): string {
  const time = describeDuration(Math.max(1, Math.round(seconds)));
  if (startLength === 0) return `${formatSize(length)} in ${time}`;
  const fetched = formatSize(length - startLength);
  return `${formatSize(length)}, ${fetched} of it fetched in ${time}`;
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
  if (snapshot.isPaused) return "paused by the share";
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
  const rate = formatSize(snapshot.downloadBytesPerSecond);
  const isAlone = peers.length === 0 && snapshot.downloadBytesPerSecond === 0;
  const parts = [
    `${percentage} %`.padStart(5),
    isAlone
      ? "waiting: connected to no machine"
      : `${rate}/s from ${machines(sources.length)}`,
    formatTimeLeft(secondsLeft(snapshot)),
    `→ ${dir === "." ? "./" : join(dir, "/")}${shown(torrent.name)}`,
  ];
  return parts.filter((part) => part !== "").join("  ");
}
