/**
 * The open connections of a server. Limits their number, in total and for each
 * address, and finds those that are too slow. Invariant: for each connection
 * beyond a limit one is closed, or the new one is refused. All connections are
 * scanned only then and in periodic sweeps, so that a request costs nothing here.
 *
 * @module
 */

/**
 * The state of a connection. `idle`: no byte of a request has arrived.
 * `receiving`: a part of a request has. `sending`: the client receives a response.
 * `leaving`: the last response is sent, the client has to hang up. These wait for
 * the client, and for a limited time. `answering` and `streaming` wait for the
 * server's own handler. `closed`: its last write is pending, which in Deno 2.4
 * takes as long as the client reads nothing.
 */
export type ConnectionPhase =
  | "idle"
  | "receiving"
  | "answering"
  | "sending"
  | "streaming"
  | "leaving"
  | "closed";

/** A connection, as far as the table knows it. */
export interface TrackedConnection {
  readonly remoteHostname: string;
  readonly phase: ConnectionPhase;
  /** Start of the phase, or the client's last progress in it, on the server's clock. */
  readonly sinceMs: number;
  /** Ends it at once; it deletes itself from the table then. */
  close(): void;
}

export interface ConnectionTableOptions {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

export class ConnectionTable<T extends TrackedConnection> {
  readonly #options: ConnectionTableOptions;
  readonly #connections = new Set<T>();
  readonly #countByHostname = new Map<string, number>();

  constructor(options: ConnectionTableOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#connections.size;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#connections.values();
  }

  /**
   * Adds a connection. At a limit, the connection that has been idle for longest
   * is closed for it, or else the one that has been slow for longest: of the
   * address that has most, while it has more than that of the new one would.
   * @returns False if none can be closed; the new one is to be closed then.
   */
  add(connection: T): boolean {
    const { maxConnections, maxConnectionsPerAddress } = this.#options;
    const hostname = connection.remoteHostname;
    const hasRoom = this.#countOf(hostname) >= maxConnectionsPerAddress
      ? this.closeOldest(hostname)
      : this.#connections.size < maxConnections ||
        this.#closeOfMost(this.#countOf(hostname) + 1) || this.closeOldest();
    if (!hasRoom) return false;
    this.#connections.add(connection);
    this.#countByHostname.set(hostname, this.#countOf(hostname) + 1);
    return true;
  }

  /** Removes a connection that has ended. Harmless when repeated. */
  delete(connection: T): void {
    if (!this.#connections.delete(connection)) return;
    const hostname = connection.remoteHostname;
    const count = this.#countOf(hostname) - 1;
    if (count > 0) this.#countByHostname.set(hostname, count);
    else this.#countByHostname.delete(hostname);
  }

  /** Closes the connections that have waited for their client since a time or longer. */
  closeOverdue(latestMs: number): void {
    for (const connection of this.#connections) {
      const { phase, sinceMs } = connection;
      const waitsForClient = phase !== "answering" && phase !== "streaming";
      if (waitsForClient && sinceMs <= latestMs) connection.close();
    }
  }

  /** Closes a connection of the address that has most, if that is more than `count`. */
  #closeOfMost(count: number): boolean {
    let most: string | undefined;
    for (const [hostname, its] of this.#countByHostname) {
      if (its > count) [most, count] = [hostname, its];
    }
    return most !== undefined && this.closeOldest(most);
  }

  #countOf(hostname: string): number {
    return this.#countByHostname.get(hostname) ?? 0;
  }

  /**
   * Closes the connection that is easiest to spare.
   * @param hostname Of this address only. @default any
   * @returns False if there is none.
   */
  closeOldest(hostname?: string): boolean {
    let oldest: T | undefined;
    let best = 0;
    for (const connection of this.#connections) {
      if (hostname !== undefined && connection.remoteHostname !== hostname) {
        continue;
      }
      const rank = SPARE_RANKS[connection.phase];
      const isBetter = rank > best ||
        (rank === best && oldest !== undefined &&
          connection.sinceMs < oldest.sinceMs);
      if (!isBetter) continue;
      oldest = connection;
      best = rank;
    }
    oldest?.close();
    return oldest !== undefined;
  }
}

/** The higher, the easier a connection is spared; 0 is never closed. */
const SPARE_RANKS: Readonly<Record<ConnectionPhase, number>> = {
  idle: 3,
  receiving: 2,
  leaving: 2,
  sending: 2,
  streaming: 1,
  answering: 0,
  closed: 0,
};
