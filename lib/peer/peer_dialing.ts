/**
 * Keeps a torrent's connections coming: dials what the address book offers, a
 * few at a time, and decides how long an address rests after its connection.
 *
 * @module
 */
import type { Permits } from "../base/address_filter.ts";
import { isPrivileged, type PeerAddress } from "../base/peer_address.ts";
import { isUnicast } from "../base/ip_address.ts";
import { ProtocolError } from "../base/errors.ts";
import type { FdPressure } from "../base/fd_pressure.ts";
import type { Random } from "../base/random.ts";
import { dialPeer, type GreetedChannel } from "./dial_peer.ts";
import {
  type AddAddressesOptions,
  AddressBook,
} from "../dialing/address_book.ts";
import type { CallBudget } from "../dialing/dial_limiter.ts";
import {
  countedConnections,
  isCallWanted,
  SLOW_CALL_MS,
} from "../dialing/connection_target.ts";
import type { Swarm } from "../swarm/swarm.ts";
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

/** How long an address rests that it is pointless to dial, in milliseconds: of a peer that called us, which is not lost if the call is, or without a place for it. */
const POINTLESS_REST_MS = 30_000;

/** How long an address rests for which no handle was to be had, in milliseconds. */
const SHORTAGE_REST_MS = 1_000;

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
  readonly callBudget: CallBudget;
  readonly fdPressure: FdPressure;
  /** Who is connected. Who listens at an address and called us is not dialed there. */
  readonly swarm: Pick<Swarm, "peers" | "hasPlaceFor">;
  /** Takes over a channel whose handshake is done. */
  readonly onPeer: (greeted: GreetedChannel, address: PeerAddress) => void;
}

/** Options for {@linkcode PeerDialing.add}. */
export interface AddPeersOptions extends AddAddressesOptions {
  /** Whether it is known to be peers that listen there, on a system's own ports too. @default {false} */
  readonly isVouchedFor?: boolean;
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

  /** Notes addresses and dials what there is room for. What no peer has is left out. */
  add(
    addresses: Iterable<PeerAddress>,
    options: AddPeersOptions = {},
  ): void {
    const { isHearsay, isVouchedFor = false } = options;
    const dialable = [...addresses].filter(({ hostname, port }) =>
      isUnicast(hostname) && (isVouchedFor || !isPrivileged(port)) &&
      this.#options.permits(hostname)
    );
    this.#book.add(dialable, { isHearsay });
    this.dialMore();
  }

  /** Dials while there are addresses due and room for them. */
  dialMore(): void {
    const { callBudget, signal } = this.#options;
    while (!signal.aborted && this.#isCallWanted) {
      const now = performance.now();
      if (!callBudget.mayCall(now)) return;
      const address = this.#book.take(now);
      if (address === undefined) return;
      const restMs = this.#restBefore(address, now);
      if (restMs > 0) this.#book.postpone(address, now, restMs);
      else this.#dial(address);
    }
  }

  /**
   * Everything is here. Who was named until now may be complete as well, and a
   * thousand machines that finish together would call one another to find out:
   * trackers and peers name leechers alone from now on.
   */
  completed(): void {
    this.#book.forgetUnused();
  }

  /** The connection with an address that was dialed is over. */
  release(address: PeerAddress, end: ConnectionEnd): void {
    const now = performance.now();
    if (end === "refused") this.#book.failed(address, now);
    else this.#book.release(address, now, REST_MS[end]);
  }

  get #isCallWanted(): boolean {
    const { swarm, maxPeers } = this.#options;
    const peers = swarm.peers.values();
    return isCallWanted({
      connectionCount: countedConnections(peers, maxPeers),
      callCount: this.#callCount,
      slowCallCount: this.#slowCallCount,
      maxPeers,
    });
  }

  /** How long the address is not to be dialed, in milliseconds. */
  #restBefore(address: PeerAddress, now: number): number {
    const { callBudget, swarm } = this.#options;
    const isPointless = this.#isCaller(address) ||
      !swarm.hasPlaceFor(address.hostname, now);
    return isPointless
      ? POINTLESS_REST_MS
      : callBudget.restOf(address.hostname, now);
  }

  /** Whether a peer that called us listens there: another connection would take the place of this one. */
  #isCaller({ hostname, port }: PeerAddress): boolean {
    for (const peer of this.#options.swarm.peers.values()) {
      if (peer.listenPort === port && peer.hostname === hostname) return true;
    }
    return false;
  }

  async #dial(address: PeerAddress): Promise<void> {
    const { own, signal, timeoutMs, callBudget, onPeer } = this.#options;
    callBudget.called(performance.now());
    this.#callCount++;
    let isSlow = false;
    const timer = setTimeout(() => {
      isSlow = true;
      this.#slowCallCount++;
      this.dialMore();
    }, SLOW_CALL_MS);
    try {
      const greeted = await dialPeer(address, own, { signal, timeoutMs });
      callBudget.answered(address.hostname);
      if (signal.aborted) greeted.channel.close();
      else onPeer(greeted, address);
    } catch (error) {
      // Nobody there, or a stranger: tried again later.
      if (!(error instanceof ProtocolError)) throw error;
      const now = performance.now();
      if (this.#options.fdPressure.relieve(error, now)) {
        // No fault of theirs.
        this.#book.postpone(address, now, SHORTAGE_REST_MS);
      } else {
        callBudget.unanswered(address.hostname, now);
        this.#book.failed(address, now);
      }
    } finally {
      clearTimeout(timer);
      this.#callCount--;
      if (isSlow) this.#slowCallCount--;
    }
    this.dialMore();
  }
}
