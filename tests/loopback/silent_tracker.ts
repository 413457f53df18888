/**
 * A tracker that accepts announces and never answers.
 *
 * @module
 */

/** The tracker; disposing of it closes its connections. */
export class SilentTracker implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections: Deno.TcpConn[] = [];

  get announceUrl(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}/announce`;
  }

  /** Waits until somebody connects in order to announce. */
  async connected(): Promise<void> {
    this.#connections.push(await this.#listener.accept());
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.close();
    this.#listener.close();
  }
}
