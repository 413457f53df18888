/**
 * Performs the dials that a torrent's {@linkcode Dialer} decides on, and reports
 * each result to it.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import type { FdPressure } from "../base/fd_pressure.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import {
  Dialer,
  type DialerEvent,
  type DialerOptions,
  SLOW_DIAL_MS,
} from "../dialing/dialer.ts";
import type { Handshake } from "../wire/handshake.ts";
import { dialPeer, type HandshakenChannel } from "./dial_peer.ts";

/** Options for {@linkcode PeerDialing}. */
export interface PeerDialingOptions extends DialerOptions {
  readonly own: Handshake;
  readonly signal: AbortSignal;
  /** Time for each dial, its handshake included, in milliseconds. */
  readonly timeoutMs: number;
  readonly fdPressure: FdPressure;
  /** Takes over a channel. */
  readonly onPeer: (channel: HandshakenChannel, address: PeerAddress) => void;
}

/** Dials the peers of one torrent until `signal` is aborted. */
export class PeerDialing {
  readonly #options: PeerDialingOptions;
  readonly #dialer: Dialer;

  constructor(options: PeerDialingOptions) {
    this.#options = options;
    this.#dialer = new Dialer(options);
  }

  /** Reports an event and dials what is due. */
  apply(event: DialerEvent): void {
    if (this.#options.signal.aborted) return;
    const due = this.#dialer.apply(event, performance.now());
    for (const address of due) this.#dial(address);
  }

  async #dial(address: PeerAddress): Promise<void> {
    const { own, signal, timeoutMs, fdPressure, onPeer } = this.#options;
    const timer = setTimeout(
      () => this.apply({ type: "slow", address }),
      SLOW_DIAL_MS,
    );
    try {
      const handshaken = await dialPeer(address, own, { signal, timeoutMs });
      if (signal.aborted) handshaken.channel.close();
      else onPeer(handshaken, address);
      this.apply({ type: "answered", address });
    } catch (error) {
      // Nobody there, or no peer of this torrent: tried again later.
      if (!(error instanceof ProtocolError)) throw error;
      const isShortage = fdPressure.relieve(error, performance.now());
      const reason = isShortage ? "shortage" : "unanswered";
      this.apply({ type: "ended", address, reason });
    } finally {
      clearTimeout(timer);
    }
  }
}
