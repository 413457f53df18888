/**
 * A row of one process that shares 1,000 torrents, with as many file descriptors as
 * Linux gives a process by default, and of one that fetches all of them.
 *
 * @module
 */
import { join } from "@std/path";
import { createTorrent } from "../../mod.ts";
import type { Host } from "../lan/host.ts";
import {
  runCommand,
  type RunningProgram,
} from "../programs/running_program.ts";
import { writeRandomFile } from "../programs/sample_file.ts";
import { taskArguments } from "../programs/tasks.ts";
import { OURS } from "./contender.ts";
import { openNetwork } from "./network.ts";
import {
  constantTarget,
  MEBIBYTE,
  type Row,
  type RowOptions,
  type Values,
} from "./row.ts";
import { readProcessUsage } from "./swarm_run.ts";

const TORRENT_COUNT = 1_000;
const DESCRIPTOR_COUNT = 1_024;
const FILE_LENGTH = 65_536;
const TIMEOUT_MS = 300_000;
const CONTENT = "content";
const TORRENTS = "torrents";

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
    const { folder, size = TORRENT_COUNT * FILE_LENGTH } = options;
    await Deno.mkdir(join(folder, CONTENT));
    const length = Math.max(1, Math.floor(size / TORRENT_COUNT));
    for (let index = 0; index < TORRENT_COUNT; index++) {
      await writeRandomFile(join(folder, CONTENT, `${index}.bin`), length);
    }
    return [{
      name: OURS,
      missing: undefined,
      measure: () => measure(options),
    }];
  },
};

/**
 * One run. The first time is from the start of the seeder until it has verified
 * everything, the second one from the start of the leecher until it has stored
 * everything; then the copies are compared.
 */
async function measure(
  { folder, network: kind }: RowOptions,
): Promise<Values> {
  await using network = await openNetwork(
    ["tracker", "seeder", "leecher"],
    { kind, dir: folder },
  );
  const tracker = network.host("tracker");
  const [announce] = await tracker
    .spawnTask("tracker", ["0", "--host", tracker.address])
    .stdout.waitFor(/http\S+\/announce/);
  const [seeder, leecher] = [network.host("seeder"), network.host("leecher")];
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
  const seeding = await start(seeder, /verified and complete/);
  const memory = await peakMebibytes(seeding);
  const fetching = await start(leecher, /complete and verified/);
  const values = {
    seconds: seeding.seconds,
    memory,
    fetched: fetching.seconds,
    seeder: await peakMebibytes(seeding),
    leecher: await peakMebibytes(fetching),
  };
  await compare(join(folder, CONTENT), leecher.path(CONTENT));
  return values;
}

interface StartedPeer {
  readonly program: RunningProgram;
  /** From its start until it had printed a line for each torrent. */
  readonly seconds: number;
}

async function peakMebibytes(
  { program }: StartedPeer,
): Promise<number | undefined> {
  const usage = await readProcessUsage(program.pid);
  return usage && usage.peakMemoryBytes / MEBIBYTE;
}

/** Starts a peer, and waits until it has printed a line for each torrent. */
async function start(host: Host, line: RegExp): Promise<StartedPeer> {
  const startMs = performance.now();
  const program = host.spawn("sh", [
    ...["-c", `ulimit -n ${DESCRIPTOR_COUNT}; exec "$@"`, "sh"],
    ...[Deno.execPath(), ...taskArguments("peer"), "--no-discovery"],
    ...["--watch", TORRENTS, "--dir", CONTENT, "--host", host.address],
  ]);
  for (let count = 0; count < TORRENT_COUNT; count++) {
    await program.stdout.waitFor(line, TIMEOUT_MS);
  }
  return { program, seconds: (performance.now() - startMs) / 1000 };
}

async function compare(source: string, copy: string): Promise<void> {
  const { code, stdout } = await runCommand("diff", [
    ...["--recursive", "--brief", "--exclude=.lanswarm", source, copy],
  ]);
  if (code === 0) return;
  throw new Error(`Cannot use the run: the copies are wrong: ${stdout}`);
}
