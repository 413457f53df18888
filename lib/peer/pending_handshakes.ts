/**
 * Inbound connections whose handshake has not come yet, and how often each host
 * has connected. Bounded, so that a host that opens thousands of connections and
 * sends nothing does not keep other peers out; several peers at one address, as
 * behind a NAT, stay far below the bounds.
 *
 * @module
 */
import { BoundedMap } from "../base/bounded_map.ts";
import { RateLimiter } from "../base/rate_limiter.ts";
import type { PeerChannel } from "./peer_channel.ts";

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

/** The pending handshakes of one session. */
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
