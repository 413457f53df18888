/**
 * Local Service Discovery: peers of one swarm on the same network find each other
 * without a tracker. Messages name a port and info hashes; the sender's address is
 * that of the peer. Codec and state machine are pure; {@linkcode
 * openLocalServiceDiscovery} gives them sockets. [BEP 14]
 *
 * @module
 */
import { BoundedMap } from "../base/bounded_map.ts";
import { type InfoHash, infoHashFromHex } from "../base/identifier.ts";
import { isLinkLocalIpv6 } from "../base/ip_address.ts";
import { formatPeerAddress, type PeerAddress } from "../base/peer_address.ts";
import { type Random, randomBelow } from "../base/random.ts";
import type {
  Family,
  MulticastInterface,
  OutgoingDatagram,
  Sender,
} from "./multicast_protocol.ts";
import { openMulticastSocket } from "./multicast_socket.ts";

const PORT = 6771;
const GROUPS: Readonly<Record<Family, string>> = {
  ipv4: "239.192.152.143",
  ipv6: "ff15::efc0:988f",
};
/** Longest message, in bytes: it fits a packet. */
const MAX_LENGTH = 1_400;
/** Messages from one host that are read in a second. */
const MAX_PER_SECOND = 10;
/** Times of the first announces of a torrent after each other, in milliseconds. */
const FIRST_ANNOUNCES_MS = [0, 2_000, 4_000];
const ANNOUNCE_INTERVAL_MS = 5 * 60_000;
/** Longest wait before a peer is dialed, in milliseconds, and its part for each known peer. */
const MAX_DIAL_DELAY_MS = 500;
const DIAL_DELAY_PER_PEER_MS = 20;
/** Messages over two families that follow each other this fast are one announce, in milliseconds. */
const FAMILY_GAP_MS = 500;
/** Peers of one torrent that are counted, and dials that wait. */
const MAX_PEERS = 512;
const MAX_WAITING = 256;

export interface LsdMessage {
  /** The port on which the peer listens. */
  readonly port: number;
  readonly infoHashes: readonly InfoHash[];
  /** The sender's name for itself, by which it knows its own messages. */
  readonly cookie: string | undefined;
}

/** Encodes messages of at most 1,400 bytes for all info hashes. */
export function encodeLsdMessages(
  { port, infoHashes, cookie }: LsdMessage,
  family: Family,
): Uint8Array<ArrayBuffer>[] {
  const group = formatPeerAddress({ hostname: GROUPS[family], port: PORT });
  const head = `BT-SEARCH * HTTP/1.1\r\nHost: ${group}\r\nPort: ${port}\r\n`;
  const end = cookie === undefined
    ? "\r\n\r\n"
    : `cookie: ${cookie}\r\n\r\n\r\n`;
  const lines = infoHashes.map((infoHash) => `Infohash: ${infoHash}\r\n`);
  const room = Math.floor(
    (MAX_LENGTH - head.length - end.length) / (lines[0]?.length ?? 1),
  );
  const messages: Uint8Array<ArrayBuffer>[] = [];
  for (let index = 0; index < lines.length; index += room) {
    const text = head + lines.slice(index, index + room).join("") + end;
    // Deno 2.4 types the encoder's buffer as `ArrayBufferLike`.
    messages.push(new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>);
  }
  return messages;
}

/** Decodes a message; `undefined` if it is none. */
export function decodeLsdMessage(datagram: Uint8Array): LsdMessage | undefined {
  if (datagram.length > MAX_LENGTH) return undefined;
  const [start, ...lines] = new TextDecoder("latin1").decode(datagram)
    .split("\r\n");
  if (start !== "BT-SEARCH * HTTP/1.1") return undefined;
  let port = 0;
  let cookie: string | undefined;
  const infoHashes = new Set<InfoHash>();
  for (const line of lines) {
    const [name, ...rest] = line.split(":");
    const value = rest.join(":").trim();
    switch (name!.toLowerCase()) {
      case "port":
        port = /^\d{1,5}$/.test(value) ? Number(value) : 0;
        break;
      case "infohash":
        if (!/^[\da-f]{40}$/i.test(value)) return undefined;
        infoHashes.add(infoHashFromHex(value));
        break;
      case "cookie":
        cookie = value;
        break;
    }
  }
  if (port < 1 || port > 65_535 || infoHashes.size === 0) return undefined;
  return { port, infoHashes: [...infoHashes], cookie };
}

/** Options for {@linkcode openLocalServiceDiscovery}. */
export interface LocalServiceDiscoveryOptions {
  /** The port on which peers reach us. */
  readonly port: number;
  /** Called for a peer of a torrent that should be dialed now. */
  readonly onPeer: (infoHash: InfoHash, address: PeerAddress) => void;
  /** Announces only on the interface with this address. @default every interface */
  readonly hostname?: string | undefined;
}

/** Torrents that are announced on the local network. */
export interface LocalServiceDiscovery extends Disposable {
  /** Announces a torrent, which must not be private [BEP 27], and finds its peers. */
  add(infoHash: InfoHash): void;
  /** Announces a torrent no longer. */
  remove(infoHash: InfoHash): void;
}

interface HeardPeer {
  readonly isIpv6: boolean;
  readonly atMs: number;
}

interface Announced {
  /** Times of the announces to come, in ascending order. */
  dueMs: number[];
  /** The peers that were heard, by their cookies or else addresses. */
  readonly heard: BoundedMap<string, HeardPeer>;
  /** The last one heard from each host: a host that invents many counts once. */
  readonly lastOfHost: BoundedMap<string, string>;
}

