/**
 * Rows `connection-each` and `keep-alive`: the announces a second that a tracker
 * answers, on a new connection for each or on persistent ones; opentracker closes
 * after every answer, in the second row too. Row `connection-burst`: 1,000 hosts that
 * connect within 0.1 s, as after a power failure. The system queues 128 connections
 * that are not accepted yet, and a host whose attempt is dropped tries again after a
 * second.
 */
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { writeInfoHashes } from "../../clients/stock_clients.ts";
import { executablesMissing } from "../../compile/targets.ts";
import { EXECUTABLE, withExecutables } from "../contender.ts";
import {
  constantTarget,
  multipleTarget,
  OURS,
  type Row,
  type Values,
} from "../row.ts";
import { runAnnounceLoad, sampleInfoHashes } from "./announce_load.ts";
import {
  announceOnce,
  opentracker,
  ourTracker,
  startOurTracker,
} from "./measured_tracker.ts";

const TORRENT_COUNT = 1_000;
/** Time in which all peers join and the code becomes hot, in seconds. */
const WARM_UP_SECONDS = 2;
const RUN_SECONDS = 5;

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
    readonly factor: number;
  },
): Row {
  return {
    name,
    work,
    metrics: [
      { id: "rate", label: "announces/s", decimals: 0 },
      { id: "p99", label: "99th percentile, ms", decimals: 2 },
    ],
    targets: [
      multipleTarget(
        ["rate", "at least", factor],
        [opentracker.name],
        `at least ${factor.toFixed(1)} × opentracker`,
      ),
      constantTarget("p99", "below", 10, "below 10 ms"),
    ],
    prepare: async ({ folder }) => {
      const infoHashes = sampleInfoHashes(TORRENT_COUNT);
      const infoHashFile = join(folder, "info-hashes");
      await writeInfoHashes(infoHashFile, infoHashes);
      return [ourTracker, opentracker].map(({ name, missing, start }) => ({
        name,
        missing,
        measure: async () => {
          await using running = await start(folder, infoHashes);
          const { port } = running;
          const load = { port, infoHashFile, connection };
          await runAnnounceLoad({ ...load, seconds: WARM_UP_SECONDS });
          const { announcesPerSecond: rate, p99Ms: p99 } =
            await runAnnounceLoad({ ...load, seconds: RUN_SECONDS });
          await announceOnce(port, infoHashes.at(-1)!);
          return { rate, p99 };
        },
      }));
    },
  };
}

const HOST_COUNT = 1_000;
const BURST_MS = 100;

export const BURST_ROW: Row = {
  name: "connection-burst",
  work: "1,000 hosts connect within 0.1 s and announce",
  metrics: [
    { id: "seconds", label: "s until the last answer", decimals: 2 },
    { id: "answers", label: "answered", decimals: 0 },
  ],
  targets: [
    constantTarget("answers", "at least", HOST_COUNT, "all 1,000 answered"),
    constantTarget("seconds", "at most", 1.5, "at most 1.5 s"),
  ],
  prepare: async ({ folder }) => {
    const missing = await executablesMissing();
    const measure = async (isExecutable: boolean): Promise<Values> => {
      const toHost = isExecutable ? withExecutables : undefined;
      await using tracker = await startOurTracker(folder, [], toHost);
      return await measureBurst(tracker.port);
    };
    return [
      { name: EXECUTABLE.name, missing, measure: () => measure(true) },
      { name: OURS, missing: undefined, measure: () => measure(false) },
    ];
  },
};

async function measureBurst(port: number): Promise<Values> {
  const [infoHash] = sampleInfoHashes(1);
  const startMs = performance.now();
  const ends = await Promise.allSettled(
    Array.from({ length: HOST_COUNT }, async (_, host) => {
      await delay(host / HOST_COUNT * BURST_MS);
      await announceOnce(port, infoHash!, host);
      return performance.now();
    }),
  );
  const answered = ends.filter((end) => end.status === "fulfilled");
  const lastMs = Math.max(...answered.map(({ value }) => value));
  return { seconds: (lastMs - startMs) / 1000, answers: answered.length };
}
