/**
 * Keeps a torrent's connections coming: dials what the address book offers, a
 * few at a time, and decides how long an address rests after its connection.
 *
 * @module
 */
import type { Permits } from "../base/address_filter.ts";
import { isUnicast } from "../base/dialable.ts";
import { ProtocolError } from "../base/errors.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import type { Random } from "../base/random.ts";
import { dialPeer, type GreetedChannel } from "../net/dial_peer.ts";
import {
  type AddAddressesOptions,
  AddressBook,
} from "../swarm/address_book.ts";
import type { PeerKey } from "../swarm/events.ts";
import { isCallWanted, SLOW_CALL_MS } from "../swarm/mesh.ts";
import type { PeerState } from "../swarm/peer_state.ts";
import type { ConnectionEnd } from "./peer_connections.ts";
import type { Handshake } from "../wire/handshake.ts";

/** How long an address rests after a connection, by its end, in milliseconds. */
const REST_MS: Record<Exclude<ConnectionEnd, "refused">, number> = {
  lost: 3_000,
  protocol: 60_000,
  ownPeerId: Infinity,
  duplicate: 60_000,
  banned: Infinity,
  full: 30_000,
  idle: 5_000,
  overdue: 5_000,
  bothComplete: 600_000,
};

/** How long the address of a peer that called us rests, in milliseconds: it is not lost, if the call is. */
const CALLER_REST_MS = 30_000;

/** What dialing needs. */
export interface PeerDialingOptions {
  readonly own: Handshake;
  readonly signal: AbortSignal;
  /** For each call, its handshake included, in milliseconds. */
  readonly timeoutMs: number;
  readonly random: Random;
  /** Connections at once. */
  readonly maxPeers: number;
  /** Whether a host is talked to. */
  readonly permits: Permits;
  /** The connected peers: live. Who listens at an address and called us is not dialed there. */
  readonly peers: ReadonlyMap<PeerKey, PeerState>;
  /** Takes over a channel whose handshake is done. */
  readonly onPeer: (greeted: GreetedChannel, address: PeerAddress) => void;
}

/** Dials the peers of one torrent. */
export class PeerDialing {
  readonly #options: PeerDialingOptions;
  readonly #book: AddressBook;
  #callCount = 0;
  #slowCallCount = 0;

  constructor(options: PeerDialingOptions) {
    this.#options = options;
    this.#book = new AddressBook(options.random);
  }

  /** Notes addresses and dials what there is room for. What no machine has is left out. */
  add(
    addresses: Iterable<PeerAddress>,
    options: AddAddressesOptions = {},
  ): void {
    const unicast = [...addresses].filter(({ hostname }) =>
      isUnicast(hostname) && this.#options.permits(hostname)
    );
    this.#book.add(unicast, options);
    this.dialMore();
  }

  /** Dials while there are addresses due and room for them. */
  dialMore(): void {
    while (!this.#options.signal.aborted && this.#isCallWanted) {
      const now = performance.now();
      const address = this.#book.take(now);
      if (address === undefined) return;
      if (this.#isCaller(address)) {
        this.#book.release(address, now, CALLER_REST_MS);
      } else {
        this.#dial(address);
      }
    }
  }

  /** The connection with an address that was dialed is over. */
  release(address: PeerAddress, end: ConnectionEnd): void {
    const now = performance.now();
    if (end === "refused") this.#book.failed(address, now);
    else this.#book.release(address, now, REST_MS[end]);
  }

  get #isCallWanted(): boolean {
    const { peers, maxPeers } = this.#options;
    return isCallWanted({
      connectionCount: peers.size,
      callCount: this.#callCount,
      slowCallCount: this.#slowCallCount,
      maxPeers,
    });
  }

  /** Whether a peer that called us listens there: another connection would take the place of this one. */
  #isCaller({ hostname, port }: PeerAddress): boolean {
    for (const peer of this.#options.peers.values()) {
      if (peer.listenPort === port && peer.hostname === hostname) return true;
    }
    return false;
  }

  async #dial(address: PeerAddress): Promise<void> {
    const { own, signal, timeoutMs, onPeer } = this.#options;
    this.#callCount++;
    let isSlow = false;
    const timer = setTimeout(() => {
      isSlow = true;
      this.#slowCallCount++;
      this.dialMore();
    }, SLOW_CALL_MS);
    try {
      const greeted = await dialPeer(address, own, { signal, timeoutMs });
      if (signal.aborted) greeted.channel.close();
      else onPeer(greeted, address);
    } catch (error) {
      // Nobody there, or a stranger: tried again later.
      if (!(error instanceof ProtocolError)) throw error;
      this.#book.failed(address, performance.now());
    } finally {
      clearTimeout(timer);
      this.#callCount--;
      if (isSlow) this.#slowCallCount--;
    }
    this.dialMore();
  }
}
