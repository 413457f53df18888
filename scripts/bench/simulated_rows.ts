/**
 * Rows `simulated-…`: one seeder and 1,000 leechers in virtual time, by `deno task
 * simulate`, at several link rates, in a swarm with slow and leaving peers, and small
 * content for three numbers of leechers. Other clients cannot be simulated. The runs
 * have the seeds 1, 2 and so on; a seed determines the swarm.
 */
import { spawnTask } from "../programs/tasks.ts";
import type { Figures } from "../simulate/figures.ts";
import {
  constantTarget,
  MEBIBYTE,
  type Metric,
  oursAlone,
  type Participant,
  type Row,
  type Values,
} from "./row.ts";

const LEECHER_COUNT = 1000;
const PIECE_LENGTH = MEBIBYTE / 4;
const LENGTH = 4000 * PIECE_LENGTH;

const METRICS: readonly Metric[] = [
  { id: "last", label: "last ÷ bound", decimals: 2 },
  { id: "median", label: "median ÷ bound", decimals: 2 },
  { id: "connections", label: "most connections", decimals: 0 },
  { id: "seconds", label: "s to simulate", decimals: 1 },
];

const SMALL_LENGTH = 100 * MEBIBYTE;
/** Targets for the small content by the number of leechers, in multiples of the bound. */
const SMALL_TARGETS: ReadonlyMap<number, number> = new Map([
  [40, 1.3],
  [300, 1.3],
  [1000, 1.15],
]);

interface SimulatedRun {
  readonly rate: string;
  readonly flags?: readonly string[];
  readonly leecherCount?: number;
}

interface SimulatedOptions
  extends SimulatedRun, Pick<Row, "name" | "work" | "targets"> {}

export const SIMULATED_ROWS: readonly Row[] = [
  ...["10mbit", "100mbit", "1gbit", "10gbit"].map((rate) =>
    simulatedRow({
      name: `simulated-${rate}`,
      work: `simulated: 1 to 1,000 equal peers at ${rate}, 4,000 pieces`,
      rate,
      targets: [
        constantTarget("last", "at most", 1.15, "at most 1.15 × the bound"),
        constantTarget("connections", "at most", 50, "at most 50 connections"),
        constantTarget("seconds", "at most", 60, "at most 60 s"),
      ],
    })
  ),
  simulatedRow({
    name: "simulated-adverse",
    work:
      "simulated: 1,000 peers, a fifth slow, one in ten leaves, the seeder " +
      "too; the fast ones",
    rate: "1gbit",
    flags: ["--slow", "200", "--leave", "100", "--seeder-leaves"],
    targets: [
      constantTarget("last", "at most", 1.5, "at most 1.5 × their bound"),
    ],
  }),
  smallRow(),
];

function simulatedRow(options: SimulatedOptions): Row {
  const { name, work, targets } = options;
  return {
    name,
    work,
    metrics: METRICS,
    targets,
    prepare: ({ size = LENGTH }) =>
      withSeeds((seed) => simulate(options, { seed, size })),
  };
}

function smallRow(): Row {
  const idOf = (count: number): string => `last${count}`;
  return {
    name: "simulated-small",
    work: "simulated: 100 MiB at 1gbit",
    metrics: [...SMALL_TARGETS.keys()].map((count) => (
      { id: idOf(count), label: `last ÷ bound, ${count} peers`, decimals: 2 }
    )),
    targets: [...SMALL_TARGETS].map(([count, factor]) => {
      const text = `at most ${factor} × the bound`;
      return constantTarget(idOf(count), "at most", factor, text);
    }),
    prepare: ({ size = SMALL_LENGTH }) =>
      withSeeds(async (seed) => {
        const values: Record<string, number | undefined> = {};
        for (const leecherCount of SMALL_TARGETS.keys()) {
          const run = { rate: "1gbit", leecherCount };
          const { last } = await simulate(run, { seed, size });
          values[idOf(leecherCount)] = last;
        }
        return values;
      }),
  };
}

/** Our participant: its runs have the seeds 1, 2 and so on. */
function withSeeds(
  run: (seed: number) => Promise<Values>,
): Promise<Participant[]> {
  let seed = 0;
  return Promise.resolve(oursAlone(() => run(++seed)));
}

async function simulate(
  { rate, flags = [], leecherCount = LEECHER_COUNT }: SimulatedRun,
  { seed, size }: { readonly seed: number; readonly size: number },
): Promise<Values> {
  const pieceCount = Math.ceil(size / PIECE_LENGTH);
  await using simulation = spawnTask("simulate", [
    ...["--peers", `${leecherCount}`, "--pieces", `${pieceCount}`],
    ...["--piece-length", `${PIECE_LENGTH}`, "--up", rate],
    ...["--seed", `${seed}`, "--json", ...flags],
  ]);
  // Without a time limit: the benchmark measures the time.
  const { code, stdout, stderr } = await simulation.result;
  if (code !== 0) {
    throw new Error(`Cannot use the run: exit code ${code}: ${stderr}`);
  }
  return valuesOf(JSON.parse(stdout));
}

function valuesOf(
  { fast, connections, tookMs }: Figures & { readonly tookMs: number },
): Values {
  const { boundMs, completionsMs } = fast!;
  const middle = completionsMs.length >>> 1;
  return {
    last: completionsMs.at(-1)! / boundMs,
    median: completionsMs[middle]! / boundMs,
    connections: connections.most,
    seconds: tookMs / 1000,
  };
}
