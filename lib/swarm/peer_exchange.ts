/**
 * Peers telling one another whom they are connected with, so that a swarm meshes
 * without its tracker. [BEP 11] Each peer is told of others once, by the
 * addresses where they listen, and once more when they are gone: at most once a
 * minute. What a peer tells us is hearsay: it is taken as seldom, in as small
 * portions, and only where {@linkcode isDialable}.
 *
 * @module
 */
import {
  formatPeerAddress,
  isDialable,
  type PeerAddress,
} from "../base/peer_address.ts";
import { isLoopback } from "../base/ip_address.ts";
import { ProtocolError } from "../base/errors.ts";
import { type Random, shuffle } from "../base/random.ts";
import {
  encodePeerExchange,
  type ExchangedPeer,
  MAX_EXCHANGED_PEERS,
  parsePeerExchange,
  type PeerExchangeMessage,
} from "../wire/peer_exchange_message.ts";
import type { PeerKey } from "./events.ts";
import type { PeerState } from "./peer_state.ts";
import type { SwarmContext } from "./swarm_context.ts";

/** Between two messages to one peer, in milliseconds. [BEP 11] */
export const EXCHANGE_INTERVAL_MS = 60_000;
/** Before the first message to a peer, in milliseconds: there are some to tell of then. */
const FIRST_EXCHANGE_MS = 2_000;
/** A message that comes sooner after another is passed over, in milliseconds: a minute but for delays on the way. */
const LEAST_PAUSE_MS = 50_000;
/** Messages in a row that may come too soon; libtorrent's limit. */
const MAX_HASTY_MESSAGES = 6;
/** Addresses of one host taken of a message: there are machines with several peers. [BEP 11: duplicates are ignored] */
const MAX_PORTS_OF_HOST = 4;

/** Somebody we are or were connected with. */
interface Contact {
  readonly peer: PeerKey;
  /** Where it listens. */
  readonly address: PeerAddress;
  /** The address as text. */
  readonly name: string;
}

/** What one peer was told, and has told. */
interface Account {
  /** The id that the peer takes messages under; 0 if it takes none. */
  id: number;
  /** Whom it was told of and not told the end of: no two have one name. */
  told: readonly Contact[];
  /** The state of the contacts that it was told of completely. */
  version: number;
  /** When it may be told more, in milliseconds. */
  nextAt: number;
  /** When a message of it was last taken, in milliseconds. */
  heardAt: number;
  hastyCount: number;
}

/** Exchange of peers with all peers of one torrent. */
export class PeerExchange {
  readonly #context: SwarmContext;
  readonly #random: Random;
  readonly #listenPort: number | undefined;
  readonly #contacts = new Map<PeerKey, Contact>();
  readonly #accounts = new Map<PeerKey, Account>();
  /** Counts the changes of `#contacts`. */
  #version = 0;

  constructor(
    context: SwarmContext,
    options: { random: Random; listenPort: number | undefined },
  ) {
    this.#context = context;
    this.#random = options.random;
    this.#listenPort = options.listenPort;
  }

