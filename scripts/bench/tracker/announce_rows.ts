/**
 * Rows `connection-each` and `keep-alive`: the announces a second that a tracker
 * answers, on a new connection for each or on persistent ones; opentracker closes
 * after every answer, in the second row too. Row `connection-burst`: 1,000 hosts that
 * connect within 0.1 s, as after a power failure. The system queues 128 connections
 * that are not accepted yet, and a host whose attempt is dropped tries again after a
 * second.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import {
  EXECUTABLE,
  executablesMissing,
  OURS,
  withExecutables,
} from "../contender.ts";
import {
  constantTarget,
  multipleTarget,
  type Row,
  type Values,
} from "../row.ts";
import {
  percentEscaped,
  runAnnounceLoad,
  sampleInfoHashes,
  writeInfoHashes,
} from "./announce_load.ts";
import {
  checkAnswer,
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
          await checkAnswer(port, infoHashes.at(-1)!);
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
  const escaped = percentEscaped(infoHash!);
  const startMs = performance.now();
  const ends = await Promise.allSettled(
    Array.from({ length: HOST_COUNT }, async (_, host) => {
      await delay(host / HOST_COUNT * BURST_MS);
      await announce(
        port,
        `/announce?info_hash=${escaped}&port=${1024 + host}` +
          `&peer_id=-LS0000-${`${host}`.padStart(12, "0")}` +
          "&uploaded=0&downloaded=0&left=1&compact=1",
      );
      return performance.now();
    }),
  );
  const answered = ends.filter((end) => end.status === "fulfilled");
  const lastMs = Math.max(...answered.map(({ value }) => value));
  return { seconds: (lastMs - startMs) / 1000, answers: answered.length };
}

/** @throws {Error} If the tracker does not answer with peers. */
async function announce(port: number, path: string): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const head = `GET ${path} HTTP/1.1\r\nHost: tracker\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head));
  const answer = new Uint8Array(4096);
  const length = await connection.read(answer);
  const text = new TextDecoder().decode(answer.subarray(0, length ?? 0));
  if (!/^HTTP\/1\.1 200 .*8:interval/s.test(text)) {
    throw new Error(`Cannot announce: the tracker answers ${text}`);
  }
}
