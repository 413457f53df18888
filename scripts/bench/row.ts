/**
 * A row of the benchmark: its metrics, its participants and our targets.
 *
 * @module
 */
import type { NetworkKind } from "./network.ts";

/** The values of one run, by the ids of the row's metrics. */
export type Values = { readonly [metric: string]: number | undefined };

/** A column of a row's table. */
export interface Metric {
  readonly id: string;
  /** The heading: a short name with its unit. */
  readonly label: string;
  readonly decimals: number;
}

/** The value that a measured one is compared with. */
export type Reference =
  /** A constant, or 1 if the metric itself is a multiple of a bound. */
  | { readonly type: "constant"; readonly value: number }
  /** The best median of those among these participants that were measured. */
  | { readonly type: "bestOf"; readonly contenders: readonly string[] };

/** A target for our median, or that of another participant. */
export interface Target {
  /** The id of a metric. */
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

/** A program that is measured. */
export interface Participant {
  readonly name: string;
  /** The reason why it cannot be measured; undefined if it can. */
  readonly missing: string | undefined;
  /** Measures once. */
  measure(): Promise<Values>;
}

/** Resources of a row. */
export interface RowOptions {
  readonly network: NetworkKind;
  /** An empty folder. */
  readonly folder: string;
  /** Size of the content, in bytes. @default {the row's own size} */
  readonly size?: number;
}

/** A row of the table. */
export interface Row {
  /** The name for `--only`. */
  readonly name: string;
  /** Its work in a few words. */
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

/** A target that is a constant of the metric's unit. */
export function constantTarget(
  metric: string,
  limit: Target["limit"],
  value: number,
  text: string,
): Target {
  const reference = { type: "constant", value } as const;
  return { metric, text, limit, factor: 1, reference };
}

/** 1 MiB in bytes. */
export const MEBIBYTE: number = 1024 * 1024;

/** 1 GiB in bytes. */
export const GIBIBYTE: number = 1024 * MEBIBYTE;
