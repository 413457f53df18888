/**
 * Connects to the ports of slow hosts, to find out whether other machines can connect:
 * only to addresses from which the hosts have announced or reported.
 *
 * @module
 */
import { joinSignals } from "../base/join_signals.ts";
import type { HostRow } from "../rollout/host_row.ts";
import type { Rollout } from "../rollout/rollout.ts";

/** Longest wait for a connection, in milliseconds. */
const TIMEOUT_MS = 2_500;
/** Connections that are tried at once. */
const MAX_PROBES = 8;

/** Probes the slow hosts of a rollout until it is disposed of. */
export class HostProbes implements Disposable {
  readonly #slow: Rollout["slow"];
  readonly #ending = new AbortController();
  #count = 0;

  /** Probes nothing yet. */
  constructor({ slow }: Pick<Rollout, "slow">) {
    this.#slow = slow;
  }

  /** Starts the probes that are due. */
  run(): void {
    while (this.#count < MAX_PROBES) {
      const row = this.#slow.takeDue();
      if (row === undefined) return;
      void this.#probe(row);
    }
  }

  async #probe({ hostnames, port, judgement }: HostRow): Promise<void> {
    this.#count++;
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    using joined = joinSignals(timeout, this.#ending.signal);
    const { signal } = joined;
    const place = { hostname: hostnames[0]!, port, signal };
    const isReachable = await Deno.connect(place).then((connection) => {
      connection.close();
      return true;
    }, () => false);
    this.#count--;
    judgement.noteProbe(isReachable, performance.now());
  }

  /** Ends the probes that run. */
  [Symbol.dispose](): void {
    this.#ending.abort();
  }
}
