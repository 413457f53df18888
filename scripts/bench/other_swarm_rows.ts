/**
 * Rows that share files from one seeder to one leecher in particular cases: many
 * files, many torrents, files larger than the memory, a leecher that starts before its
 * seeder.
 */
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { createTorrent } from "../../mod.ts";
import type { Host } from "../lan/host.ts";
import { waitForCounts } from "../lan/sharing_steps.ts";
import type { RunningProgram } from "../programs/running_program.ts";
import { writeRandomFile } from "../programs/sample_file.ts";
import { taskArguments } from "../programs/tasks.ts";
import { type Contender, CONTENDERS, contendersOn } from "./contender.ts";
import { compareCopy, Content } from "./content.ts";
import { openNetwork } from "./network.ts";
import {
  constantTarget,
  GIBIBYTE,
  MEBIBYTE,
  type Metric,
  OURS,
  oursAlone,
  type Row,
  type RowOptions,
  secondsOf,
  type Values,
} from "./row.ts";
import { SWARM_METRICS, timeTarget, valuesOf } from "./swarm_rows.ts";
import {
  readProcessUsage,
  runSwarm,
  setUp,
  startTracker,
} from "./swarm_run.ts";

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
  const peers = { content, seeder, leechers: [leecher] };
  const announceUrl = await setUp(network.host("tracker"), peers);
  const running = await contender.start(leecher);
  const { infoHash } = content.torrent;
  await waitForCounts(
    leecher,
    { host: leecher, announceUrl, infoHash },
    { complete: 0, incomplete: 1 },
    { timeoutMs: EARLY_TIMEOUT_MS },
  );
  await delay(EARLY_MS);

  const seconds = await secondsOf(async () => {
    await contender.start(seeder);
    await contender.waitUntilComplete(leecher, running, {
      timeoutMs: EARLY_TIMEOUT_MS,
    });
  });
  await content.compareWith(leecher);
  return seconds;
}

const TORRENT_COUNT = 1_000;
const DESCRIPTOR_COUNT = 1_024;
const TORRENT_LENGTH = 65_536;
const TORRENTS_TIMEOUT_MS = 300_000;
const CONTENT = "content";
const TORRENTS = "torrents";

/** One process that shares 1,000 torrents with the file descriptors that Linux gives it by default, and one that fetches them. */
export const manyTorrents: Row = {
  name: "many-torrents",
  work:
    "1,000 torrents of 64 KiB in one process with 1,024 file descriptors, fetched by another",
  metrics: [
    { id: "seconds", label: "s to all seeded", decimals: 2 },
    { id: "memory", label: "MiB then", decimals: 0 },
    { id: "fetched", label: "s to all fetched", decimals: 2 },
    { id: "seeder", label: "peak MiB, seeder", decimals: 0 },
    { id: "leecher", label: "peak MiB, leecher", decimals: 0 },
  ],
  targets: [
    constantTarget("seconds", "at most", 10, "at most 10 s"),
    constantTarget("memory", "at most", 256, "at most 256 MiB"),
  ],
  prepare: async (options) => {
    const { folder, size = TORRENT_COUNT * TORRENT_LENGTH } = options;
    await Deno.mkdir(join(folder, CONTENT));
    const length = Math.max(1, Math.floor(size / TORRENT_COUNT));
    for (let index = 0; index < TORRENT_COUNT; index++) {
      await writeRandomFile(join(folder, CONTENT, `${index}.bin`), length);
    }
    return oursAlone(() => measureMany(options));
  },
};

/**
 * One run. The first time is from the start of the seeder until it has verified
 * everything, the second one from the start of the leecher until it has stored
 * everything; then the copies are compared.
 */
async function measureMany({ folder, network }: RowOptions): Promise<Values> {
  await using hosts = await openNetwork(
    ["tracker", "seeder", "leecher"],
    { kind: network, dir: folder },
  );
  const [seeder, leecher] = [hosts.host("seeder"), hosts.host("leecher")];
  const announce = await startTracker(hosts.host("tracker"));
  for (const host of [seeder, leecher]) await Deno.mkdir(host.path(TORRENTS));
  await Deno.mkdir(seeder.path(CONTENT));
  for (let index = 0; index < TORRENT_COUNT; index++) {
    const name = `${index}.bin`;
    const source = join(folder, CONTENT, name);
    await Deno.link(source, seeder.path(CONTENT, name));
    const { bytes } = await createTorrent(source, { announce: [announce] });
    for (const host of [seeder, leecher]) {
      await Deno.writeFile(host.path(TORRENTS, `${index}.torrent`), bytes);
    }
  }
  const seeding = await startMany(seeder, /verified and complete/);
  const memory = await peakMebibytes(seeding.program);
  const fetching = await startMany(leecher, /complete and verified/);
  const values = {
    seconds: seeding.seconds,
    memory,
    fetched: fetching.seconds,
    seeder: await peakMebibytes(seeding.program),
    leecher: await peakMebibytes(fetching.program),
  };
  await compareCopy(join(folder, CONTENT), leecher.path(CONTENT));
  return values;
}

async function peakMebibytes(
  { pid }: RunningProgram,
): Promise<number | undefined> {
  const usage = await readProcessUsage(pid);
  return usage && usage.peakMemoryBytes / MEBIBYTE;
}

/** Starts a peer, and waits until it has printed a line for each torrent. */
async function startMany(
  host: Host,
  line: RegExp,
): Promise<{ readonly program: RunningProgram; readonly seconds: number }> {
  const startMs = performance.now();
  const program = host.spawn("sh", [
    ...["-c", `ulimit -n ${DESCRIPTOR_COUNT}; exec "$@"`, "sh"],
    ...[Deno.execPath(), ...taskArguments("peer"), "--no-discovery"],
    ...["--watch", TORRENTS, "--dir", CONTENT, "--host", host.address],
  ]);
  for (let count = 0; count < TORRENT_COUNT; count++) {
    await program.stdout.waitFor(line, TORRENTS_TIMEOUT_MS);
  }
  return { program, seconds: (performance.now() - startMs) / 1000 };
}
