/**
 * Rows `connection-each` and `keep-alive`: the announces a second that a tracker
 * answers, on a new connection for each or on persistent ones. opentracker closes
 * after every answer, in the second row too.
 *
 * @module
 */
import { join } from "@std/path";
import {
  constantTarget,
  type Participant,
  type Row,
  type Values,
} from "../row.ts";
import {
  runAnnounceLoad,
  sampleInfoHashes,
  writeInfoHashes,
} from "./announce_load.ts";
import { checkAnswer, opentracker, ourTracker } from "./measured_tracker.ts";

const TORRENT_COUNT = 1_000;
/** Time in which all peers join and the code becomes hot, in seconds. */
const WARM_UP_SECONDS = 2;
const RUN_SECONDS = 5;

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
    /** Target for ours, as a multiple of opentracker. */
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
      {
        metric: "rate",
        text: `at least ${factor.toFixed(1)} × opentracker`,
        limit: "at least",
        factor,
        reference: { type: "bestOf", contenders: [opentracker.name] },
      },
      constantTarget("p99", "below", 10, "below 10 ms"),
    ],
    async prepare({ folder }): Promise<Participant[]> {
      const infoHashes = sampleInfoHashes(TORRENT_COUNT);
      const infoHashFile = join(folder, "info-hashes");
      await writeInfoHashes(infoHashFile, infoHashes);
      return [ourTracker, opentracker].map(({ name, missing, start }) => ({
        name,
        missing,
        async measure(): Promise<Values> {
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
