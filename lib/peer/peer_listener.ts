/**
 * Answering peers: takes calls, hears who it is, and hands greeted channels on.
 * A caller that does not say a proper hello in time, or speaks of a torrent that
 * nobody here shares, is hung up on without a word. Calls are taken no faster
 * than they can be listened to; {@linkcode PeerCallers} bounds who waits.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Permits } from "../base/address_filter.ts";
import { ProtocolError } from "../base/errors.ts";
import type { FdPressure } from "../base/fd_pressure.ts";
import type { InfoHash, PeerId } from "../base/identifier.ts";
import { RateLimiter } from "../base/rate_limiter.ts";
import { type Handshake, OWN_EXTENSIONS } from "../wire/handshake.ts";
import { HANDSHAKE_TIMEOUT_MS, type HandshakenChannel } from "./dial_peer.ts";
import { PeerCallers } from "./pending_handshakes.ts";
import { PeerChannel } from "./peer_channel.ts";

/** Calls taken in a second; the others wait with the system. To take one and hang up costs a tenth of a millisecond. */
const CALLS_PER_SECOND = 1000;
/** Rest after a call that could not be taken, in milliseconds. */
const ACCEPT_PAUSE_MS = 50;

/** Whether the system lacks memory for a call. */
function isMemoryShortage(error: object): boolean {
  return "code" in error &&
    (error.code === "ENOBUFS" || error.code === "ENOMEM");
}

/** What a listener needs to answer. */
export interface PeerListenerOptions {
  readonly ownId: PeerId;
  /** Whether the torrent is shared here. */
  readonly shares: (infoHash: InfoHash) => boolean;
  /** Whether a host is talked to. */
  readonly permits: Permits;
  readonly fdPressure: FdPressure;
  /** Takes over a channel whose handshake is done on both sides. */
  readonly onPeer: (greeted: HandshakenChannel) => void;
  /** Time for the handshake, in milliseconds. @default {HANDSHAKE_TIMEOUT_MS} */
  readonly timeoutMs?: number;
}

/** Accepts peers on open sockets until closed. */
export class PeerListener implements Disposable {
  readonly #sockets: readonly Deno.TcpListener[];
  readonly #options: PeerListenerOptions;
  readonly #callers = new PeerCallers();
  readonly #callRate = new RateLimiter({ perSecond: CALLS_PER_SECOND });
  #isClosed = false;

  constructor(
    sockets: readonly Deno.TcpListener[],
    options: PeerListenerOptions,
  ) {
    this.#sockets = sockets;
    this.#options = options;
  }

  /** Answers calls until {@linkcode close}. */
  async run(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => this.#accept(socket)));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const socket of this.#sockets) socket.close();
    this.#callers.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #accept(socket: Deno.TcpListener): Promise<void> {
    for (;;) {
      try {
        const connection = await socket.accept();
        const now = performance.now();
        const waitMs = this.#callRate.take(1, now);
        // It may have come in the moment of the closing.
        const isHeard = !this.#isClosed && this.#isHeard(connection, now);
        if (isHeard) this.#greet(new PeerChannel(connection));
        else connection.close();
        if (waitMs > 0) await delay(waitMs);
      } catch (error) {
        if (this.#isClosed) return;
        if (!(error instanceof Error && "code" in error)) throw error;
        // A caller that hung up already costs nothing. What lacks may be there
        // again in a moment; until then the loop must not spin.
        const { fdPressure } = this.#options;
        const lacksHandles = fdPressure.relieve(error, performance.now());
        if (lacksHandles || isMemoryShortage(error)) {
          await delay(ACCEPT_PAUSE_MS);
        }
      }
    }
  }

  #isHeard(connection: Deno.TcpConn, now: number): boolean {
    const { hostname } = connection.remoteAddr;
    return this.#options.permits(hostname) &&
      this.#callers.isHeard(hostname, now);
  }

  async #greet(channel: PeerChannel): Promise<void> {
    this.#callers.add(channel);
    const timeoutMs = this.#options.timeoutMs ?? HANDSHAKE_TIMEOUT_MS;
    const timer = setTimeout(() => channel.close(), timeoutMs);
    let handshake: Handshake | undefined;
    try {
      handshake = await this.#exchange(channel);
    } catch (error) {
      // A stranger, not a peer: whoever it was is hung up on below.
      if (!(error instanceof ProtocolError)) throw error;
    } finally {
      clearTimeout(timer);
      this.#callers.delete(channel);
    }
    if (handshake === undefined) channel.close();
    else this.#options.onPeer({ channel, handshake });
  }

  /** The caller's handshake, answered; `undefined` if it is not one for us. */
  async #exchange(channel: PeerChannel): Promise<Handshake | undefined> {
    const handshake = await channel.receiveHandshake();
    if (handshake === undefined || !this.#options.shares(handshake.infoHash)) {
      return undefined;
    }
    const isAnswered = await channel.sendHandshake({
      infoHash: handshake.infoHash,
      peerId: this.#options.ownId,
      extensions: OWN_EXTENSIONS,
    });
    return isAnswered ? handshake : undefined;
  }
}
