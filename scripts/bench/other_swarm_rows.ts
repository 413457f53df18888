/**
 * Rows that share files from one seeder to one leecher in particular cases: many
 * files, files larger than the memory, a leecher that starts before its seeder.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { waitForCounts } from "../lan/sharing_steps.ts";
import { writeRandomFile } from "../programs/sample_file.ts";
import { type Contender, CONTENDERS, contendersOn, OURS } from "./contender.ts";
import { Content } from "./content.ts";
import { openNetwork } from "./network.ts";
import {
  constantTarget,
  GIBIBYTE,
  MEBIBYTE,
  type Metric,
  type Row,
  type RowOptions,
} from "./row.ts";
import { SWARM_METRICS, timeTarget, valuesOf } from "./swarm_rows.ts";
import { runSwarm, setUp } from "./swarm_run.ts";

const FILE_COUNT = 10_000;
const FILES_PER_FOLDER = 100;
const FOLDER_NAME = "folder";
const ONE_FILE = `${OURS}, one file`;

/** A folder of 10,000 files, beside one file of the same length. */
export const manyFiles: Row = {
  name: "many-files",
  work: "10,000 files, 200 MiB in all, from one seeder to one leecher",
  metrics: SWARM_METRICS,
  warmsUp: true,
  targets: [timeTarget("seconds", 1.3)],
  prepare: async ({ folder, network, size = 200 * MEBIBYTE }) => {
    const oneFile = await Content.random(folder, size);
    await writeRandomFolder(join(folder, FOLDER_NAME), size);
    const manyFiles = await Content.hash(folder, FOLDER_NAME);
    const participant = (contender: Contender, content = manyFiles) => ({
      ...contender,
      measure: async () => {
        const swarm = { content, network, folder, leecherCount: 1 };
        return valuesOf(await runSwarm(contender, swarm), content.length);
      },
    });
    const [ours, ...others] = contendersOn(network);
    return [
      participant(ours!),
      { ...participant(ours!, oneFile), name: ONE_FILE },
      ...others.map((other) => participant(other)),
    ];
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

const LIMIT_MEBIBYTES = 130;

const MEMORY_METRICS: readonly Metric[] = [
  { id: "smallSeeder", label: "MiB, seeder of 1 GiB", decimals: 0 },
  { id: "smallLeecher", label: "MiB, leecher of 1 GiB", decimals: 0 },
  { id: "largeSeeder", label: "MiB, seeder of 16 GiB", decimals: 0 },
  { id: "largeLeecher", label: "MiB, leecher of 16 GiB", decimals: 0 },
];

/**
 * The peak memory for files of 1 GiB and 16 GiB that are verified and shared whole.
 * Such files do not fit into memory, so they are on the disk; the seeder's is sparse.
 * The copies are not compared: one that was never written would be equal too.
 */
export const memory: Row = {
  name: "memory",
  work: "peak memory of one peer, 1 GiB and 16 GiB, files on the disk",
  needsDisk: true,
  metrics: MEMORY_METRICS,
  targets: MEMORY_METRICS.map(({ id }) =>
    constantTarget(
      ...[id, "at most", LIMIT_MEBIBYTES] as const,
      `at most ${LIMIT_MEBIBYTES} MiB`,
    )
  ),
  prepare: async ({ folder, network, size = 16 * GIBIBYTE }) => {
    const small = await makeSparse(folder, Math.min(size, GIBIBYTE));
    const large = await makeSparse(folder, size);
    const ours = CONTENDERS[0]!;
    return [{
      ...ours,
      measure: async () => {
        const peaks = async (content: Content) => {
          const run = await runSwarm(ours, {
            ...{ network, folder, content, leecherCount: 1 },
            isCompared: false,
          });
          return [run.seederMemoryBytes, run.leecherMemoryBytes]
            .map((bytes) => bytes && bytes / MEBIBYTE);
        };
        const [smallSeeder, smallLeecher] = await peaks(small);
        const [largeSeeder, largeLeecher] = await peaks(large);
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

/** Time from the start of the leecher to that of the seeder. */
const EARLY_MS = 5_000;
/** Half of the announce interval: a longer time is that of waiting for it. */
const EARLY_TIMEOUT_MS = 60_000;

/**
 * A leecher starts before its seeder. The tracker has reported that there are no
 * peers, with the default announce interval of two minutes. The time is from the
 * seeder's start to the leecher's completion; a file of 4 MiB makes that hardly more
 * than the time to find each other.
 */
export const earlyLeecher: Row = {
  name: "early-leecher",
  work: "a leecher that came before its seeder has 4 MiB",
  metrics: [{ id: "seconds", label: "s after its start", decimals: 2 }],
  targets: [constantTarget("seconds", "at most", 3, "at most 3 s")],
  prepare: async ({ folder, network, size = 4 * MEBIBYTE }) => {
    const content = await Content.random(folder, size);
    return contendersOn(network).map((contender) => ({
      ...contender,
      measure: async () => ({
        seconds: await measureEarly(contender, { content, network, folder }),
      }),
    }));
  },
};

async function measureEarly(
  contender: Contender,
  { content, network: kind, folder }: RowOptions & { content: Content },
): Promise<number> {
  await using network = await openNetwork(
    ["tracker", "seeder", "leecher"],
    { kind, dir: folder },
  );
  const [seeder, leecher] = [network.host("seeder"), network.host("leecher")];
  const announceUrl = await setUp(network.host("tracker"), {
    ...{ content, seeder, leechers: [leecher] },
  });
  const running = await contender.start(leecher);
  const { infoHash } = content.torrent;
  await waitForCounts(
    leecher,
    { host: leecher, announceUrl, infoHash },
    { complete: 0, incomplete: 1 },
    { timeoutMs: EARLY_TIMEOUT_MS },
  );
  await delay(EARLY_MS);

  const startMs = performance.now();
  await contender.start(seeder);
  await running.waitUntilComplete(EARLY_TIMEOUT_MS);
  const seconds = (performance.now() - startMs) / 1000;
  await content.compareWith(leecher);
  return seconds;
}
