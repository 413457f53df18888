/**
 * How a host of a virtual LAN comes by its connections: it dials what the
 * tracker names, a few at a time, out of the engine's own address book.
 *
 * @module
 */
import type { PeerAddress } from "../../lib/base/peer_address.ts";
import type { Random } from "../../lib/base/random.ts";
import { AddressBook } from "../../lib/swarm/address_book.ts";

/** Where every host listens. */
export const PORT = 6881;
/** Calls in progress at once, as a session has them. */
const MAX_DIALING = 16;
/** An address rests so long after its connection, in milliseconds, as in a session. */
const REST_MS = 3_000;

/** What dialing needs. */
export interface DialingOptions {
  readonly random: Random;
  /** Connections that it dials for; others may come. */
  readonly dialTarget: number;
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
  #dialingCount = 0;

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

  /** Dials while there are hosts to dial and more connections are wanted than there are. */
  dialMore(connectionCount: number, now: number): void {
    const { call, dialTarget } = this.#options;
    while (
      this.#dialingCount < MAX_DIALING &&
      connectionCount + this.#dialingCount < dialTarget
    ) {
      const address = this.#book.take(now);
      if (address === undefined) return;
      this.#dialingCount++;
      call(address.hostname, (isAnswered) => {
        this.#dialingCount--;
        if (!isAnswered) this.#book.failed(address, now);
      });
    }
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
