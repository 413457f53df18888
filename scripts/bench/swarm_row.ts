/**
 * What the rows that share one file from one seeder have in common: the file, the
 * contenders, and the metrics that every such run has.
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

/** Metrics of every run in a swarm, by {@linkcode valuesOf}. */
export const SWARM_METRICS: readonly Metric[] = [
  { id: "seconds", label: "s to the last", decimals: 2 },
  { id: "throughput", label: "MiB/s", decimals: 0 },
  { id: "cpu", label: "CPU s/GiB", decimals: 2 },
  { id: "memory", label: "peak MiB", decimals: 0 },
];

/**
 * A run in numbers: the seconds until the last has it all, the throughput that
 * each leecher has at least had, the CPU seconds of all peers for each GiB that
 * was brought to a leecher, and the peak memory of the largest peer.
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

/** The largest; undefined if the system does not tell. */
function mebibytesOf(...bytes: (number | undefined)[]): number | undefined {
  const known = bytes.filter((bytes) => bytes !== undefined);
  return known.length === 0 ? undefined : Math.max(...known) / MEBIBYTE;
}

/** A row of one file, one seeder and some leechers. */
export interface SwarmRowOptions extends Omit<Row, "prepare" | "metrics"> {
  /** The file's, in bytes. */
  readonly length: number;
  readonly leecherCount: number;
  /** @default {{}} As fast as the machine. */
  readonly rates?: LinkRates;
  /** Metrics before those of every run. @default {[]} */
  readonly metrics?: readonly Metric[];
  /** Values of them. @default {none} */
  readonly measure?: (run: SwarmRun, length: number) => Values;
}

/** Makes the row. */
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
