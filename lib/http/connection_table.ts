/**
 * The connections of a server: how many there may be, in all and of one address,
 * who leaves when there are more, and who has taken too long. Invariant: for each
 * that comes beyond those numbers one is closed, or the new one is. It looks at
 * all of them only then, and now and then for the slow ones, so that a request
 * costs nothing here.
 *
 * @module
 */

/**
 * What a connection is doing. `idle`: nothing of a request has come. `receiving`:
 * some of it has. `sending`: a response is being taken. `leaving`: all is said,
 * the other end has to go. These wait for the other end, and for a limited time.
 * `answering` and `streaming` wait for the server's own side. `closed`: the last
 * write has not ended, which in Deno 2.4 takes as long as nobody reads.
 */
export type ConnectionPhase =
  | "idle"
  | "receiving"
  | "answering"
  | "sending"
  | "streaming"
  | "leaving"
  | "closed";

/** What the table needs to know of a connection. */
export interface TrackedConnection {
  readonly remoteHostname: string;
  readonly phase: ConnectionPhase;
  /** When the phase began or the other end last did its part, on the server's clock. */
  readonly sinceMs: number;
  /** Ends it at once; it deletes itself then. */
  close(): void;
}

/** Options of {@linkcode ConnectionTable}. */
export interface ConnectionTableOptions {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

/** Holds the connections that are open. */
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
   * Takes a connection in. Where there are too many, the one leaves that has been
   * idle for longest, or else that has been slow for longest.
   * @returns False if none can leave, and the new one is to be closed.
   */
  add(connection: T): boolean {
    const { maxConnections, maxConnectionsPerAddress } = this.#options;
    const hostname = connection.remoteHostname;
    const count = this.#countByHostname.get(hostname) ?? 0;
    const hasRoom = count >= maxConnectionsPerAddress
      ? this.#closeOldest(hostname)
      : this.#connections.size < maxConnections || this.closeOldest();
    if (!hasRoom) return false;
    this.#connections.add(connection);
    this.#countByHostname.set(
      hostname,
      (this.#countByHostname.get(hostname) ?? 0) + 1,
    );
    return true;
  }

  /** Lets go of a connection that has ended. Harmless when repeated. */
  delete(connection: T): void {
    if (!this.#connections.delete(connection)) return;
    const hostname = connection.remoteHostname;
    const count = this.#countByHostname.get(hostname)! - 1;
    if (count > 0) this.#countByHostname.set(hostname, count);
    else this.#countByHostname.delete(hostname);
  }

  /** Closes the one that can be spared best, if any can be. */
  closeOldest(): boolean {
    return this.#closeOldest(undefined);
  }

  /** Closes those that have waited for their other end since a time or longer. */
  closeOverdue(latestMs: number): void {
    for (const connection of this.#connections) {
      if (connection.sinceMs > latestMs) continue;
      const { phase } = connection;
      if (phase !== "answering" && phase !== "streaming") connection.close();
    }
  }

  /** @param hostname Whose; anybody's if undefined. */
  #closeOldest(hostname: string | undefined): boolean {
    let oldest: T | undefined;
    for (const connection of this.#connections) {
      if (hostname !== undefined && connection.remoteHostname !== hostname) {
        continue;
      }
      const isBetter = oldest === undefined ||
        spareness(connection) > spareness(oldest) ||
        (spareness(connection) === spareness(oldest) &&
          connection.sinceMs < oldest.sinceMs);
      if (isBetter) oldest = connection;
    }
    if (oldest === undefined || spareness(oldest) === 0) return false;
    oldest.close();
    return true;
  }
}

/** How easily one is spared: best who has asked for nothing, never who waits for us. */
function spareness({ phase }: TrackedConnection): number {
  switch (phase) {
    case "idle":
      return 3;
    case "receiving":
    case "leaving":
    case "sending":
      return 2;
    case "streaming":
      return 1;
    case "answering":
    case "closed":
      return 0;
    default:
      return phase satisfies never;
  }
}
