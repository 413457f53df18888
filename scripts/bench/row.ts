/**
 * A row of the benchmark: its metrics, its participants and our targets.
 */
import type { NetworkKind } from "./network.ts";

export const OURS = "lanswarm";

/** The values of one run, by the ids of the row's metrics. */
export type Values = { readonly [metric: string]: number | undefined };

export interface Metric {
  readonly id: string;
  /** The heading: a short name with its unit. */
  readonly label: string;
  readonly decimals: number;
}

export type Reference =
  /** A constant, or 1 if the metric itself is a multiple of a bound. */
  | { readonly type: "constant"; readonly value: number }
  /** The best median of those among these participants that were measured. */
  | { readonly type: "bestOf"; readonly contenders: readonly string[] };

/** A target for our median, or that of another participant. */
export interface Target {
  readonly metric: string;
  /** The participant that has to meet it. @default {ours, the first one} */
  readonly participant?: string;
  /** In words: "at least 2.5 × the fastest of libtorrent and aria2". */
  readonly text: string;
  readonly limit: "at least" | "at most" | "below";
  /** The limit as a multiple of the reference. */
  readonly factor: number;
  readonly reference: Reference;
}

export interface Participant {
  readonly name: string;
  readonly missing: string | undefined;
  measure(): Promise<Values>;
}

/** Creates our participant of a row that has no other. */
export function oursAlone(
  measure: Participant["measure"],
  missing?: string,
): Participant[] {
  return [{ name: OURS, missing, measure }];
}

export interface RowOptions {
  readonly network: NetworkKind;
  readonly folder: string;
  readonly size?: number;
}

export interface Row {
  readonly name: string;
  readonly work: string;
  /** Columns; the table lists every run of the first one. */
  readonly metrics: readonly Metric[];
  readonly targets: readonly Target[];
  /** True if it limits the rates of links, which loopback cannot. @default {false} */
  readonly needsNamespaces?: boolean;
  /** True if its files may exceed the memory. @default {false} */
  readonly needsDisk?: boolean;
  /** True if the first run touches memory that later ones find ready: one that does not count comes before it. @default {false} */
  readonly warmsUp?: boolean;
  /** Prepares what all runs share. @returns The participants, ours first. */
  prepare(options: RowOptions): Promise<readonly Participant[]>;
}

export function constantTarget(
  metric: string,
  limit: Target["limit"],
  value: number,
  text: string,
): Target {
  const reference = { type: "constant", value } as const;
  return { metric, text, limit, factor: 1, reference };
}

/** A target that is a multiple of the best median of other participants. */
export function multipleTarget(
  [metric, limit, factor]: readonly [string, Target["limit"], number],
  contenders: readonly string[],
  text = `${limit} ${factor} × ${contenders.join(" or ")}`,
): Target {
  const reference = { type: "bestOf", contenders } as const;
  return { metric, text, limit, factor, reference };
}

export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return (performance.now() - startMs) / 1000;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const index = Math.floor(sorted.length * share);
  return sorted[Math.min(sorted.length - 1, index)]!;
}

export const MEBIBYTE: number = 1024 * 1024;

export const GIBIBYTE: number = 1024 * MEBIBYTE;
