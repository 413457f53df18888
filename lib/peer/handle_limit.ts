/**
 * Limits a session's connections while the process is short of file descriptors:
 * a few fewer than it had then, for some seconds, so that trackers can be reached
 * and files opened. There is no limit otherwise.
 *
 * @module
 */

/** Descriptors that connections give up in a shortage. */
const RELEASED_HANDLES = 8;
/** Connections that are kept in any shortage. */
const MIN_CONNECTIONS = 4;
/** Time for which a limit holds, in milliseconds. */
const LIMIT_MS = 5_000;

/** A connection. */
export interface Closable {
  close(): void;
}

/** Counts the connections of a session. */
export class HandleLimit {
  /** In the order in which they were made. */
  readonly #open = new Set<Closable>();
  #maxCount = Infinity;
  #endMs = -Infinity;

  /** Counts a connection; false if it exceeds the limit. */
  add(connection: Closable, nowMs: number): boolean {
    if (nowMs >= this.#endMs) this.#maxCount = Infinity;
    if (this.#open.size >= this.#maxCount) return false;
    this.#open.add(connection);
    return true;
  }

  /** The connection is over. */
  delete(connection: Closable): void {
    this.#open.delete(connection);
  }

  /** Lowers the limit and closes the newest connections above it. */
  release(nowMs: number): void {
    const count = Math.min(this.#open.size, this.#maxCount) - RELEASED_HANDLES;
    this.#maxCount = Math.max(MIN_CONNECTIONS, count);
    this.#endMs = nowMs + LIMIT_MS;
    for (const connection of [...this.#open].slice(this.#maxCount)) {
      connection.close();
    }
  }
}
