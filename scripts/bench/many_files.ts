/**
 * Row `many-files`: a folder of 10,000 files with 200 MiB in total from one seeder to
 * one leecher, beside one file of 200 MiB.
 *
 * @module
 */
import { join } from "@std/path";
import { writeRandomFile } from "../programs/sample_file.ts";
import { Content } from "./content.ts";
import { contendersOn, OURS } from "./contender.ts";
import type { Participant, Row, RowOptions } from "./row.ts";
import { SWARM_METRICS, valuesOf } from "./swarm_row.ts";
import { runSwarm } from "./swarm_run.ts";
import { MEBIBYTE } from "./units.ts";

const LENGTH = 200 * MEBIBYTE;
const FILE_COUNT = 10_000;
const FILES_PER_FOLDER = 100;
const FOLDER_NAME = "folder";
const FILE_NAME = "file.bin";
const ONE_FILE = `${OURS}, one file`;

/** The row. */
export const manyFiles: Row = {
  name: "many-files",
  work: "10,000 files, 200 MiB in all, from one seeder to one leecher",
  metrics: SWARM_METRICS,
  targets: [{
    metric: "throughput",
    text: "at least 0.6 of one file of that size",
    limit: "at least",
    factor: 0.6,
    reference: { type: "bestOf", contenders: [ONE_FILE] },
  }],
  async prepare(
    { folder, network, size = LENGTH }: RowOptions,
  ): Promise<Participant[]> {
    await writeRandomFile(join(folder, FILE_NAME), size);
    await writeRandomFolder(join(folder, FOLDER_NAME), size);
    const oneFile = await Content.hash(folder, FILE_NAME);
    const manyFiles = await Content.hash(folder, FOLDER_NAME);
    const [ours, ...others] = contendersOn(network);
    return [
      { name: ours!.name, contender: ours!, content: manyFiles },
      { name: ONE_FILE, contender: ours!, content: oneFile },
      ...others.map((contender) => ({
        name: contender.name,
        contender,
        content: manyFiles,
      })),
    ].map(({ name, contender, content }) => ({
      name,
      missing: contender.missing,
      measure: async () =>
        valuesOf(
          await runSwarm(contender, {
            ...{ content, network, folder },
            leecherCount: 1,
          }),
          content.length,
        ),
    }));
  },
};

async function writeRandomFolder(path: string, length: number): Promise<void> {
  const fileLength = Math.floor(length / FILE_COUNT);
  for (let index = 0; index < FILE_COUNT; index++) {
    const parent = join(path, `${Math.floor(index / FILES_PER_FOLDER)}`);
    if (index % FILES_PER_FOLDER === 0) {
      await Deno.mkdir(parent, { recursive: true });
    }
    await writeRandomFile(join(parent, `${index}.bin`), fileLength);
  }
}
