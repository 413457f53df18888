/**
 * The rows that share one file: from one seeder to one leecher, to four, and over
 * links with a limited rate. There the lower bound is known: the seeder sends and
 * each leecher receives every byte once.
 *
 * @module
 */
import type { Reference, Row } from "./row.ts";
import { swarmRow } from "./swarm_row.ts";
import type { SwarmRun } from "./swarm_run.ts";
import { leecherName } from "./swarm_run.ts";
import { GIBIBYTE, MEBIBYTE, secondsOnLink } from "./units.ts";

const RATE = 200;
const SLOW_RATE = 50;
const SIX = 6;
/** Index among the six. */
const SLOW_LEECHER = 0;

/** The fast clients. Transmission is much slower on a LAN. */
const THE_BEST: Reference = {
  type: "bestOf",
  contenders: ["libtorrent", "aria2", "webtorrent"],
};
const THE_BOUND: Reference = { type: "constant", value: 1 };

const oneToOne = swarmRow({
  name: "one-to-one",
  work: "1 GiB from one seeder to one leecher",
  length: GIBIBYTE,
  leecherCount: 1,
  targets: [
    {
      metric: "throughput",
      text: "at least 2.5 × the fastest other",
      limit: "at least",
      factor: 2.5,
      reference: THE_BEST,
    },
    {
      metric: "cpu",
      text: "below the lowest other",
      limit: "below",
      factor: 1,
      reference: THE_BEST,
    },
  ],
});

const oneToFour = swarmRow({
  name: "one-to-four",
  work: "256 MiB from one seeder to four leechers",
  length: 256 * MEBIBYTE,
  leecherCount: 4,
  targets: [{
    metric: "seconds",
    text: "at most half of the fastest other",
    limit: "at most",
    factor: 0.5,
    reference: THE_BEST,
  }],
});

const oneToSix = swarmRow({
  name: "one-to-six",
  work: "128 MiB from one seeder to six leechers, every link 200 Mbit/s",
  length: 128 * MEBIBYTE,
  leecherCount: SIX,
  rates: { megabitsPerSecond: RATE },
  needsNamespaces: true,
  metrics: [{ id: "bound", label: "× the bound", decimals: 2 }],
  measure: (run, length) => ({
    bound: Math.max(...run.seconds) / secondsOnLink(length, RATE),
  }),
  targets: [{
    metric: "bound",
    text: "at most 1.25 × the bound of 5.4 s",
    limit: "at most",
    factor: 1.25,
    reference: THE_BOUND,
  }],
});

const slowLeecher = swarmRow({
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
  measure: ({ seconds }: SwarmRun, length) => ({
    bound: Math.max(...seconds.filter((_, index) => index !== SLOW_LEECHER)) /
      secondsOnLink(length, RATE),
    slowBound: seconds[SLOW_LEECHER]! / secondsOnLink(length, SLOW_RATE),
  }),
  targets: [{
    metric: "bound",
    text: "the fast ones at most 1.3 × the bound of 5.4 s",
    limit: "at most",
    factor: 1.3,
    reference: THE_BOUND,
  }],
});

/** The rows, in order. */
export const SWARM_ROWS: readonly Row[] = [
  oneToOne,
  oneToFour,
  oneToSix,
  slowLeecher,
];
