/**
 * Row `full-tracker`: a tracker with 100,000 peers in 1,000 torrents: its memory, its
 * speed beside one that has hardly any peers, and the longest wait of a request
 * while it forgets them all.
 */
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { infoHashFromHex, scrape } from "../../../mod.ts";
import { writeInfoHashes } from "../../clients/stock_clients.ts";
import {
  constantTarget,
  MEBIBYTE,
  percentile,
  type Row,
  type Values,
} from "../row.ts";
import { readProcessUsage } from "../swarm_run.ts";
import {
  loadPeers,
  runAnnounceLoad,
  sampleInfoHashes,
} from "./announce_load.ts";
import { ourTracker, startOurTracker } from "./measured_tracker.ts";

const TORRENT_COUNT = 1_000;
const PEER_COUNT = 100_000;
/** Time after which the tracker forgets peers: long enough to load and measure. */
const PEER_TIMEOUT_SECONDS = 120;
/** Longest time that the tracker takes to forget them after that. */
const FORGETTING_TIMEOUT_MS = 300_000;
const SCRAPE_LENGTH = 50;
/** Runs of both trackers in turn, and the duration of each. */
const RUN_COUNT = 5;
const RUN_SECONDS = 3;
/** Duration of the probe before the tracker forgets peers, in seconds. */
const CALM_SECONDS = 10;
const COUNT_PAUSE_MS = 2_000;

export const LOADED_ROW: Row = {
  name: "full-tracker",
  work: "100,000 peers in 1,000 torrents",
  metrics: [
    { id: "memory", label: "MiB", decimals: 0 },
    { id: "rate", label: "announces/s", decimals: 0 },
    { id: "emptyRate", label: "announces/s, empty", decimals: 0 },
    { id: "share", label: "of the empty one's", decimals: 2 },
    { id: "hold", label: "ms, longest wait while it cleans up", decimals: 1 },
    { id: "calm", label: "ms, longest wait before", decimals: 1 },
  ],
  targets: [
    constantTarget("memory", "below", 150, "under 150 MiB"),
    constantTarget(
      ...["share", "at least", 0.7] as const,
      "at least 0.7 of the empty one's speed",
    ),
    constantTarget("hold", "at most", 50, "never more than 50 ms"),
  ],
  prepare: async ({ folder }) => {
    const infoHashes = sampleInfoHashes(TORRENT_COUNT);
    await writeInfoHashes(join(folder, "info-hashes"), infoHashes);
    const { name, missing } = ourTracker;
    return [{ name, missing, measure: () => measure(folder, infoHashes) }];
  },
};

async function measure(
  folder: string,
  infoHashes: readonly string[],
): Promise<Values> {
  await using empty = await startOurTracker(folder);
  await using loaded = await startOurTracker(folder, [
    "--trust-proxy",
    `--peer-timeout=${PEER_TIMEOUT_SECONDS}`,
  ]);
  await loadPeers({ port: loaded.port, infoHashes, peerCount: PEER_COUNT });
  const rates: number[] = [];
  const emptyRates: number[] = [];
  const load = async (port: number, into: number[]): Promise<void> => {
    const { announcesPerSecond } = await runAnnounceLoad({
      ...{ port, infoHashFile: join(folder, "info-hashes") },
      ...{ connection: "keep-alive", seconds: RUN_SECONDS },
    });
    into.push(announcesPerSecond);
  };
  for (let run = 0; run < RUN_COUNT; run++) {
    await load(empty.port, emptyRates);
    await load(loaded.port, rates);
  }
  const peerCount = await countPeers(loaded.port, infoHashes);
  if (peerCount < PEER_COUNT) {
    throw new Error(`only ${peerCount} of ${PEER_COUNT} peers are there`);
  }
  const usage = await readProcessUsage(loaded.program.pid);
  const calm = await waitsDuring(loaded.port, delay(CALM_SECONDS * 1000));
  await untilCount(loaded.port, infoHashes, (count) => count < PEER_COUNT);
  const hold = await waitsDuring(
    loaded.port,
    untilCount(loaded.port, infoHashes, (count) => count === 0),
  );
  const [rate, emptyRate] = [rates, emptyRates]
    .map((values) => percentile(values, 0.5)) as [number, number];
  return {
    memory: usage && usage.memoryBytes / MEBIBYTE,
    share: rate / emptyRate,
    ...{ rate, emptyRate, hold, calm },
  };
}

/** The longest time of a cheap request until an event. */
async function waitsDuring(
  port: number,
  event: Promise<void>,
): Promise<number> {
  let isOver = false;
  const [longestMs] = await Promise.all([
    longestWait(port, () => isOver),
    event.finally(() => isOver = true),
  ]);
  return longestMs;
}

async function longestWait(
  port: number,
  isOver: () => boolean,
): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const request = new TextEncoder().encode(
    "GET /healthz HTTP/1.1\r\nHost: tracker\r\n\r\n",
  );
  const answer = new Uint8Array(4096);
  let longestMs = 0;
  while (!isOver()) {
    const startMs = performance.now();
    await connection.write(request);
    if (await connection.read(answer) === null) {
      throw new Error("Cannot probe the tracker: it closed the connection");
    }
    longestMs = Math.max(longestMs, performance.now() - startMs);
    await delay(1);
  }
  return longestMs;
}

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

/** The peers of all torrents, by scrapes, which cost the tracker little. */
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
