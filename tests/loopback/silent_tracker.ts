/**
 * A tracker that accepts announces and never answers.
 *
 * @module
 */
import type { RunningProgram } from "../../scripts/programs/running_program.ts";
import { type LocalSwarm, spawnPeer } from "./local_swarm.ts";

/** Longest wait for an announce, in milliseconds. */
const ANNOUNCE_TIMEOUT_MS = 30_000;

/** The tracker; disposing of it closes its connections. */
export class SilentTracker implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections: Deno.TcpConn[] = [];
  #isClosed = false;

  get announceUrl(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}/announce`;
  }

  /**
   * Waits until somebody connects in order to announce.
   * @throws {Error} If nobody does in time; it then listens no more.
   */
  async connected(): Promise<void> {
    const timer = setTimeout(() => this.#close(), ANNOUNCE_TIMEOUT_MS);
    try {
      this.#connections.push(await this.#listener.accept());
    } finally {
      clearTimeout(timer);
    }
  }

  /** Starts a peer that seeds a torrent of this tracker, and waits until it announces. */
  async spawnSeeder(swarm: LocalSwarm): Promise<RunningProgram> {
    const shared = await swarm.publish("a.bin", {
      files: { "": 10 },
      announce: [this.announceUrl],
    });
    await using stack = new AsyncDisposableStack();
    const seeder = stack.use(spawnPeer(shared.path, "--dir", shared.source));
    await this.connected();
    stack.move();
    return seeder;
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.close();
    this.#close();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#listener.close();
  }
}
