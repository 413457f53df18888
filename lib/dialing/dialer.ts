/**
 * Decides which addresses of one torrent to dial, and when: events come in,
 * addresses to dial go out. Owns the address book, the dials in flight and all
 * rest times. A session performs the dials, a simulation in virtual time.
 *
 * Every peer dials for the same number of connections, well below what it
 * accepts, so that a late peer finds room everywhere; and it runs few dials at a
 * time, so that connections which arrive meanwhile count. Simulated, 1000 peers of
 * 4000 pieces that start together, before peers that lag behind were served first: with
 * 8 dials at a time the last was done at 1.45 of the least time possible, as the least
 * connected lagged behind; with 2, at 1.23. 40 connections were no better than 18: more
 * peers share each uplink.
 *
 * @module
 */
import type { Permits } from "../base/address_filter.ts";
import { isUnicast } from "../base/ip_address.ts";
import {
  formatPeerAddress,
  isPrivileged,
  type PeerAddress,
} from "../base/peer_address.ts";
import type { Random } from "../base/random.ts";
import { AddressBook, type AddressSource } from "./address_book.ts";
import type { DialLimiter } from "./dial_limiter.ts";

/** Default limit of connections for each torrent. */
export const MAX_PEERS = 50;

/** Share of the connections that a peer dials for; the rest is for inbound ones. */
const DIALED_SHARE = 0.3;
/** Share of those that one host's connections count for: it must not isolate us by opening many. */
const COUNTED_SHARE = 0.5;
/** Dials in flight that may be answered any moment. */
const MAX_QUICK_DIALS = 2;
/** Dials in flight, slow ones included. */
const MAX_DIALS = 16;
/** A dial that takes longer is slow and holds up no other: the host may be gone. In milliseconds. */
export const SLOW_DIAL_MS = 500;

/** Rest of an address after a connection or a dial that ended so, in milliseconds. */
const REST_MS = {
  shortage: 1_000,
  lost: 3_000,
  protocol: 60_000,
  ownPeerId: Infinity,
  duplicate: 60_000,
  banned: Infinity,
  full: 30_000,
  idle: 5_000,
  overdue: 5_000,
  bothComplete: 600_000,
} as const;
/** Rest of an address whose peer has connected to us, or that would get no slot, in milliseconds. */
const POINTLESS_REST_MS = 30_000;

/**
 * The end of a dial or of its connection. `shortage`: no file descriptor was free;
 * `unanswered`: no peer of this torrent is there; `refused`: nothing came after
 * the handshake, as from a full peer.
 */
export type ConnectionEnd = keyof typeof REST_MS | "unanswered" | "refused";

/** Something happened on which dialing depends. */
export type DialerEvent =
  | {
    readonly type: "learnt";
    readonly source: AddressSource;
    readonly addresses: Iterable<PeerAddress>;
  }
  /** A dial is slow after {@linkcode SLOW_DIAL_MS}; a peer that answered is connected already. */
  | { readonly type: "slow" | "answered"; readonly address: PeerAddress }
  | {
    readonly type: "ended";
    readonly address: PeerAddress;
    readonly reason: ConnectionEnd;
  }
  /** Every piece is verified; or time passed, about a second. */
  | { readonly type: "completed" | "tick" };

/** A connected peer, and the port on which it listens, if known. */
interface ConnectedPeer {
  readonly peer: {
    readonly hostname: string;
    readonly listenPort: number | undefined;
  };
}

export interface DialerOptions {
  readonly random: Random;
  /** Connections at once. */
  readonly maxPeers: number;
  readonly permits: Permits;
  /** Shared by all torrents of a session. */
  readonly limiter: DialLimiter;
  /** The torrent's connections, inbound ones included: a `Swarm` is one. */
  readonly connections: {
    readonly peers: ReadonlyMap<unknown, ConnectedPeer>;
    /** True if a peer of the host would get a slot. */
    hasSlotFor(hostname: string, now: number): boolean;
  };
}

