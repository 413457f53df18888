/**
 * How many connections a session may have where the system has no more handles
 * for it: a few fewer than it had then, for a while, so that trackers can be
 * asked and files be opened. Without a shortage there is no limit.
 *
 * @module
 */

/** Handles that connections leave to others. */
const HANDLES_LEFT = 8;
/** Connections that are kept whatever lacks. */
const FEWEST_CONNECTIONS = 4;
/** How long a limit holds, in milliseconds. */
const LIMIT_MS = 5_000;

/** What can be hung up on. */
export interface Closable {
  close(): void;
}

/** Counts the connections of a session. */
export class ConnectionLimit {
  /** Newest last. */
  readonly #open = new Set<Closable>();
  #most = Infinity;
  #endMs = -Infinity;

  /** Takes a connection; returns whether there is a place for it. */
  add(connection: Closable, nowMs: number): boolean {
    if (nowMs >= this.#endMs) this.#most = Infinity;
    if (this.#open.size >= this.#most) return false;
    this.#open.add(connection);
    return true;
  }

  /** The connection is over. */
  delete(connection: Closable): void {
    this.#open.delete(connection);
  }

  /** Handles lack: hangs up on the newest. */
  giveWay(nowMs: number): void {
    const fewer = Math.min(this.#open.size, this.#most) - HANDLES_LEFT;
    this.#most = Math.max(FEWEST_CONNECTIONS, fewer);
    this.#endMs = nowMs + LIMIT_MS;
    for (const connection of [...this.#open].slice(this.#most)) {
      connection.close();
    }
  }
}
