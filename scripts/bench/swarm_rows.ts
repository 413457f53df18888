/**
 * The rows that share one file from one seeder to leechers.
 */
import { libtorrent } from "../clients/stock_clients.ts";
import { BARE_LOOP, type Contender, contendersOn } from "./contender.ts";
import { Content } from "./content.ts";
import type { LinkRates } from "./network.ts";
import {
  constantTarget,
  GIBIBYTE,
  MEBIBYTE,
  type Metric,
  multipleTarget,
  type Row,
  type Target,
  type Values,
} from "./row.ts";
import { leecherName, runSwarm, type SwarmRun } from "./swarm_run.ts";

const RATE = 200;
const SLOW_RATE = 50;
const SIX = 6;
const SLOW_LEECHER = 0;

/** Shortest time for bytes on a link, in seconds. */
function secondsOnLink(bytes: number, megabitsPerSecond: number): number {
  return bytes * 8 / (megabitsPerSecond * 1e6);
}

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

interface SwarmRowOptions extends Omit<Row, "prepare" | "metrics" | "warmsUp"> {
  readonly length: number;
  readonly leecherCount: number;
  readonly rates?: LinkRates;
  /** @default {those that the network suits} */
  readonly contenders?: readonly Contender[];
  readonly others?: readonly Contender[];
  /** True if the last leecher runs libtorrent. @default {false} */
  readonly hasStockClient?: boolean;
  /** Additional metrics, which come first. @default {[]} */
  readonly metrics?: readonly Metric[];
  readonly measure?: (run: SwarmRun, length: number) => Values;
}

export function swarmRow(options: SwarmRowOptions): Row {
  const { leecherCount, rates, metrics = [], measure, length, ...rest } =
    options;
  const { contenders, others = [], hasStockClient = false, ...row } = rest;
  return {
    ...row,
    metrics: [...metrics, ...SWARM_METRICS],
    warmsUp: true,
    prepare: async ({ folder, network, size = length }) => {
      const content = await Content.random(folder, size);
      const compared = contenders ?? contendersOn(network);
      const lastClient = hasStockClient
        ? compared.find(({ name }) => name === libtorrent.name)
        : undefined;
      return [...compared, ...others].map((contender) => ({
        ...contender,
        missing: contender.missing ?? lastClient?.missing,
        measure: async () => {
          const run = await runSwarm(contender, {
            ...{ content, network, folder, leecherCount, rates, lastClient },
          });
          return { ...measure?.(run, size), ...valuesOf(run, size) };
        },
      }));
    },
  };
}

export function timeTarget(metric: string, factor: number): Target {
  return multipleTarget([metric, "at most", factor], [libtorrent.name]);
}

function boundTarget(factor: number, text: string): Target {
  return constantTarget("bound", "at most", factor, text);
}

/** The metric of the last leecher's time in multiples of the least on its link. */
function timesBound(
  megabitsPerSecond: number,
): Pick<SwarmRowOptions, "metrics" | "measure"> {
  return {
    metrics: [{ id: "bound", label: "× the bound", decimals: 2 }],
    measure: (run, length) => ({
      bound: Math.max(...run.seconds) /
        secondsOnLink(length, megabitsPerSecond),
    }),
  };
}

export const SWARM_ROWS: readonly Row[] = [
  swarmRow({
    name: "one-to-one",
    work: "1 GiB from one seeder to one leecher",
    length: GIBIBYTE,
    leecherCount: 1,
    others: [BARE_LOOP],
    targets: [
      multipleTarget(["throughput", "at least", 1.5], [libtorrent.name]),
      multipleTarget(["cpu", "at most", 0.7], [libtorrent.name]),
    ],
  }),
  swarmRow({
    name: "one-to-four",
    work: "256 MiB from one seeder to four leechers",
    length: 256 * MEBIBYTE,
    leecherCount: 4,
    targets: [timeTarget("seconds", 0.8)],
  }),
  swarmRow({
    name: "one-to-four-large",
    work: "1 GiB from one seeder to four leechers",
    length: GIBIBYTE,
    leecherCount: 4,
    targets: [timeTarget("seconds", 0.8)],
  }),
  swarmRow({
    name: "stock-client",
    work: "256 MiB from one seeder to four leechers, one of them libtorrent",
    length: 256 * MEBIBYTE,
    leecherCount: 4,
    hasStockClient: true,
    metrics: [{ id: "stock", label: "s to libtorrent's", decimals: 2 }],
    measure: ({ seconds }) => ({ stock: seconds.at(-1) }),
    targets: [timeTarget("stock", 1)],
  }),
  swarmRow({
    name: "one-to-six",
    work: "128 MiB from one seeder to six leechers, every link 200 Mbit/s",
    length: 128 * MEBIBYTE,
    leecherCount: SIX,
    rates: { megabitsPerSecond: RATE },
    needsNamespaces: true,
    ...timesBound(RATE),
    targets: [boundTarget(1.17, "at most 1.17 × the bound of 5.4 s")],
  }),
  swarmRow({
    name: "one-to-twelve",
    work: "64 MiB from one seeder to twelve leechers, every link 50 Mbit/s",
    length: 64 * MEBIBYTE,
    leecherCount: 2 * SIX,
    rates: { megabitsPerSecond: SLOW_RATE },
    needsNamespaces: true,
    ...timesBound(SLOW_RATE),
    targets: [boundTarget(1.17, "at most 1.17 × the bound of 10.7 s")],
  }),
  swarmRow({
    name: "slow-leecher",
    work: "the same with one leecher on a 50 Mbit/s link",
    length: 128 * MEBIBYTE,
    leecherCount: SIX,
    rates: {
      megabitsPerSecond: RATE,
      megabitsPerSecondOf: { [leecherName(SLOW_LEECHER)]: SLOW_RATE },
    },
    needsNamespaces: true,
    metrics: [
      { id: "bound", label: "fast × bound", decimals: 2 },
      { id: "slowBound", label: "slow × its bound", decimals: 2 },
    ],
    measure: ({ seconds }, length) => ({
      bound: Math.max(...seconds.filter((_, index) => index !== SLOW_LEECHER)) /
        secondsOnLink(length, RATE),
      slowBound: seconds[SLOW_LEECHER]! / secondsOnLink(length, SLOW_RATE),
    }),
    targets: [
      boundTarget(1.3, "the fast ones at most 1.3 × the bound of 5.4 s"),
    ],
  }),
];
