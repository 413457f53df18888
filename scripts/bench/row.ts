/**
 * A row of the benchmark's table: what is measured, of whom, and what ours is to
 * reach.
 *
 * @module
 */
import type { NetworkKind } from "./network.ts";

/** What one run measured, by the ids of the row's metrics. */
export type Values = { readonly [metric: string]: number | undefined };

/** A column of a row's own table. */
export interface Metric {
  readonly id: string;
  /** Its heading: a short name with its unit. */
  readonly label: string;
  readonly decimals: number;
}

/** What a measured value is compared with. */
export type Reference =
  /** A limit that was set, or 1 where the metric itself is a multiple of a bound. */
  | { readonly type: "constant"; readonly value: number }
  /** The best median among these contenders, as far as they were measured. */
  | { readonly type: "bestOf"; readonly contenders: readonly string[] };

/** What the median of ours is to reach. */
export interface Target {
  /** The id of a metric. */
  readonly metric: string;
  /** In words: "at least 2.5 × the fastest of libtorrent and aria2". */
  readonly text: string;
  readonly limit: "at least" | "at most" | "below";
  /** The limit as a multiple of the reference. */
  readonly factor: number;
  readonly reference: Reference;
}

/** One who is measured. */
export interface Participant {
  readonly name: string;
  /** Why it cannot be measured here, or undefined if it can. */
  readonly missing: string | undefined;
  /** Measures once. */
  measure(): Promise<Values>;
}

/** What a row may use. */
export interface RowOptions {
  readonly network: NetworkKind;
  /** An empty folder. */
  readonly folder: string;
  /** How much is shared, in bytes. @default {the row's own size} */
  readonly size?: number;
}

/** A row of the table. */
export interface Row {
  /** As `--only` takes it. */
  readonly name: string;
  /** What it does, in a few words. */
  readonly work: string;
  /** The first one's runs are shown one by one. */
  readonly metrics: readonly Metric[];
  readonly targets: readonly Target[];
  /** Whether its links need a rate, which loopback has not. @default {false} */
  readonly needsNamespaces?: boolean;
  /** Whether there may not be memory enough for its files. @default {false} */
  readonly needsDisk?: boolean;
  /** Makes ready what all runs use. @returns Ours first; they take turns. */
  prepare(options: RowOptions): Promise<readonly Participant[]>;
}
