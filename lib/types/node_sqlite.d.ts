/**
 * The face of `node:sqlite` that the tracker's store uses, so that the oldest
 * Deno does not look for the package of Node's types.
 *
 * @module
 */

/** What SQLite keeps and gives back. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** A statement, compiled. */
export interface StatementSync {
  run(...parameters: readonly SqlValue[]): unknown;
  get(...parameters: readonly SqlValue[]): Record<string, SqlValue> | undefined;
  all(...parameters: readonly SqlValue[]): Record<string, SqlValue>[];
}

/** A database that is open; each call is done when it returns. */
export declare class DatabaseSync {
  constructor(path: string);
  exec(sql: string): void;
  prepare(sql: string): StatementSync;
  close(): void;
}
