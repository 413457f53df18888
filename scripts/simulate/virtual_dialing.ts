/**
 * How a host of a virtual LAN comes by its connections: it dials what the
 * tracker names, a few at a time, out of the engine's own address book.
 *
 * @module
 */
import type { PeerAddress } from "../../lib/base/peer_address.ts";
import type { Random } from "../../lib/base/random.ts";
import type { PeerKey } from "../../lib/swarm/events.ts";
import { isCallWanted } from "../../lib/dialing/connection_target.ts";
import type { PeerState } from "../../lib/swarm/peer_state.ts";
import { AddressBook } from "../../lib/dialing/address_book.ts";

/** Where every host listens. */
export const PORT = 6881;
/** The address of a host that called rests so long, in milliseconds, as in a session. */
const CALLER_REST_MS = 30_000;
/** An address rests so long after its connection, in milliseconds, as in a session. */
const REST_MS = 3_000;

/** What dialing needs. */
export interface DialingOptions {
  readonly random: Random;
  /** Connections at most. */
  readonly maxPeers: number;
  /** Called after each call, when there may be more to do. */
  readonly onDone: () => void;
  /** Calls a host; `done` follows once it is connected, or nobody answered. */
  readonly call: (
    hostname: string,
    done: (isAnswered: boolean) => void,
  ) => void;
}

/** Dials for one host. */
export class VirtualDialing {
  readonly #options: DialingOptions;
  readonly #book: AddressBook;
  #callCount = 0;

  constructor(options: DialingOptions) {
    this.#options = options;
    this.#book = new AddressBook(options.random);
  }

  add(hostnames: readonly string[]): void {
    this.#book.add(hostnames.map(addressOf));
  }

  /** Hosts that a peer named. */
  hear(hostnames: readonly string[]): void {
    this.#book.add(hostnames.map(addressOf), { isHearsay: true });
  }

  /** Everything is here: as a session does. */
  completed(): void {
    this.#book.forgetUnused();
  }

  /** Dials while there are hosts to dial and more connections are wanted than there are. */
  dialMore(peers: ReadonlyMap<PeerKey, PeerState>, now: number): void {
    const { call } = this.#options;
    while (this.#isCallWanted(peers.size)) {
      const address = this.#book.take(now);
      if (address === undefined) return;
      if (
        peers.values().some(({ hostname }) => hostname === address.hostname)
      ) {
        this.#book.release(address, now, CALLER_REST_MS);
        continue;
      }
      this.#callCount++;
      call(address.hostname, (isAnswered) => {
        this.#callCount--;
        if (!isAnswered) this.#book.failed(address, now);
        this.#options.onDone();
      });
    }
  }

  #isCallWanted(connectionCount: number): boolean {
    return isCallWanted({
      connectionCount,
      callCount: this.#callCount,
      slowCallCount: 0,
      maxPeers: this.#options.maxPeers,
    });
  }

  /** A connection that was dialed is over. */
  over(
    hostname: string,
    end: { now: number; isRefusal: boolean; isForGood: boolean },
  ): void {
    const address = addressOf(hostname);
    if (end.isRefusal) this.#book.failed(address, end.now);
    else {
      const restMs = end.isForGood ? Infinity : REST_MS;
      this.#book.release(address, end.now, restMs);
    }
  }
}

function addressOf(hostname: string): PeerAddress {
  return { hostname, port: PORT };
}
