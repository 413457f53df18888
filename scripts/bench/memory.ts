/**
 * Row `memory`: the peak memory of seeder and leecher, for files of 1 GiB and 16 GiB
 * that are verified and shared whole. Such files do not fit into memory, so they are
 * on the disk; the seeder's is sparse. The copies are not compared: one that was
 * never written would be equal too.
 *
 * @module
 */
import { join } from "@std/path";
import { Content } from "./content.ts";
import { type Contender, CONTENDERS } from "./contender.ts";
import type { NetworkKind } from "./network.ts";
import type { Metric, Participant, Row, RowOptions, Values } from "./row.ts";
import { runSwarm } from "./swarm_run.ts";
import { GIBIBYTE, MEBIBYTE } from "./units.ts";

const SMALL_LENGTH = GIBIBYTE;
const LARGE_LENGTH = 16 * GIBIBYTE;
const LIMIT_MEBIBYTES = 150;

const METRICS: readonly Metric[] = [
  { id: "smallSeeder", label: "MiB, seeder of 1 GiB", decimals: 0 },
  { id: "smallLeecher", label: "MiB, leecher of 1 GiB", decimals: 0 },
  { id: "largeSeeder", label: "MiB, seeder of 16 GiB", decimals: 0 },
  { id: "largeLeecher", label: "MiB, leecher of 16 GiB", decimals: 0 },
];

/** The row. */
export const memory: Row = {
  name: "memory",
  work: "peak memory of one peer, 1 GiB and 16 GiB, files on the disk",
  needsDisk: true,
  metrics: METRICS,
  targets: METRICS.map(({ id }) => ({
    metric: id,
    text: `under ${LIMIT_MEBIBYTES} MiB`,
    limit: "below",
    factor: 1,
    reference: { type: "constant", value: LIMIT_MEBIBYTES },
  })),
  async prepare(
    { folder, network, size = LARGE_LENGTH }: RowOptions,
  ): Promise<Participant[]> {
    const small = await makeSparse(folder, Math.min(size, SMALL_LENGTH));
    const large = await makeSparse(folder, size);
    // Only ours has a limit.
    const ours = CONTENDERS[0]!;
    return [{
      name: ours.name,
      missing: ours.missing,
      async measure(): Promise<Values> {
        const setup = { network, folder };
        const [smallSeeder, smallLeecher] = await peakMebibytes(ours, {
          ...setup,
          content: small,
        });
        const [largeSeeder, largeLeecher] = await peakMebibytes(ours, {
          ...setup,
          content: large,
        });
        return { smallSeeder, smallLeecher, largeSeeder, largeLeecher };
      },
    }];
  },
};

async function makeSparse(folder: string, length: number): Promise<Content> {
  const name = `${length}.bin`;
  using file = await Deno.open(join(folder, name), {
    write: true,
    create: true,
  });
  await file.truncate(length);
  return await Content.hash(folder, name);
}

/** Peak memory of the seeder and of the leecher. */
async function peakMebibytes(
  contender: Contender,
  setup: {
    readonly network: NetworkKind;
    readonly folder: string;
    readonly content: Content;
  },
): Promise<(number | undefined)[]> {
  const run = await runSwarm(contender, {
    ...setup,
    leecherCount: 1,
    isCompared: false,
  });
  return [run.seederMemoryBytes, run.leecherMemoryBytes]
    .map((bytes) => bytes && bytes / MEBIBYTE);
}