  /** Tells others of a peer from now on, if it is known where it listens. */
  noteContact(peer: PeerState): void {
    const { hostname, key, listenPort } = peer;
    if (listenPort === undefined || this.#contacts.has(key)) return;
    const address = { hostname, port: listenPort };
    const name = formatPeerAddress(address);
    this.#contacts.set(key, { peer: key, address, name });
    this.#version++;
  }

  /** The peer takes messages under this id from now on; 0 is none. */
  setId(peer: PeerState, id: number, now: number): void {
    const account = this.#account(peer.key);
    if (account.id === 0) {
      account.nextAt = Math.max(account.nextAt, now + FIRST_EXCHANGE_MS);
    }
    account.id = id;
  }

  peerLeft({ key }: PeerState): void {
    this.#accounts.delete(key);
    if (this.#contacts.delete(key)) this.#version++;
  }

  /** @throws {ProtocolError} If it cannot be read, or came too soon too often. */
  receive(peer: PeerState, payload: Uint8Array, now: number): void {
    const account = this.#account(peer.key);
    if (now - account.heardAt < LEAST_PAUSE_MS) {
      if (++account.hastyCount <= MAX_HASTY_MESSAGES) return;
      throw new ProtocolError(
        `Cannot take peer exchange: ${account.hastyCount} messages came within a minute`,
      );
    }
    account.heardAt = now;
    account.hastyCount = 0;
    const addresses = this.#worthDialing(parsePeerExchange(payload), peer);
    if (addresses.length > 0) {
      this.#context.emit({ type: "peersHeard", addresses });
    }
  }

  tick(now: number): void {
    for (const [key, account] of this.#accounts) {
      const isNews = account.version !== this.#version;
      if (account.id === 0 || !isNews || now < account.nextAt) continue;
      const peer = this.#context.peers.get(key)!;
      const message = this.#message(peer, account);
      if (message.added.length + message.dropped.length === 0) continue;
      account.nextAt = now + EXCHANGE_INTERVAL_MS;
      const payload = encodePeerExchange(message);
      this.#context.send(
        peer,
        { type: "extended", id: account.id, payload },
        now,
      );
    }
  }

  #account(key: PeerKey): Account {
    const account = this.#accounts.get(key);
    if (account !== undefined) return account;
    const created: Account = {
      id: 0,
      told: [],
      version: -1,
      nextAt: 0,
      heardAt: -Infinity,
      hastyCount: 0,
    };
    this.#accounts.set(key, created);
    return created;
  }

  /** What the peer is to be told now, noted as told. */
  #message(to: PeerState, account: Account): PeerExchangeMessage {
    const current = this.#contactsFor(to);
    const gone: Contact[] = [];
    const kept: Contact[] = [];
    for (const contact of account.told) {
      // Who left and came back since is no news.
      const isHere = current.delete(contact.name);
      (isHere ? kept : gone).push(contact);
    }
    const arrived = [...current.values()];
    // By chance, or all our peers would hear of the same ones first.
    if (arrived.length > MAX_EXCHANGED_PEERS) shuffle(arrived, this.#random);
    const added = arrived.slice(0, MAX_EXCHANGED_PEERS);
    const dropped = gone.slice(0, MAX_EXCHANGED_PEERS);
    account.told = [...kept, ...gone.slice(dropped.length), ...added];
    const isAll = added.length === arrived.length &&
      dropped.length === gone.length;
    if (isAll) account.version = this.#version;
    return {
      added: added.map((contact) => this.#describe(contact)),
      dropped: dropped.map((contact) => contact.address),
    };
  }

  /** Whom the peer may be told of, by name. */
  #contactsFor(to: PeerState): Map<string, Contact> {
    const contacts = new Map<string, Contact>();
    const own = this.#contacts.get(to.key)?.name;
    for (const contact of this.#contacts.values()) {
      if (contact.name === own) continue;
      if (!isDialable(contact.address, to.hostname)) continue;
      contacts.set(contact.name, contact);
    }
    return contacts;
  }

  #describe({ peer: key, address }: Contact): ExchangedPeer {
    const peer = this.#context.peers.get(key)!;
    return {
      address,
      isSeeder: peer.isSeeder,
      isReachable: peer.isOutgoing,
    };
  }

  /** Of the peers that one names, the addresses that we would dial. */
  #worthDialing(
    named: readonly ExchangedPeer[],
    from: PeerState,
  ): PeerAddress[] {
    const known = new Set<string>();
    for (const { name } of this.#contacts.values()) known.add(name);
    if (from.seesUsAs !== undefined && this.#listenPort !== undefined) {
      const own = { hostname: from.seesUsAs, port: this.#listenPort };
      known.add(formatPeerAddress(own));
    }
    const portCounts = new Map<string, number>();
    return named.filter(({ address, isSeeder }) => {
      if (!isDialable(address, from.hostname)) return false;
      // Two that have everything have nothing to say.
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
