/**
 * Rows about the executables, which users copy, beside the sources: the transfer of 1 GiB,
 * the seeder's system calls for it, the time from a start to listening, and the time
 * from the line that a machine with nothing installed runs to the first verified piece.
 */
import { join as joinPath } from "@std/path";
import { missingProgram } from "../clients/client.ts";
import { executablePaths, executablesMissing } from "../compile/targets.ts";
import {
  bareHost,
  busyboxHost,
  CURL,
  joinShare,
  joinUnavailableReason,
  startShare,
} from "../lan/executable_host.ts";
import { Host } from "../lan/host.ts";
import { createLan } from "../lan/lan.ts";
import { writeRandomFile } from "../programs/sample_file.ts";
import {
  BARE_LOOP,
  type Contender,
  CONTENDERS,
  EXECUTABLE,
  withExecutables,
} from "./contender.ts";
import { Content } from "./content.ts";
import {
  constantTarget,
  GIBIBYTE,
  MEBIBYTE,
  multipleTarget,
  OURS,
  oursAlone,
  type Participant,
  percentile,
  type Row,
  type Values,
} from "./row.ts";
import { swarmRow } from "./swarm_rows.ts";
import { runSwarm } from "./swarm_run.ts";

const SOURCE = CONTENDERS[0]!;

const executables: Row = swarmRow({
  name: "executables",
  work: "1 GiB from one seeder to one leecher, both executables",
  length: GIBIBYTE,
  leecherCount: 1,
  contenders: [EXECUTABLE, SOURCE],
  targets: [
    multipleTarget(
      ["cpu", "at most", 1.1],
      [OURS],
      "at most 1.1 × the sources",
    ),
  ],
});

/**
 * System calls and context switches of the seeder, which is traced in a transfer of its
 * own: strace switches contexts at every call.
 */
const systemCalls: Row = {
  name: "system-calls",
  work: "system calls of a seeder for 1 GiB",
  metrics: [
    { id: "calls", label: "system calls/GiB", decimals: 0 },
    { id: "switches", label: "context switches/GiB", decimals: 0 },
  ],
  targets: [
    constantTarget("calls", "at most", 20_000, "at most 20,000 from source"),
    {
      ...constantTarget("calls", "at most", 25_000, "executable: 25,000"),
      participant: EXECUTABLE.name,
    },
  ],
  prepare: async ({ folder, network, size = GIBIBYTE }) => {
    const noStrace = await missingProgram("strace");
    const content = await Content.random(folder, size);
    const swarm = { content, network, folder, leecherCount: 1 };
    return [SOURCE, EXECUTABLE, BARE_LOOP].map((contender) => ({
      ...contender,
      missing: contender.missing ?? noStrace,
      measure: async () => {
        const { seederSwitches } = await runSwarm(contender, swarm);
        const traced = { ...swarm, isTraced: true };
        const { seederCalls } = await runSwarm(contender, traced);
        const perGibibyte = GIBIBYTE / size;
        return {
          calls: seederCalls && seederCalls * perGibibyte,
          switches: seederSwitches && seederSwitches * perGibibyte,
        };
      },
    }));
  },
};

/** Starts in one run, of which the median counts. */
const START_COUNT = 9;

const start: Row = {
  name: "start",
  work: "from the tracker's start to listening",
  metrics: [{ id: "seconds", label: "s to listening", decimals: 3 }],
  targets: [constantTarget("seconds", "at most", 0.06, "at most 0.06 s")],
  prepare({ folder }): Promise<Participant[]> {
    const source = new Host({ name: OURS, address: "127.0.0.1", folder });
    const participant = (contender: Contender, host: Host): Participant => ({
      ...contender,
      measure: async () => ({ seconds: await measureStart(host) }),
    });
    return Promise.resolve([
      participant(EXECUTABLE, withExecutables(source)),
      participant(SOURCE, source),
    ]);
  },
};

async function measureStart(host: Host): Promise<number> {
  const seconds: number[] = [];
  while (seconds.length < START_COUNT) {
    const startMs = performance.now();
    await using tracker = host.spawnTask("tracker", ["0", "--quiet"]);
    await tracker.stdout.waitFor(/announce/);
    seconds.push((performance.now() - startMs) / 1000);
  }
  return percentile(seconds, 0.5);
}

export const EXECUTABLE_ROWS: readonly Row[] = [
  executables,
  systemCalls,
  start,
];

const FILE_NAME = "file.bin";

export const join: Row = {
  name: "join",
  work: "a machine with busybox alone joins a share, to its first piece",
  needsNamespaces: true,
  metrics: [
    { id: "fresh", label: "s, nothing in the cache", decimals: 2 },
    { id: "cached", label: "s, executable in the cache", decimals: 2 },
  ],
  targets: [
    constantTarget("fresh", "at most", 6, "at most 6 s"),
    constantTarget("cached", "at most", 3, "at most 3 s"),
  ],
  prepare: async ({ folder, size = 4 * MEBIBYTE }) => {
    await writeRandomFile(joinPath(folder, FILE_NAME), size);
    const missing = await joinUnavailableReason() ?? await executablesMissing();
    return oursAlone(() => measure(folder), missing);
  },
};

async function measure(folder: string): Promise<Values> {
  const executables = executablePaths();
  await using lan = await createLan(["source", "machine"], { dir: folder });
  const source = await bareHost(lan.host("source"), {
    executables,
    programs: ["lanswarm"],
  });
  await Deno.copyFile(joinPath(folder, FILE_NAME), source.path(FILE_NAME));
  const machine = await busyboxHost(lan.host("machine"), {
    executable: executables.lanswarm,
    commands: [CURL],
  });
  const { line } = await startShare(source, FILE_NAME);
  const seconds = async (dir: string): Promise<number> =>
    await joinShare(machine, line, { dir, hasCurl: true }) / 1000;
  return { fresh: await seconds("first"), cached: await seconds("second") };
}
