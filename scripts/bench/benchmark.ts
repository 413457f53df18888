/**
 * What every benchmark is given and gives back.
 *
 * @module
 */
import type { NetworkKind } from "./network.ts";
import type { Measurement, Report } from "./report.ts";

/** How to run a benchmark. */
export interface BenchmarkOptions {
  /** Runs of each contender. */
  readonly runCount: number;
  readonly network: NetworkKind;
  /** Is told of each run. */
  readonly tell: (measurement: Measurement) => void;
}

/** Measures every contender. */
export type Benchmark = (options: BenchmarkOptions) => Promise<Report>;
