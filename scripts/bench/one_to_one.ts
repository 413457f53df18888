/**
 * Row `one-to-one`: 1 GiB in pieces of 256 KiB from one seeder to one leecher, the
 * throughput and what it costs in CPU time.
 *
 * @module
 */
import { join } from "@std/path";
import { writeRandomFile } from "../programs/sample_file.ts";
import { Content } from "./content.ts";
import { CONTENDERS } from "./contender.ts";
import type { Participant, Row, RowOptions, Values } from "./row.ts";
import { runSwarm } from "./swarm_run.ts";

const MEBIBYTE = 1024 * 1024;
const GIBIBYTE = 1024 * MEBIBYTE;
const FILE_NAME = "benchmark.bin";

/** The row. */
export const oneToOne: Row = {
  name: "one-to-one",
  work: "1 GiB, one seeder to one leecher",
  metrics: [
    { id: "seconds", label: "seconds", decimals: 2 },
    { id: "throughput", label: "MiB/s", decimals: 0 },
    { id: "cpu", label: "CPU s/GiB", decimals: 2 },
    { id: "memory", label: "peak MiB", decimals: 0 },
  ],
  targets: [
    {
      metric: "throughput",
      text: "at least 2.5 × the fastest of libtorrent, aria2 and webtorrent",
      limit: "at least",
      factor: 2.5,
      reference: {
        type: "bestOf",
        contenders: ["libtorrent", "aria2", "webtorrent"],
      },
    },
    {
      metric: "cpu",
      text: "below the lowest of libtorrent, aria2 and webtorrent",
      limit: "at most",
      factor: 1,
      reference: {
        type: "bestOf",
        contenders: ["libtorrent", "aria2", "webtorrent"],
      },
    },
  ],
  async prepare(
    { folder, network, size = GIBIBYTE }: RowOptions,
  ): Promise<Participant[]> {
    await writeRandomFile(join(folder, FILE_NAME), size);
    const content = await Content.hash(folder, FILE_NAME);
    return CONTENDERS.map((contender) => ({
      name: contender.name,
      missing: contender.missing,
      async measure(): Promise<Values> {
        const run = await runSwarm(contender, {
          ...{ content, network, folder },
          leecherCount: 1,
        });
        const seconds = Math.max(...run.seconds);
        return {
          seconds,
          throughput: size / MEBIBYTE / seconds,
          cpu: run.cpuSeconds && run.cpuSeconds * GIBIBYTE / size,
          memory: run.peakMemoryBytes && run.peakMemoryBytes / MEBIBYTE,
        };
      },
    }));
  },
};
