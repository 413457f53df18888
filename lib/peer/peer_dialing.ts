/**
 * Finds the peers of a torrent: announces the torrent to its trackers, performs the dials
 * that the {@linkcode Dialer} decides on, and reports each result to the dialer. One
 * deadline covers connection and handshake, so a host that drops packets costs seconds,
 * not minutes.
 *
 * @module
 */
import { Announcer, type AnnouncerOptions } from "../announce/announcer.ts";
import { ProtocolError } from "../base/errors.ts";
import { formatPeerAddress, type PeerAddress } from "../base/peer_address.ts";
import { joinSignals } from "../base/join_signals.ts";
import type { AddressSource } from "../dialing/address_book.ts";
import {
  type ConnectionEnd,
  Dialer,
  type DialerEvent,
  type DialerOptions,
  SLOW_DIAL_MS,
} from "../dialing/dialer.ts";
import { type Handshake, OWN_EXTENSIONS } from "../wire/handshake.ts";
import {
  HANDSHAKE_TIMEOUT_MS,
  type HandshakenChannel,
  PeerChannel,
} from "./peer_channel.ts";
import type { SessionContext } from "./session_context.ts";

export interface PeerDialingOptions
  extends
    Pick<DialerOptions, "connections">,
    Pick<AnnouncerOptions, "infoHash" | "tiers" | "progress" | "onReport"> {
  readonly signal: AbortSignal;
  readonly onPeer: (channel: HandshakenChannel, address: PeerAddress) => void;
}

/** Dials the peers of one torrent until `signal` is aborted. */
export class PeerDialing {
  readonly announcer: Announcer;
  readonly #session: SessionContext;
  readonly #options: PeerDialingOptions;
  readonly #dialer: Dialer;

  constructor(session: SessionContext, options: PeerDialingOptions) {
    this.#session = session;
    this.#options = options;
    const { port, maxPeers, permits, announce, fdPressure } = session;
    this.#dialer = new Dialer({
      ...{ maxPeers, permits, connections: options.connections },
      random: Math.random,
      limiter: session.dialLimiter,
    });
    this.announcer = new Announcer({
      ...{ ...options, port, announce, fdPressure },
      peerId: session.ownId,
      key: session.announceKey,
      onPeers: (addresses) => this.learn("tracker", addresses),
    });
  }

  learn(source: AddressSource, addresses: Iterable<PeerAddress>): void {
    this.apply({ type: "learnt", source, addresses });
  }

  /** A connection is over; `address` is `undefined` if the peer connected to us. */
  ended(address: PeerAddress | undefined, reason: ConnectionEnd): void {
    if (address !== undefined) this.apply({ type: "ended", address, reason });
  }

  /** Reports an event to the dialer and dials what is due. */
  apply(event: DialerEvent): void {
    if (this.#options.signal.aborted) return;
    const due = this.#dialer.apply(event, performance.now());
    for (const address of due) this.#dial(address);
  }

  async #dial(address: PeerAddress): Promise<void> {
    const { infoHash, signal, onPeer } = this.#options;
    const { ownId: peerId, fdPressure, handshakeTimeoutMs } = this.#session;
    const own = { infoHash, peerId, extensions: OWN_EXTENSIONS };
    const options = { signal, timeoutMs: handshakeTimeoutMs };
    const timer = setTimeout(
      () => this.apply({ type: "slow", address }),
      SLOW_DIAL_MS,
    );
    try {
      const handshaken = await dialPeer(address, own, options);
      if (signal.aborted) return handshaken.channel.close();
      onPeer(handshaken, address);
      this.apply({ type: "answered", address });
    } catch (error) {
      // No peer of this torrent is there; the dialer may try again later.
      if (!(error instanceof ProtocolError)) throw error;
      const isShortage = fdPressure.relieve(error, performance.now());
      this.ended(address, isShortage ? "shortage" : "unanswered");
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * Connects to a peer and exchanges handshakes for `own.infoHash`.
 * @throws {ProtocolError} If no peer answers in time, or the peer answers for another torrent.
 */
export async function dialPeer(
  address: PeerAddress,
  own: Handshake,
  { signal, timeoutMs = HANDSHAKE_TIMEOUT_MS }: {
    readonly signal: AbortSignal;
    readonly timeoutMs?: number;
  },
): Promise<HandshakenChannel> {
  using joined = joinSignals(signal, AbortSignal.timeout(timeoutMs));
  const ending = joined.signal;
  const channel = new PeerChannel(await connect(address, ending));
  ending.addEventListener("abort", () => channel.close());
  try {
    // The deadline may have passed while the connection was made.
    if (ending.aborted) channel.close();
    await channel.sendHandshake(own);
    const handshake = await channel.receiveHandshake();
    if (handshake?.infoHash === own.infoHash) return { channel, handshake };
    const reason = handshake === undefined
      ? "it closed the connection"
      : `it serves ${handshake.infoHash}`;
    throw new ProtocolError(
      `Cannot shake hands with ${formatPeerAddress(address)}: ${reason}`,
    );
  } catch (error) {
    channel.close();
    throw error;
  }
}

async function connect(
  address: PeerAddress,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  const { hostname, port } = address;
  try {
    return await Deno.connect({ hostname, port, signal });
  } catch (error) {
    const reason = signal.aborted
      ? "no answer in time"
      : (error as Error).message;
    throw new ProtocolError(
      `Cannot connect to ${formatPeerAddress(address)}: ${reason}`,
      { cause: error },
    );
  }
}
