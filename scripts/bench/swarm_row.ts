/**
 * The rows that share one file from one seeder: the file, the clients, and the
 * metrics of every such run.
 *
 * @module
 */
import { join } from "@std/path";
import { writeRandomFile } from "../programs/sample_file.ts";
import { Content } from "./content.ts";
import { contendersOn } from "./contender.ts";
import type { LinkRates } from "./network.ts";
import type { Metric, Participant, Row, RowOptions, Values } from "./row.ts";
import { runSwarm, type SwarmRun } from "./swarm_run.ts";
import { GIBIBYTE, MEBIBYTE } from "./units.ts";

const FILE_NAME = "benchmark.bin";

/** The metrics of {@linkcode valuesOf}. */
export const SWARM_METRICS: readonly Metric[] = [
  { id: "seconds", label: "s to the last", decimals: 2 },
  { id: "throughput", label: "MiB/s", decimals: 0 },
  { id: "cpu", label: "CPU s/GiB", decimals: 2 },
  { id: "memory", label: "peak MiB", decimals: 0 },
];

/**
 * The values of a run: the seconds until the last leecher completes, the lowest
 * throughput of a leecher, the CPU seconds of all peers per GiB that a leecher
 * received, and the highest peak memory of a peer.
 */
export function valuesOf(run: SwarmRun, length: number): Values {
  const seconds = Math.max(...run.seconds);
  const gibibytes = run.seconds.length * length / GIBIBYTE;
  return {
    seconds,
    throughput: length / MEBIBYTE / seconds,
    cpu: run.cpuSeconds && run.cpuSeconds / gibibytes,
    memory: mebibytesOf(run.seederMemoryBytes, run.leecherMemoryBytes),
  };
}

/** The largest value; undefined if the system does not report any. */
function mebibytesOf(...bytes: (number | undefined)[]): number | undefined {
  const known = bytes.filter((bytes) => bytes !== undefined);
  return known.length === 0 ? undefined : Math.max(...known) / MEBIBYTE;
}

/** A row of one file, one seeder and some leechers. */
export interface SwarmRowOptions extends Omit<Row, "prepare" | "metrics"> {
  /** Length of the file, in bytes. */
  readonly length: number;
  readonly leecherCount: number;
  /** @default {{}} No limits. */
  readonly rates?: LinkRates;
  /** Additional metrics, which come first. @default {[]} */
  readonly metrics?: readonly Metric[];
  /** Their values. @default {none} */
  readonly measure?: (run: SwarmRun, length: number) => Values;
}

/** Creates the row. */
export function swarmRow(options: SwarmRowOptions): Row {
  const { leecherCount, rates, metrics = [], measure, length, ...row } =
    options;
  return {
    ...row,
    metrics: [...metrics, ...SWARM_METRICS],
    async prepare(
      { folder, network, size = length }: RowOptions,
    ): Promise<Participant[]> {
      await writeRandomFile(join(folder, FILE_NAME), size);
      const content = await Content.hash(folder, FILE_NAME);
      return contendersOn(network).map((contender) => ({
        name: contender.name,
        missing: contender.missing,
        async measure(): Promise<Values> {
          const swarm = { content, network, folder, leecherCount, rates };
          const run = await runSwarm(contender, swarm);
          return { ...measure?.(run, size), ...valuesOf(run, size) };
        },
      }));
    },
  };
}
