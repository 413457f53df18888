/**
 * Connections with UDP trackers that may serve for the next question. No socket
 * is kept open for them: what is kept is the id, and the local port that it was
 * given to, as some trackers give it to that port alone.
 *
 * @module
 */
import { UDP_CONNECTION_LIFE_MS, type UdpConnection } from "./udp_dialogue.ts";

/** Trackers whose connections are kept at most; the oldest is forgotten first. */
const MAX_KEPT_COUNT = 100;

/** A connection and whom the tracker knows by it. */
export interface KeptConnection {
  readonly connection: UdpConnection;
  readonly localPort: number;
}

/** Connections by a name for the tracker; all times are milliseconds on one clock. */
export class UdpConnections {
  readonly #kept = new Map<string, KeptConnection>();

  /** Hands out a connection, and no other time: two questions cannot share a port. */
  take(tracker: string, nowMs: number): KeptConnection | undefined {
    const kept = this.#kept.get(tracker);
    this.#kept.delete(tracker);
    return kept !== undefined && isAlive(kept, nowMs) ? kept : undefined;
  }

  /** Keeps a connection for the next question. */
  keep(tracker: string, kept: KeptConnection): void {
    this.#kept.delete(tracker);
    this.#kept.set(tracker, kept);
    if (this.#kept.size > MAX_KEPT_COUNT) {
      const [oldest] = this.#kept.keys();
      this.#kept.delete(oldest!);
    }
  }
}

function isAlive({ connection }: KeptConnection, nowMs: number): boolean {
  return nowMs - connection.receivedAtMs < UDP_CONNECTION_LIFE_MS;
}
