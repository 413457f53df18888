/**
 * Row `million-peers`: a tracker with 1,000,000 peers in 10,000 torrents. How much
 * memory it has, how fast it is next to one that has hardly any, and how long it
 * keeps others waiting while it forgets them all.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { infoHashFromHex, scrape } from "../../../mod.ts";
import { runCommand } from "../../programs/running_program.ts";
import type { Metric, Participant, Row, Target, Values } from "../row.ts";
import { MEBIBYTE } from "../units.ts";
import { runAnnounceLoad } from "./announce_load.ts";
import { loadPeers } from "./load_peers.ts";
import { longestWait } from "./loop_probe.ts";
import { ourTracker, startOurTracker } from "./measured_tracker.ts";
import { sampleInfoHashes, writeInfoHashes } from "./sample_torrents.ts";

const TORRENT_COUNT = 10_000;
const PEER_COUNT = 1_000_000;

/** Silence after which the peers are forgotten: time enough to load and measure. */
const PEER_TIMEOUT_SECONDS = 120;
/** How long they may take to be forgotten after that, in milliseconds. */
const FORGETTING_TIMEOUT_MS = 300_000;
/** Torrents that are asked for at once. */
const SCRAPE_LENGTH = 50;
/** Runs of both trackers in turn, and how long each is. */
const RUN_COUNT = 5;
const RUN_SECONDS = 3;
/** How long others are watched while nothing is to be cleaned up, in seconds. */
const CALM_SECONDS = 10;
/** Time between two counts, in milliseconds. */
const COUNT_PAUSE_MS = 2_000;

const METRICS: readonly Metric[] = [
  { id: "memory", label: "MiB", decimals: 0 },
  { id: "rate", label: "announces/s", decimals: 0 },
  { id: "emptyRate", label: "announces/s, empty", decimals: 0 },
  { id: "share", label: "of the empty one's", decimals: 2 },
  { id: "hold", label: "ms, longest wait while it cleans up", decimals: 1 },
  { id: "calm", label: "ms, longest wait before", decimals: 1 },
];

const TARGETS: readonly Target[] = [
  limit("memory", "below", 400, "under 400 MiB"),
  limit("share", "at least", 0.7, "at least 0.7 of the empty one's speed"),
  limit("hold", "at most", 50, "never more than 50 ms"),
];

/** The row. */
export const LOADED_ROW: Row = {
  name: "million-peers",
  work: "1,000,000 peers in 10,000 torrents",
  metrics: METRICS,
  targets: TARGETS,
  async prepare({ folder }): Promise<Participant[]> {
    const infoHashes = sampleInfoHashes(TORRENT_COUNT);
    const infoHashFile = join(folder, "info-hashes");
    await writeInfoHashes(infoHashFile, infoHashes);
    const { name, missing } = ourTracker;
    const measureOurs = (): Promise<Values> =>
      measure({ folder, infoHashes, infoHashFile });
    return [{ name, missing, measure: measureOurs }];
  },
};

function limit(
  metric: string,
  limit: Target["limit"],
  value: number,
  text: string,
): Target {
  const reference = { type: "constant", value } as const;
  return { metric, text, limit, factor: 1, reference };
}

async function measure({ folder, infoHashes, infoHashFile }: {
  readonly folder: string;
  readonly infoHashes: readonly string[];
  readonly infoHashFile: string;
}): Promise<Values> {
  await using empty = await startOurTracker(folder);
  await using loaded = await startOurTracker(folder, [
    "--trust-proxy",
    `--peer-timeout=${PEER_TIMEOUT_SECONDS}`,
  ]);
  await loadPeers({ port: loaded.port, infoHashes, peerCount: PEER_COUNT });
  const rates: number[] = [];
  const emptyRates: number[] = [];
  for (let run = 0; run < RUN_COUNT; run++) {
    for (
      const [tracker, into] of [[empty, emptyRates], [loaded, rates]] as const
    ) {
      const { announcesPerSecond } = await runAnnounceLoad({
        port: tracker.port,
        infoHashFile,
        connection: "keep-alive",
        seconds: RUN_SECONDS,
      });
      into.push(announcesPerSecond);
    }
  }
  const peerCount = await countPeers(loaded.port, infoHashes);
  if (peerCount < PEER_COUNT) {
    throw new Error(`only ${peerCount} of ${PEER_COUNT} peers are there`);
  }
  const memory = await residentBytes(loaded.program.pid);
  const calm = await waitsDuring(loaded.port, delay(CALM_SECONDS * 1000));
  await untilCount(loaded.port, infoHashes, (count) => count < PEER_COUNT);
  const hold = await waitsDuring(
    loaded.port,
    untilCount(loaded.port, infoHashes, (count) => count === 0),
  );
  const [rate, emptyRate] = [median(rates), median(emptyRates)];
  return {
    memory: memory && memory / MEBIBYTE,
    rate,
    emptyRate,
    share: rate / emptyRate,
    hold,
    calm,
  };
}

/** The longest wait of anybody until something has happened. */
async function waitsDuring(
  port: number,
  event: Promise<void>,
): Promise<number> {
  const stopping = new AbortController();
  const [longestMs] = await Promise.all([
    longestWait(port, stopping.signal),
    event.finally(() => stopping.abort()),
  ]);
  return longestMs;
}

/** Looks at all torrents now and then until there are so many peers. */
async function untilCount(
  port: number,
  infoHashes: readonly string[],
  isReached: (count: number) => boolean,
): Promise<void> {
  const endMs = performance.now() + FORGETTING_TIMEOUT_MS;
  while (!isReached(await countPeers(port, infoHashes))) {
    if (performance.now() > endMs) {
      throw new Error("the peers are not forgotten in time");
    }
    await delay(COUNT_PAUSE_MS);
  }
}

/** How many peers the torrents have; asked for so that it costs the tracker next to nothing. */
async function countPeers(
  port: number,
  infoHashes: readonly string[],
): Promise<number> {
  let count = 0;
  for (let start = 0; start < infoHashes.length; start += SCRAPE_LENGTH) {
    const entries = await scrape(
      `http://127.0.0.1:${port}/announce`,
      infoHashes.slice(start, start + SCRAPE_LENGTH).map(infoHashFromHex),
    );
    for (const { complete, incomplete } of entries) {
      count += complete + incomplete;
    }
  }
  return count;
}

/** Memory that a process has now. [proc(5), `VmRSS`] */
async function residentBytes(pid: number): Promise<number | undefined> {
  const { stdout } = await runCommand("cat", [`/proc/${pid}/status`]);
  const kibibytes = /^VmRSS:\s*(\d+) kB$/m.exec(stdout)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >>> 1]!;
}
