/**
 * Rows `connection-each` and `keep-alive`: announces a second that a tracker
 * answers, on a connection of its own for each or on one that stays. opentracker
 * closes after every answer, so in the second row it does what it can.
 *
 * @module
 */
import { join } from "@std/path";
import type { Metric, Participant, Row, Target, Values } from "../row.ts";
import { runAnnounceLoad } from "./announce_load.ts";
import {
  checkAnswer,
  type MeasuredTracker,
  opentracker,
  ourTracker,
} from "./measured_tracker.ts";
import { sampleInfoHashes, writeInfoHashes } from "./sample_torrents.ts";

/** Torrents that are announced. */
const TORRENT_COUNT = 1_000;
/** In which all peers join and the code becomes hot, in seconds. */
const WARM_UP_SECONDS = 2;
/** How long a run is, in seconds. */
const RUN_SECONDS = 5;
/** What the slowest hundredth may take, in milliseconds. */
const MAX_P99_MS = 10;

/** What `wrk` measures of a tracker. */
export const LOAD_METRICS: readonly Metric[] = [
  { id: "rate", label: "announces/s", decimals: 0 },
  { id: "p99", label: "99th percentile, ms", decimals: 2 },
];

const BELOW_MAX_P99: Target = {
  metric: "p99",
  text: `below ${MAX_P99_MS} ms`,
  limit: "below",
  factor: 1,
  reference: { type: "constant", value: MAX_P99_MS },
};

/** The rows. */
export const ANNOUNCE_ROWS: readonly Row[] = [
  announceRow("connection-each", "a connection for each announce", {
    connection: "close",
    factor: 1,
  }),
  announceRow("keep-alive", "announces on connections that stay", {
    connection: "keep-alive",
    factor: 3,
  }),
];

function announceRow(
  name: string,
  work: string,
  { connection, factor }: {
    readonly connection: "close" | "keep-alive";
    /** What ours is to reach, as a multiple of opentracker's. */
    readonly factor: number;
  },
): Row {
  return {
    name,
    work,
    metrics: LOAD_METRICS,
    targets: [atLeastOpentracker(factor), BELOW_MAX_P99],
    async prepare({ folder }): Promise<Participant[]> {
      const infoHashes = sampleInfoHashes(TORRENT_COUNT);
      const infoHashFile = join(folder, "info-hashes");
      await writeInfoHashes(infoHashFile, infoHashes);
      return [ourTracker, opentracker].map((tracker) => ({
        name: tracker.name,
        missing: tracker.missing,
        measure: () =>
          measure(tracker, { folder, infoHashes, infoHashFile, connection }),
      }));
    },
  };
}

function atLeastOpentracker(factor: number): Target {
  return {
    metric: "rate",
    text: `at least ${factor.toFixed(1)} × opentracker`,
    limit: "at least",
    factor,
    reference: { type: "bestOf", contenders: [opentracker.name] },
  };
}

async function measure(
  tracker: MeasuredTracker,
  { folder, infoHashes, infoHashFile, connection }: {
    readonly folder: string;
    readonly infoHashes: readonly string[];
    readonly infoHashFile: string;
    readonly connection: "close" | "keep-alive";
  },
): Promise<Values> {
  await using running = await tracker.start(folder, infoHashes);
  const { port } = running;
  const load = { port, infoHashFile, connection };
  await runAnnounceLoad({ ...load, seconds: WARM_UP_SECONDS });
  const result = await runAnnounceLoad({ ...load, seconds: RUN_SECONDS });
  await checkAnswer(port, infoHashes.at(-1)!);
  return { rate: result.announcesPerSecond, p99: result.p99Ms };
}
