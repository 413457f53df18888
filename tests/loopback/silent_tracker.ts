/**
 * A tracker that accepts announces and never answers.
 */
import { deadline } from "@std/async/deadline";
import type { RunningProgram } from "../../scripts/programs/running_program.ts";
import { type LocalSwarm, spawnPeer } from "./local_swarm.ts";

const ANNOUNCE_TIMEOUT_MS = 30_000;

/** The tracker; disposing of it closes its connections. */
export class SilentTracker implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections: Deno.TcpConn[] = [];

  get announceUrl(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}/announce`;
  }

  /** Waits until somebody connects in order to announce. @throws {Error} If nobody does in time. */
  async connected(): Promise<void> {
    const accepting = this.#listener.accept();
    this.#connections.push(await deadline(accepting, ANNOUNCE_TIMEOUT_MS));
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
    this.#listener.close();
  }
}
