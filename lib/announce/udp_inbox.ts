/**
 * What has arrived and was not looked at yet, for one reader that waits for it.
 *
 * @module
 */
import type { PeerAddress } from "../base/peer_address.ts";

/** Datagrams kept at most; a flood loses the newest. */
const MAX_KEPT_COUNT = 64;

/** A datagram and where it came from. */
export interface ArrivedDatagram {
  readonly datagram: Uint8Array;
  readonly source: PeerAddress;
}

/** Keeps datagrams in their order. */
export class UdpInbox {
  readonly #kept: ArrivedDatagram[] = [];
  #arrival = Promise.withResolvers<void>();

  /** Takes one from a socket. */
  put(datagram: Uint8Array, source: PeerAddress): void {
    if (this.#kept.length >= MAX_KEPT_COUNT) return;
    this.#kept.push({ datagram, source });
    this.#arrival.resolve();
  }

  /**
   * The next one; `undefined` if none comes within a time in milliseconds.
   * @throws The signal's reason, once it is aborted.
   */
  async take(
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<ArrivedDatagram | undefined> {
    signal.throwIfAborted();
    if (this.#kept.length === 0) await this.#wait(timeoutMs, signal);
    signal.throwIfAborted();
    return this.#kept.shift();
  }

  async #wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
    this.#arrival = Promise.withResolvers();
    const wake = (): void => this.#arrival.resolve();
    const timer = setTimeout(wake, timeoutMs);
    signal.addEventListener("abort", wake);
    try {
      await this.#arrival.promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
    }
  }
}
