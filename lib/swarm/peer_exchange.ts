/**
 * Peer exchange (PEX): each peer is sent the addresses of the others, so that a swarm
 * connects without its tracker. [BEP 11] An address is sent once, and once more when
 * its peer is gone, at most once a minute. Addresses that a peer sends are unverified:
 * they are accepted as seldom, few at a time, and only where {@linkcode isDialable}.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import { isLoopback } from "../base/ip_address.ts";
import {
  formatPeerAddress,
  isDialable,
  type PeerAddress,
} from "../base/peer_address.ts";
import { type Random, shuffle } from "../base/random.ts";
import {
  encodePeerExchange,
  type ExchangedPeer,
  MAX_EXCHANGED_PEERS,
  parsePeerExchange,
  type PeerExchangeMessage,
} from "../wire/peer_exchange_message.ts";
import type { PeerKey } from "./events.ts";
import type { Peer, SwarmContext } from "./peer.ts";

/** Between two messages to one peer. [BEP 11] */
export const EXCHANGE_INTERVAL_MS = 60_000;
/** Before the first message to a peer: there are addresses to send by then. */
const FIRST_EXCHANGE_MS = 2_000;
/** A message that follows another sooner is ignored: a minute less delays on the way. */
const LEAST_PAUSE_MS = 50_000;
/** Messages in a row that may follow too soon; libtorrent's limit. */
const MAX_HASTY_MESSAGES = 6;
/** Ports of one host accepted from a message: some machines run several peers. */
const MAX_PORTS_OF_HOST = 4;

/** What is known of a peer that matters here. */
export interface ExchangingPeer {
  readonly peer: Peer;
  /** Port where it listens. */
  readonly listenPort: number | undefined;
  /** Our address as it sees it. */
  readonly ownHostname: string | undefined;
}

/** What peer exchange is created with. */
export interface PeerExchangeOptions {
  readonly random: Random;
  /** Port where we listen. @default {undefined} */
  readonly listenPort?: number;
  readonly isSeeder: (key: PeerKey) => boolean;
}

/** A connected peer that others can dial. */
interface Contact {
  readonly peer: Peer;
  readonly address: PeerAddress;
  /** The address as text. */
  readonly name: string;
}

/** The messages exchanged with one peer. */
interface Account {
  /** The id under which the peer takes messages; 0 if it takes none. */
  id: number;
  /** The contacts that it was sent and knows not to be gone, by different names. */
  sent: readonly Contact[];
  /** The version of the contacts that it was sent completely. */
  version: number;
  /** When the next message may be sent, in milliseconds. */
  nextAt: number;
  /** When a message of the peer was last accepted, in milliseconds. */
  acceptedAt: number;
  hastyCount: number;
}

/** Peer exchange with all peers of one torrent. */
export class PeerExchange {
  readonly #context: SwarmContext;
  readonly #options: PeerExchangeOptions;
  readonly #contacts = new Map<Peer, Contact>();
  readonly #accounts = new Map<Peer, Account>();
  /** Counts the changes of `#contacts`. */
  #version = 0;

