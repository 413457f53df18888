/**
 * Rows `simulated-…`: one seeder and 1,000 leechers in virtual time, by `deno task
 * simulate`, at several link rates, and in a swarm with slow and leaving peers. Other
 * clients cannot be simulated. The runs have the seeds 1, 2 and so on; a seed
 * determines the swarm.
 *
 * @module
 */
import { spawnTask } from "../programs/tasks.ts";
import type { Figures } from "../simulate/figures.ts";
import { OURS } from "./contender.ts";
import {
  constantTarget,
  MEBIBYTE,
  type Metric,
  type Participant,
  type Row,
  type Target,
  type Values,
} from "./row.ts";

const LEECHER_COUNT = 1000;
const PIECE_LENGTH = MEBIBYTE / 4;
/** Length of the content, in bytes. */
const LENGTH = 4000 * PIECE_LENGTH;

const METRICS: readonly Metric[] = [
  { id: "last", label: "last ÷ bound", decimals: 2 },
  { id: "median", label: "median ÷ bound", decimals: 2 },
  { id: "connections", label: "most connections", decimals: 0 },
  { id: "seconds", label: "s to simulate", decimals: 1 },
];

/** Options for a simulated row. */
interface SimulatedOptions {
  readonly name: string;
  readonly work: string;
  /** Rate of every link, as on the command line. */
  readonly rate: string;
  /** Other flags of the command line. @default {[]} */
  readonly flags?: readonly string[];
  readonly targets: readonly Target[];
}

/** All simulated rows. */
export const SIMULATED_ROWS: readonly Row[] = [
  ...["10mbit", "100mbit", "1gbit", "10gbit"].map((rate) =>
    simulatedRow({
      name: `simulated-${rate}`,
      work: `simulated: 1 to 1,000 equal peers at ${rate}, 4,000 pieces`,
      rate,
      targets: [
        constantTarget("last", "at most", 1.3, "at most 1.3 × the bound"),
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
];

function simulatedRow(options: SimulatedOptions): Row {
  const { name, work, targets } = options;
  return {
    name,
    work,
    metrics: METRICS,
    targets,
    prepare({ size = LENGTH }): Promise<Participant[]> {
      let seed = 0;
      return Promise.resolve([{
        name: OURS,
        missing: undefined,
        measure: () => simulate(options, { seed: ++seed, size }),
      }]);
    },
  };
}

/** Runs a simulation. @throws {Error} If a peer that stays does not complete. */
async function simulate(
  { rate, flags = [] }: SimulatedOptions,
  { seed, size }: { readonly seed: number; readonly size: number },
): Promise<Values> {
  const pieceCount = Math.ceil(size / PIECE_LENGTH);
  await using simulation = spawnTask("simulate", [
    ...["--peers", `${LEECHER_COUNT}`, "--pieces", `${pieceCount}`],
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
