/**
 * Types of the part of `node:sqlite` that the tracker's store uses, so that the
 * oldest Deno does not look for the package of Node's types.
 *
 * @module
 */

/** A value in SQLite. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** A compiled statement. */
export interface StatementSync {
  run(...parameters: readonly SqlValue[]): unknown;
  get(...parameters: readonly SqlValue[]): Record<string, SqlValue> | undefined;
  all(...parameters: readonly SqlValue[]): Record<string, SqlValue>[];
}

/** An open database; its calls are synchronous. */
export declare class DatabaseSync {
  constructor(path: string);
  exec(sql: string): void;
  prepare(sql: string): StatementSync;
  close(): void;
}