  constructor(context: SwarmContext, options: PeerExchangeOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Sends the peer's address to others from now on, if its port is known. */
  noteContact({ peer, listenPort }: ExchangingPeer): void {
    if (listenPort === undefined || this.#contacts.has(peer)) return;
    const address = { hostname: peer.hostname, port: listenPort };
    const name = formatPeerAddress(address);
    this.#contacts.set(peer, { peer, address, name });
    this.#version++;
  }

  /** The peer takes messages under this id from now on; 0 is none. */
  setId({ peer }: ExchangingPeer, id: number, now: number): void {
    const account = this.#account(peer);
    if (account.id === 0) {
      account.nextAt = Math.max(account.nextAt, now + FIRST_EXCHANGE_MS);
    }
    account.id = id;
  }

  leave({ peer }: ExchangingPeer): void {
    this.#accounts.delete(peer);
    if (this.#contacts.delete(peer)) this.#version++;
  }

  /** @throws {ProtocolError} If the message is malformed, or came too soon too often. */
  receive(from: ExchangingPeer, payload: Uint8Array, now: number): void {
    const account = this.#account(from.peer);
    if (now - account.acceptedAt < LEAST_PAUSE_MS) {
      if (++account.hastyCount <= MAX_HASTY_MESSAGES) return;
      throw new ProtocolError(
        `Cannot accept peer exchange: ${account.hastyCount} messages came within a minute`,
      );
    }
    account.acceptedAt = now;
    account.hastyCount = 0;
    const addresses = this.#worthDialing(parsePeerExchange(payload), from);
    if (addresses.length === 0) return;
    this.#context.emit({ type: "peersExchanged", addresses });
  }

  tick(now: number): void {
    for (const [peer, account] of this.#accounts) {
      const isNews = account.version !== this.#version;
      if (account.id === 0 || !isNews || now < account.nextAt) continue;
      const message = this.#nextMessage(peer, account);
      if (message.added.length + message.dropped.length === 0) continue;
      account.nextAt = now + EXCHANGE_INTERVAL_MS;
      const payload = encodePeerExchange(message);
      const { id } = account;
      this.#context.send(peer, { type: "extended", id, payload }, now);
    }
  }

  #account(peer: Peer): Account {
    let account = this.#accounts.get(peer);
    if (account === undefined) {
      account = {
        id: 0,
        sent: [],
        version: -1,
        nextAt: 0,
        acceptedAt: -Infinity,
        hastyCount: 0,
      };
      this.#accounts.set(peer, account);
    }
    return account;
  }

  /** The changes to send to the peer, noted as sent. */
  #nextMessage(to: Peer, account: Account): PeerExchangeMessage {
    const current = this.#contactsFor(to);
    const gone: Contact[] = [];
    const kept: Contact[] = [];
    for (const contact of account.sent) {
      // A peer that left and came back meanwhile is no change.
      const isHere = current.delete(contact.name);
      (isHere ? kept : gone).push(contact);
    }
    const arrived = [...current.values()];
    // At random, or all our peers would learn the same addresses first.
    if (arrived.length > MAX_EXCHANGED_PEERS) {
      shuffle(arrived, this.#options.random);
    }
    const added = arrived.slice(0, MAX_EXCHANGED_PEERS);
    const dropped = gone.slice(0, MAX_EXCHANGED_PEERS);
    account.sent = [...kept, ...gone.slice(dropped.length), ...added];
    const isAll = added.length === arrived.length &&
      dropped.length === gone.length;
    if (isAll) account.version = this.#version;
    return {
      added: added.map(({ peer, address }) => ({
        address,
        isSeeder: this.#options.isSeeder(peer.key),
        isReachable: peer.isOutgoing,
      })),
      dropped: dropped.map(({ address }) => address),
    };
  }

  /** The contacts that the peer could dial, by name. */
  #contactsFor(to: Peer): Map<string, Contact> {
    const contacts = new Map<string, Contact>();
    const own = this.#contacts.get(to)?.name;
    for (const contact of this.#contacts.values()) {
      if (contact.name === own) continue;
      if (!isDialable(contact.address, to.hostname)) continue;
      contacts.set(contact.name, contact);
    }
    return contacts;
  }

  /** The addresses that we would dial. */
  #worthDialing(
    exchanged: readonly ExchangedPeer[],
    from: ExchangingPeer,
  ): PeerAddress[] {
    const known = new Set<string>();
    for (const { name } of this.#contacts.values()) known.add(name);
    const { ownHostname: hostname } = from;
    const { listenPort: port } = this.#options;
    if (hostname !== undefined && port !== undefined) {
      known.add(formatPeerAddress({ hostname, port }));
    }
    const portCounts = new Map<string, number>();
    return exchanged.filter(({ address, isSeeder }) => {
      if (!isDialable(address, from.peer.hostname)) return false;
      // Two seeders have nothing to exchange.
      if (isSeeder && this.#context.have.isFull) return false;
      const name = formatPeerAddress(address);
      if (known.has(name)) return false;
      known.add(name);
      const portCount = (portCounts.get(address.hostname) ?? 0) + 1;
      portCounts.set(address.hostname, portCount);
      return portCount <= MAX_PORTS_OF_HOST || isLoopback(address.hostname);
    }).map(({ address }) => address);
  }
}
