/**
 * Accepts inbound connections of a session, answers their handshakes and hands
 * the channels on. A connection without a proper handshake in time, or for a
 * torrent that is not shared, is closed without a word. Pending handshakes are
 * bounded, so that a host that opens thousands of connections and sends nothing does
 * not keep other peers out.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Permits } from "../base/address_filter.ts";
import { BoundedMap } from "../base/bounded_map.ts";
import { ProtocolError } from "../base/errors.ts";
import type { FdPressure } from "../base/fd_pressure.ts";
import type { InfoHash, PeerId } from "../base/identifier.ts";
import { RateLimiter } from "../base/rate_limiter.ts";
import { isPortTaken, listenTcp } from "../net/listen_everywhere.ts";
import { type Handshake, OWN_EXTENSIONS } from "../wire/handshake.ts";
import { type HandshakenChannel, PeerChannel } from "./peer_channel.ts";

/** Ports tried from the requested one on. */
const MAX_PORTS_TRIED = 100;
/** Connections accepted in a second; others wait in the system's backlog. To accept one and close it costs a tenth of a millisecond. */
const ACCEPTED_PER_SECOND = 1000;
/** Pause after a connection could not be accepted, in milliseconds. */
const ACCEPT_PAUSE_MS = 50;

/** The listening sockets of one port: one, or one for each address family. */
export interface PeerSockets {
  readonly port: number;
  readonly sockets: readonly Deno.TcpListener[];
}

/**
 * Listens on `port`, or on the first free one after it; 0 is any free one.
 * @param hostname A local address; `undefined` for all interfaces.
 * @throws {Deno.errors.AddrInUse} If all ports that were tried are taken.
 * @throws {Deno.errors.AddrNotAvailable} If this machine has no such address.
 */
export function listenForPeers(
  port: number,
  hostname: string | undefined,
): PeerSockets {
  const last = port === 0 ? 0 : Math.min(port + MAX_PORTS_TRIED - 1, 65535);
  for (;; port++) {
    try {
      const sockets = listenTcp(port, hostname);
      return { port: sockets[0]!.addr.port, sockets };
    } catch (error) {
      if (!isPortTaken(error) || port === last) throw error;
    }
  }
}

/** Options for {@linkcode PeerListener}. */
export interface PeerListenerOptions {
  readonly ownId: PeerId;
  /** True for a torrent that is shared here. */
  readonly shares: (infoHash: InfoHash) => boolean;
  readonly permits: Permits;
  readonly fdPressure: FdPressure;
  /** Takes over a channel. */
  readonly onPeer: (channel: HandshakenChannel) => void;
  /** Time for the handshake, in milliseconds. */
  readonly timeoutMs: number;
}

/** Accepts peers until closed. */
export class PeerListener implements Disposable {
  readonly #sockets: readonly Deno.TcpListener[];
  readonly #options: PeerListenerOptions;
  readonly #pending = new PendingHandshakes();
  readonly #rate = new RateLimiter({ perSecond: ACCEPTED_PER_SECOND });
  #isClosed = false;

  constructor(
    sockets: readonly Deno.TcpListener[],
    options: PeerListenerOptions,
  ) {
    this.#sockets = sockets;
    this.#options = options;
  }

  /** Accepts connections until {@linkcode close}. */
  async run(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => this.#accept(socket)));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const socket of this.#sockets) socket.close();
    this.#pending.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #accept(socket: Deno.TcpListener): Promise<void> {
    for (;;) {
      try {
        const connection = await socket.accept();
        const now = performance.now();
        const waitMs = this.#rate.take(1, now);
        if (this.#isWelcome(connection, now)) {
          this.#answer(new PeerChannel(connection));
        } else connection.close();
        if (waitMs > 0) await delay(waitMs);
      } catch (error) {
        if (this.#isClosed) return;
        if (!(error instanceof Error && "code" in error)) throw error;
        // A peer that has closed its connection already costs nothing. Descriptors
        // or memory may be free again in a moment; until then the loop must not
        // spin.
        const { fdPressure } = this.#options;
        const lacksHandles = fdPressure.relieve(error, performance.now());
        const lacksMemory = ["ENOBUFS", "ENOMEM"].includes(String(error.code));
        if (lacksHandles || lacksMemory) await delay(ACCEPT_PAUSE_MS);
      }
    }
  }

  #isWelcome(connection: Deno.TcpConn, now: number): boolean {
    const { hostname } = connection.remoteAddr;
    // It may have been accepted at the moment of the closing.
    return !this.#isClosed && this.#options.permits(hostname) &&
      this.#pending.permits(hostname, now);
  }

  async #answer(channel: PeerChannel): Promise<void> {
    this.#pending.add(channel);
    const timer = setTimeout(() => channel.close(), this.#options.timeoutMs);
    let handshake: Handshake | undefined;
    try {
      handshake = await this.#shakeHands(channel);
    } catch (error) {
      // Not a peer: its connection is closed below.
      if (!(error instanceof ProtocolError)) throw error;
    } finally {
      clearTimeout(timer);
      this.#pending.delete(channel);
    }
    if (handshake === undefined) channel.close();
    else this.#options.onPeer({ channel, handshake });
  }

  /** Receives a handshake and answers it; `undefined` if it is not for a shared torrent. */
  async #shakeHands(channel: PeerChannel): Promise<Handshake | undefined> {
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

/** An inbound connection. */
export type PendingChannel = Pick<
  PeerChannel,
  "hostname" | "isClosed" | "close"
>;

/** Handshakes that may be pending at once. */
const MAX_PENDING = 128;
/** Of one host: more than peers behind one address that start together. */
const MAX_PENDING_OF_HOST = 64;
/** Connections of one host. */
const CONNECTIONS_OF_HOST = { perSecond: 16, burst: 256 };
/** Hosts whose connections are counted. */
const MAX_HOSTS = 1024;

/**
 * Inbound connections whose handshake has not come yet, and how often each host has
 * connected. Several peers at one address, as behind a NAT, stay far below the bounds.
 */
export class PendingHandshakes {
  /** In the order in which they connected. */
  readonly #pending = new Set<PendingChannel>();
  readonly #rates = new BoundedMap<string, RateLimiter>(MAX_HOSTS);

  /** Counts a connection of a host. Returns false if the host connects too often. */
  permits(hostname: string, nowMs: number): boolean {
    return this.#rates
      .getOrInsertComputed(hostname, () => new RateLimiter(CONNECTIONS_OF_HOST))
      .tryTake(1, nowMs);
  }

  /** Adds a connection. Closes the oldest if there are too many, of the same host if that has too many. */
  add(channel: PendingChannel): void {
    const ofHost = [...this.#pending].filter(({ hostname }) =>
      hostname === channel.hostname
    );
    const isCrowd = ofHost.length >= MAX_PENDING_OF_HOST;
    const [oldest] = isCrowd ? ofHost : this.#pending;
    if (isCrowd || this.#pending.size >= MAX_PENDING) oldest?.close();
    if (oldest?.isClosed) this.#pending.delete(oldest);
    this.#pending.add(channel);
  }

  /** The handshake has come, or the connection is over. */
  delete(channel: PendingChannel): void {
    this.#pending.delete(channel);
  }

  /** Closes all of them. */
  close(): void {
    for (const channel of this.#pending) channel.close();
  }
}
