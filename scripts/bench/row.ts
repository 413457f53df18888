/**
 * A row of the benchmark's table: what is measured, of whom, and what ours is to
 * reach.
 *
 * @module
 */
import type { NetworkKind } from "./network.ts";
import type { WorkspaceKind } from "./workspace.ts";

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
  /** A bound that follows from the links, or a limit that was set. */
  | { readonly type: "constant"; readonly value: number }
  /** The best median among these contenders, as far as they were measured. */
  | { readonly type: "bestOf"; readonly contenders: readonly string[] };

/** What the median of ours is to reach. */
export interface Target {
  readonly metric: string;
  /** As a sentence goes on after "ours is": "at least 2.5 × the fastest". */
  readonly text: string;
  readonly limit: "at least" | "at most";
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
  readonly storage: WorkspaceKind;
  /** How much is shared, in bytes. @default {the row's own size} */
  readonly size?: number;
}

/** A row of the table. */
export interface Row {
  /** As `--only` takes it. */
  readonly name: string;
  /** What it does, in a few words. */
  readonly work: string;
  readonly metrics: readonly Metric[];
  readonly targets: readonly Target[];
  /** Whether it makes no sense over loopback. @default {false} */
  readonly needsNamespaces?: boolean;
  /** Makes ready what all runs use. @returns Ours first; they take turns. */
  prepare(options: RowOptions): Promise<readonly Participant[]>;
}