/** The dialing of one torrent. All times are milliseconds on one clock. */
export class Dialer {
  readonly #options: DialerOptions;
  readonly #book: AddressBook;
  readonly #inFlight = new Set<string>();
  readonly #slow = new Set<string>();
  readonly #targetCount: number;

  constructor(options: DialerOptions) {
    this.#options = options;
    this.#book = new AddressBook(options.random);
    this.#targetCount = Math.ceil(options.maxPeers * DIALED_SHARE);
  }

  /** Takes an event. Returns the addresses to dial now. */
  apply(event: DialerEvent, now: number): PeerAddress[] {
    switch (event.type) {
      case "learnt":
        this.#learn(event.addresses, event.source);
        break;
      case "slow":
        this.#slow.add(formatPeerAddress(event.address));
        break;
      case "answered":
        this.#settle(event.address);
        this.#options.limiter.answered(event.address.hostname);
        break;
      case "ended":
        this.#end(event.address, event.reason, now);
        break;
      case "completed":
        // A thousand machines that finish together would dial one another to find
        // that out. From now on trackers and peers name leechers only.
        this.#book.forgetUnused();
        break;
      case "tick":
        break;
      default:
        event satisfies never;
    }
    return this.#due(now);
  }

  /** Leaves out what no peer can have, and ports that the source may not name. */
  #learn(addresses: Iterable<PeerAddress>, source: AddressSource): void {
    const { permits } = this.#options;
    const dialable = [...addresses].filter(({ hostname, port }) =>
      isUnicast(hostname) && (source === "user" || !isPrivileged(port)) &&
      permits(hostname)
    );
    this.#book.add(dialable, source);
  }

  #settle(address: PeerAddress): void {
    const key = formatPeerAddress(address);
    this.#inFlight.delete(key);
    this.#slow.delete(key);
  }

  #end(address: PeerAddress, reason: ConnectionEnd, now: number): void {
    this.#settle(address);
    if (reason === "unanswered") {
      this.#options.limiter.failed(address.hostname, now);
    }
    if (reason === "unanswered" || reason === "refused") {
      this.#book.failed(address, now);
    } else this.#book.rest(address, now, REST_MS[reason]);
  }

  #due(now: number): PeerAddress[] {
    const { rate } = this.#options.limiter;
    const due: PeerAddress[] = [];
    while (this.#isDialWanted && rate.waitMs(1, now) === 0) {
      const address = this.#book.take(now);
      if (address === undefined) break;
      const restMs = this.#restBefore(address, now);
      if (restMs > 0) this.#book.postpone(address, now, restMs);
      else {
        rate.take(1, now);
        this.#inFlight.add(formatPeerAddress(address));
        due.push(address);
      }
    }
    return due;
  }

  get #isDialWanted(): boolean {
    const quickCount = this.#inFlight.size - this.#slow.size;
    return this.#inFlight.size < MAX_DIALS && quickCount < MAX_QUICK_DIALS &&
      this.#isBelow(this.#targetCount - quickCount);
  }

  /** True if fewer than `count` connections count. */
  #isBelow(count: number): boolean {
    const { peers } = this.#options.connections;
    if (peers.size < count || count <= 0) return count > 0;
    const maxOfHost = Math.ceil(this.#targetCount * COUNTED_SHARE);
    const counts = new Map<string, number>();
    let sum = 0;
    for (const { peer: { hostname } } of peers.values()) {
      const ofHost = (counts.get(hostname) ?? 0) + 1;
      counts.set(hostname, ofHost);
      if (ofHost <= maxOfHost) sum++;
    }
    return sum < count;
  }

  #restBefore(address: PeerAddress, now: number): number {
    const { connections, limiter } = this.#options;
    const { hostname, port } = address;
    // Of two connections with one peer one would be dropped.
    const isPointless = !connections.hasSlotFor(hostname, now) ||
      connections.peers.values().some(({ peer }) =>
        peer.listenPort === port && peer.hostname === hostname
      );
    return isPointless ? POINTLESS_REST_MS : limiter.delayOf(hostname, now);
  }
}