/** The state machine. All times are milliseconds on one clock. */
export class LsdMachine {
  readonly #options: LocalServiceDiscoveryOptions;
  readonly #random: Random;
  readonly #cookie: string;
  readonly #torrents = new Map<InfoHash, Announced>();
  #waiting: { infoHash: InfoHash; address: PeerAddress; atMs: number }[] = [];

  constructor(options: LocalServiceDiscoveryOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#cookie = `lanswarm-${randomBelow(2 ** 32, random).toString(16)}`;
  }

  get nextAtMs(): number {
    const times = [
      ...this.#waiting.map(({ atMs }) => atMs),
      ...this.#torrents.values().map(({ dueMs }) => dueMs[0] ?? Infinity),
    ];
    return times.reduce((least, atMs) => Math.min(least, atMs), Infinity);
  }

  add(infoHash: InfoHash, now: number): void {
    const heard = new BoundedMap<string, HeardPeer>(MAX_PEERS);
    const lastOfHost = new BoundedMap<string, string>(MAX_PEERS);
    const dueMs = firstAnnounces(now);
    this.#torrents.set(infoHash, { dueMs, heard, lastOfHost });
  }

  remove(infoHash: InfoHash): void {
    this.#torrents.delete(infoHash);
  }

  /** Announces every torrent anew: an address has come or gone. */
  interfacesChanged(_: readonly MulticastInterface[], now: number): void {
    for (const torrent of this.#torrents.values()) {
      torrent.dueMs = firstAnnounces(now);
    }
  }

  /** Takes a message of another peer, or a copy of one of our own. */
  receive(datagram: Uint8Array, { hostname }: Sender, now: number): void {
    const message = decodeLsdMessage(datagram);
    if (message === undefined || message.cookie === this.#cookie) return;
    // The dialer does not know the link.
    if (isLinkLocalIpv6(hostname)) return;
    const address = { hostname, port: message.port };
    for (const infoHash of message.infoHashes) {
      const torrent = this.#torrents.get(infoHash);
      if (torrent === undefined || this.#waiting.length >= MAX_WAITING) {
        continue;
      }
      const key = message.cookie ?? formatPeerAddress(address);
      const last = torrent.heard.peek(key);
      const isIpv6 = hostname.includes(":");
      // One address of a peer is enough: it announces itself over both families.
      const isOther = last !== undefined && last.isIpv6 !== isIpv6 &&
        now - last.atMs < FAMILY_GAP_MS;
      if (isOther) continue;
      const former = torrent.lastOfHost.peek(hostname);
      if (former !== undefined) torrent.heard.delete(former);
      torrent.lastOfHost.set(hostname, key);
      torrent.heard.set(key, { isIpv6, atMs: now });
      const { size } = torrent.heard;
      if (this.#random() >= dialProbability(size)) continue;
      const rangeMs = Math.min(
        MAX_DIAL_DELAY_MS,
        size * DIAL_DELAY_PER_PEER_MS,
      );
      const atMs = now + this.#random() * rangeMs;
      this.#waiting.push({ infoHash, address, atMs });
    }
  }

  /** Reports the peers to dial and takes the announces that are due. */
  takeDue(now: number): OutgoingDatagram[] {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ atMs }) => atMs > now);
    for (const { infoHash, address, atMs } of waiting) {
      if (atMs <= now) this.#options.onPeer(infoHash, address);
    }
    const infoHashes: InfoHash[] = [];
    for (const [infoHash, torrent] of this.#torrents) {
      if ((torrent.dueMs[0] ?? Infinity) > now) continue;
      infoHashes.push(infoHash);
      torrent.dueMs = torrent.dueMs.filter((atMs) => atMs > now);
      if (torrent.dueMs.length === 0) {
        torrent.dueMs.push(now + ANNOUNCE_INTERVAL_MS);
      }
    }
    // Some clients read the first hash of a message alone: each is first at times.
    const first = randomBelow(infoHashes.length, this.#random);
    infoHashes.push(...infoHashes.splice(0, first));
    const { port } = this.#options;
    const message = { port, infoHashes, cookie: this.#cookie };
    return (["ipv4", "ipv6"] as const).flatMap((family) =>
      encodeLsdMessages(message, family)
        .map((datagram) => ({ datagram, family }))
    );
  }
}

/**
 * The probability with which a peer that was heard is dialed, so that a swarm of
 * `count` peers becomes connected and no machine is dialed by all others at once.
 */
export function dialProbability(count: number): number {
  return count < 1 ? 1 : Math.min(1, (Math.log(count) + 5) / count);
}

function firstAnnounces(now: number): number[] {
  return FIRST_ANNOUNCES_MS.map((afterMs) => now + afterMs);
}

/**
 * Starts to listen; torrents are announced once they are added. See {@linkcode
 * multicastRefusal} for what it needs.
 * @throws {Deno.errors.AddrInUse} If another program has port 6771 for itself.
 */
export async function openLocalServiceDiscovery(
  options: LocalServiceDiscoveryOptions,
): Promise<LocalServiceDiscovery> {
  const machine = new LsdMachine(options, Math.random);
  const socket = await openMulticastSocket(machine, {
    groups: GROUPS,
    port: PORT,
    timeToLive: 1,
    maxPerSecond: MAX_PER_SECOND,
    sendsRoutable: true,
    hostname: options.hostname,
  });
  return {
    add: (infoHash) => {
      machine.add(infoHash, performance.now());
      socket.flush();
    },
    remove: (infoHash) => machine.remove(infoHash),
    [Symbol.dispose]: () => socket[Symbol.dispose](),
  };
}
