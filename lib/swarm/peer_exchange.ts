/**
 * Peer exchange (PEX): each peer is sent the addresses of the others, so that a swarm
 * connects without its tracker. [BEP 11] Each peer gets an address once, and once more
 * when the address is gone, in at most one message a minute. Addresses from a peer are
 * unverified: about once a minute a few are accepted, if {@linkcode isDialable}.
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
import { shuffle } from "../base/random.ts";
import {
  encodePeerExchange,
  type ExchangedPeer,
  MAX_EXCHANGED_PEERS,
  parsePeerExchange,
  type PeerExchangeMessage,
} from "../wire/peer_exchange_message.ts";
import type { Peer, SwarmContext } from "./peer.ts";

/** Time between two messages to one peer. [BEP 11] */
export const EXCHANGE_INTERVAL_MS = 60_000;
/** Time before the first message to a peer: by then there are addresses to send. */
const FIRST_EXCHANGE_MS = 2_000;
/** A message sooner after the last accepted one is ignored; a minute, less network delays. */
const LEAST_PAUSE_MS = 50_000;
/** Messages that may come too soon in a row; libtorrent's limit. */
const MAX_HASTY_MESSAGES = 6;
/** Ports of one host accepted from a message: some machines run several peers. */
const MAX_PORTS_OF_HOST = 4;

/** A peer that others can dial; its name is the address as text. */
interface Contact {
  readonly peer: Peer;
  readonly address: PeerAddress;
  readonly name: string;
}

/** The messages exchanged with one peer. Times are in milliseconds. */
class Account {
  /** The peer's id for these messages; 0 if it accepts none. */
  id = 0;
  /** The contacts sent to the peer as added and not yet as dropped, by name. */
  readonly sent = new Map<string, Contact>();
  /** The last version of the contacts that was sent completely. */
  version = -1;
  /** When the next message may be sent, and when the last one was accepted. */
  nextAt = 0;
  acceptedAt = -Infinity;
  hastyCount = 0;
}

export class PeerExchange {
  readonly #context: SwarmContext;
  readonly #contacts = new Map<Peer, Contact>();
  readonly #accounts = new Map<Peer, Account>();
  /** Counts the changes of `#contacts`. */
  #version = 0;

  constructor(context: SwarmContext) {
    this.#context = context;
  }

  /** Sends the peer's address to others from now on, if its port is known. */
  noteContact(peer: Peer): void {
    const { hostname, listenPort: port } = peer;
    if (port === undefined || this.#contacts.has(peer)) return;
    const address = { hostname, port };
    const name = formatPeerAddress(address);
    this.#contacts.set(peer, { peer, address, name });
    this.#version++;
  }

  /** Sets the peer's id for these messages; 0 means that it accepts none. */
  setId(peer: Peer, id: number): void {
    const account = this.#account(peer);
    const firstAt = this.#context.now + FIRST_EXCHANGE_MS;
    account.nextAt = Math.max(account.nextAt, firstAt);
    account.id = id;
  }

  leave(peer: Peer): void {
    this.#accounts.delete(peer);
    if (this.#contacts.delete(peer)) this.#version++;
  }

  /** @throws {ProtocolError} If the message is malformed, or came too soon too often. */
  receive(from: Peer, payload: Uint8Array): void {
    const account = this.#account(from);
    const { now } = this.#context;
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

  tick(): void {
    const { now } = this.#context;
    for (const [peer, account] of this.#accounts) {
      const isNews = account.version !== this.#version;
      if (account.id === 0 || !isNews || now < account.nextAt) continue;
      const message = this.#nextMessage(peer, account);
      if (message.added.length + message.dropped.length === 0) continue;
      account.nextAt = now + EXCHANGE_INTERVAL_MS;
      const payload = encodePeerExchange(message);
      const { id } = account;
      this.#context.send(peer, { type: "extended", id, payload });
    }
  }

  #account(peer: Peer): Account {
    const account = this.#accounts.get(peer) ?? new Account();
    this.#accounts.set(peer, account);
    return account;
  }

  /** The changes to send to the peer, noted as sent. */
  #nextMessage(to: Peer, account: Account): PeerExchangeMessage {
    const { sent } = account;
    // By name: a peer that left and reconnected since the last message is no change.
    const current = this.#contactsFor(to);
    const arrived = [...current.values()].filter(({ name }) => !sent.has(name));
    const gone = [...sent.values()].filter(({ name }) => !current.has(name));
    // At random, or all our peers would learn the same addresses first.
    if (arrived.length > MAX_EXCHANGED_PEERS) {
      shuffle(arrived, this.#context.random);
    }
    const added = arrived.splice(0, MAX_EXCHANGED_PEERS);
    const dropped = gone.splice(0, MAX_EXCHANGED_PEERS);
    for (const contact of added) sent.set(contact.name, contact);
    for (const { name } of dropped) sent.delete(name);
    if (arrived.length + gone.length === 0) account.version = this.#version;
    return {
      added: added.map(({ peer, address }) => ({
        address,
        isSeeder: peer.isSeeder,
        isReachable: peer.isOutgoing,
      })),
      dropped: dropped.map(({ address }) => address),
    };
  }

  /** The contacts that the peer could dial, by name. */
  #contactsFor(to: Peer): Map<string, Contact> {
    const contacts = new Map<string, Contact>();
    for (const contact of this.#contacts.values()) {
      const { name, address } = contact;
      if (isDialable(address, to.hostname)) contacts.set(name, contact);
    }
    const own = this.#contacts.get(to);
    if (own !== undefined) contacts.delete(own.name);
    return contacts;
  }

  /** The addresses that we would dial. */
  #worthDialing(
    exchanged: readonly ExchangedPeer[],
    from: Peer,
  ): PeerAddress[] {
    const known = new Set<string>();
    for (const { name } of this.#contacts.values()) known.add(name);
    const { ownHostname: hostname } = from;
    const { listenPort: port } = this.#context.options;
    if (hostname !== undefined && port !== undefined) {
      known.add(formatPeerAddress({ hostname, port }));
    }
    const portCounts = new Map<string, number>();
    return exchanged.filter(({ address, isSeeder }) => {
      if (!isDialable(address, from.hostname)) return false;
      // Two seeders have nothing to exchange.
      if (isSeeder && this.#context.isDone) return false;
      const name = formatPeerAddress(address);
      if (known.has(name)) return false;
      known.add(name);
      const portCount = (portCounts.get(address.hostname) ?? 0) + 1;
      portCounts.set(address.hostname, portCount);
      return portCount <= MAX_PORTS_OF_HOST || isLoopback(address.hostname);
    }).map(({ address }) => address);
  }
}
