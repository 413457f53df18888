/**
 * Accepts inbound connections of a session, answers their handshakes and passes the
 * channels on. A connection without a valid handshake in time, or for a torrent that is
 * not shared, is closed without an answer. Pending handshakes are bounded, so a host that
 * opens thousands of connections and sends nothing does not keep other peers out.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { BoundedMap } from "../base/bounded_map.ts";
import { ProtocolError } from "../base/errors.ts";
import type { InfoHash } from "../base/identifier.ts";
import { RateLimiter } from "../base/rate_limiter.ts";
import { isPortTaken, listenTcp } from "../net/listen_everywhere.ts";
import { type Handshake, OWN_EXTENSIONS } from "../wire/handshake.ts";
import { type HandshakenChannel, PeerChannel } from "./peer_channel.ts";
import type { SessionContext } from "./session_context.ts";

/** Ports tried from the requested one on. */
const MAX_PORTS_TRIED = 100;
/** Connections accepted in a second; others wait in the system's backlog. Accepting and closing a connection costs a tenth of a millisecond. */
const ACCEPTED_PER_SECOND = 1000;
/** Pause after a connection could not be accepted, in milliseconds. */
const ACCEPT_PAUSE_MS = 50;

/**
 * Listens on `port`, or on the first free one after it; 0 is any free one.
 * @param hostname A local address; `undefined` for all interfaces.
 * @returns A socket, or one for each address family.
 * @throws {Deno.errors.AddrInUse} If all ports that were tried are taken.
 * @throws {Deno.errors.AddrNotAvailable} If this machine has no such address.
 */
export function listenForPeers(
  port: number,
  hostname: string | undefined,
): Deno.TcpListener[] {
  const last = port === 0 ? 0 : Math.min(port + MAX_PORTS_TRIED - 1, 65535);
  for (;; port++) {
    try {
      return listenTcp(port, hostname);
    } catch (error) {
      if (!isPortTaken(error) || port === last) throw error;
    }
  }
}

/** A torrent at work, which takes over channels. */
interface Adopter {
  adopt(channel: HandshakenChannel): void;
}

/** Finds a torrent that is shared here. */
type FindAdopter = (infoHash: InfoHash) => Adopter | undefined;

export class PeerListener {
  readonly #sockets: readonly Deno.TcpListener[];
  readonly #session: SessionContext;
  readonly #find: FindAdopter;
  readonly #pending = new PendingHandshakes();
  readonly #rate = new RateLimiter({ perSecond: ACCEPTED_PER_SECOND });
  #isClosed = false;

  constructor(session: SessionContext, options: {
    readonly sockets: readonly Deno.TcpListener[];
    readonly find: FindAdopter;
  }) {
    this.#session = session;
    this.#sockets = options.sockets;
    this.#find = options.find;
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
        // The peer may have closed its connection already. If descriptors or memory
        // are short, they may be free again in a moment; until then the loop must
        // not spin.
        const { fdPressure } = this.#session;
        const lacksHandles = fdPressure.relieve(error, performance.now());
        const lacksMemory = ["ENOBUFS", "ENOMEM"].includes(String(error.code));
        if (lacksHandles || lacksMemory) await delay(ACCEPT_PAUSE_MS);
      }
    }
  }

  #isWelcome(connection: Deno.TcpConn, now: number): boolean {
    const { hostname } = connection.remoteAddr;
    // The connection may have been accepted while the listener was closed.
    return !this.#isClosed && this.#session.permits(hostname) &&
      this.#pending.permits(hostname, now);
  }

  async #answer(channel: PeerChannel): Promise<void> {
    const { handshakeTimeoutMs } = this.#session;
    this.#pending.add(channel);
    const timer = setTimeout(() => channel.close(), handshakeTimeoutMs);
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
    const torrent = handshake && this.#find(handshake.infoHash);
    if (handshake && torrent) torrent.adopt({ channel, handshake });
    else channel.close();
  }

  /** Receives a handshake and answers it; `undefined` if it is not for a shared torrent. */
  async #shakeHands(channel: PeerChannel): Promise<Handshake | undefined> {
    const handshake = await channel.receiveHandshake();
    if (!handshake || !this.#find(handshake.infoHash)) return undefined;
    const { ownId: peerId } = this.#session;
    const own = { ...handshake, peerId, extensions: OWN_EXTENSIONS };
    return await channel.sendHandshake(own) ? handshake : undefined;
  }
}

export type PendingChannel = Pick<
  PeerChannel,
  "hostname" | "isClosed" | "close"
>;

/** Handshakes that may be pending at once. */
const MAX_PENDING = 128;
/** Pending handshakes of one host: more than peers behind one address that start together. */
const MAX_PENDING_OF_HOST = 64;
const CONNECTIONS_OF_HOST = { perSecond: 16, burst: 256 };
/** Hosts whose connections are counted. */
const MAX_HOSTS = 1024;

/**
 * Inbound connections before their handshake, and the rate of connections of each host.
 * Several peers at one address, as behind a NAT, stay far below the bounds.
 */
export class PendingHandshakes {
  /** Oldest first. */
  readonly #pending = new Set<PendingChannel>();
  readonly #rates = new BoundedMap<string, RateLimiter>(MAX_HOSTS);

  /** Counts a connection of a host. Returns false if the host connects too often. */
  permits(hostname: string, nowMs: number): boolean {
    return this.#rates
      .getOrInsertComputed(hostname, () => new RateLimiter(CONNECTIONS_OF_HOST))
      .tryTake(1, nowMs);
  }

  /** Adds a connection. Closes the host's oldest if the host has too many, else the oldest of all if there are too many. */
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

  close(): void {
    for (const channel of this.#pending) channel.close();
  }
}
