/**
 * Rows about the executables, which users copy, beside the sources: the transfer of
 * 1 GiB, the seeder's system calls for it, and the time from a start to listening.
 *
 * @module
 */
import { missingProgram } from "../clients/client.ts";
import { Host } from "../lan/host.ts";
import { Content } from "./content.ts";
import {
  BARE_LOOP,
  type Contender,
  CONTENDERS,
  EXECUTABLE,
  OURS,
  withExecutables,
} from "./contender.ts";
import {
  constantTarget,
  GIBIBYTE,
  type Participant,
  type Row,
  type RowOptions,
  type Values,
} from "./row.ts";
import { SWARM_METRICS, valuesOf } from "./swarm_rows.ts";
import { runSwarm, type SwarmRunOptions } from "./swarm_run.ts";

const SOURCE = CONTENDERS[0]!;

/** Creates the participants of a row of one seeder and one leecher. */
async function prepare(
  { folder, network, size = GIBIBYTE }: RowOptions,
  { contenders, measure }: {
    readonly contenders: readonly Contender[];
    readonly measure: (
      contender: Contender,
      swarm: SwarmRunOptions,
    ) => Promise<Values>;
  },
): Promise<Participant[]> {
  const content = await Content.random(folder, size);
  const swarm = { content, network, folder, leecherCount: 1 };
  return contenders.map((contender) => ({
    ...contender,
    measure: () => measure(contender, swarm),
  }));
}

/** CPU time of the executables and of the sources. */
const executables: Row = {
  name: "executables",
  work: "1 GiB from one seeder to one leecher, both executables",
  metrics: SWARM_METRICS,
  warmsUp: true,
  targets: [{
    metric: "cpu",
    text: "at most 1.1 × the sources",
    limit: "at most",
    factor: 1.1,
    reference: { type: "bestOf", contenders: [OURS] },
  }],
  prepare: (options) =>
    prepare(options, {
      contenders: [EXECUTABLE, SOURCE],
      measure: async (contender, swarm) =>
        valuesOf(await runSwarm(contender, swarm), swarm.content.length),
    }),
};

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
  async prepare(options): Promise<Participant[]> {
    const noStrace = await missingProgram("strace");
    const participants = await prepare(options, {
      contenders: [SOURCE, EXECUTABLE, BARE_LOOP],
      async measure(contender, swarm): Promise<Values> {
        const { seederSwitches } = await runSwarm(contender, swarm);
        const traced = { ...swarm, isTraced: true };
        const { seederCalls } = await runSwarm(contender, traced);
        const perGibibyte = GIBIBYTE / swarm.content.length;
        return {
          calls: seederCalls && seederCalls * perGibibyte,
          switches: seederSwitches && seederSwitches * perGibibyte,
        };
      },
    });
    return participants.map((participant) => ({
      ...participant,
      missing: participant.missing ?? noStrace,
    }));
  },
};

/** Starts in one run, of which the median counts. */
const START_COUNT = 9;

/** The time until a program listens. */
const start: Row = {
  name: "start",
  work: "from the tracker's start to listening",
  metrics: [{ id: "seconds", label: "s to listening", decimals: 3 }],
  targets: [constantTarget("seconds", "at most", 0.06, "at most 0.06 s")],
  prepare({ folder }): Promise<Participant[]> {
    const source = new Host({ name: OURS, address: "127.0.0.1", folder });
    const hosts: readonly [Pick<Contender, "name" | "missing">, Host][] = [
      [EXECUTABLE, withExecutables(source)],
      [SOURCE, source],
    ];
    return Promise.resolve(hosts.map(([{ name, missing }, host]) => ({
      name,
      missing,
      measure: async () => ({ seconds: await measureStart(host) }),
    })));
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
  return seconds.toSorted((a, b) => a - b)[START_COUNT >>> 1]!;
}

/** The rows, in order. */
export const EXECUTABLE_ROWS: readonly Row[] = [
  executables,
  systemCalls,
  start,
];
