/**
 * The peers of one torrent: counted, found by peer id and by endpoint, and listed
 * by role and kind of address. Invariant: each peer in `peers` is counted, each
 * of its listed endpoints is in one list, and no two peers have the same one.
 *
 * @module
 */
import type { ScrapeEntry } from "../../announce/announce.ts";
import type { InfoHash, PeerId } from "../../base/identifier.ts";
import { parseIpv4 } from "../../base/ip_address.ts";
import { type Endpoint, endpointsOf, type Peer } from "./peer.ts";
import { PeerList } from "./peer_list.ts";

/** Knowledge of a torrent, with peers or without. */
export interface Torrent {
  downloadCount: number;
  /** The most that a peer ever lacked, in bytes; 0 if none ever lacked anything. */
  contentLength: number;
}

/** Sums over some peers of a swarm. */
export interface SwarmPart {
  readonly seederCount: number;
  readonly leecherCount: number;
  readonly bytesPerSecond: number;
}

/** A swarm with at least one peer. */
export class Swarm implements SwarmPart, Torrent {
  readonly infoHash: InfoHash;
  downloadCount: number;
  contentLength: number;
  /** When its first peer joined. */
  openedAtMs: number;
  readonly peers: Map<PeerId, Peer> = new Map();
  seederCount = 0;
  leecherCount = 0;
  bytesPerSecond = 0;
  readonly #byEndpoint = new Map<number | string, Peer>();
  /** By kind of address; those of seeders behind those of leechers. */
  readonly #lists: (PeerList | undefined)[] = new Array(8).fill(undefined);
  /** Counts of other trackers beyond the peers that they name, while they name any. */
  readonly #unnamed = new Map<string, SwarmPart & { namedCount: number }>();

  constructor(infoHash: InfoHash, torrent: Torrent, openedAtMs: number) {
    this.infoHash = infoHash;
    this.downloadCount = torrent.downloadCount;
    this.contentLength = torrent.contentLength;
    this.openedAtMs = openedAtMs;
  }

  /** The endpoints of one role and kind of address, if there are any. */
  list(isSeeder: boolean, kind: number): PeerList | undefined {
    return this.#lists[isSeeder ? kind + 4 : kind];
  }

  /** The peer at an endpoint that others may be given. */
  peerAt(endpoint: Endpoint): Peer | undefined {
    return endpoint.isListed
      ? this.#byEndpoint.get(keyOf(endpoint))
      : undefined;
  }

  /** Counts a peer and lists its endpoints. */
  enter(peer: Peer): void {
    this.peers.set(peer.id, peer);
    this.#count(peer, 1);
    for (const endpoint of endpointsOf(peer)) {
      if (!endpoint.isListed) continue;
      this.#byEndpoint.set(keyOf(endpoint), peer);
      const index = indexOf(endpoint);
      this.#lists[index] ??= new PeerList(index % 2 === 0 ? "ipv4" : "ipv6");
      this.#lists[index].add(endpoint);
    }
  }

  /** Undoes {@linkcode enter}; the peer is as it was then. */
  leave(peer: Peer): void {
    this.peers.delete(peer.id);
    this.#count(peer, -1);
    for (const endpoint of endpointsOf(peer)) {
      if (!endpoint.isListed) continue;
      this.#byEndpoint.delete(keyOf(endpoint));
      const index = indexOf(endpoint);
      const list = this.#lists[index]!;
      list.delete(endpoint);
      if (list.endpoints.length === 0) this.#lists[index] = undefined;
    }
  }

  /** Sets the speed of a peer that entered. */
  setSpeed(peer: Peer, bytesPerSecond: number): void {
    this.bytesPerSecond += bytesPerSecond - peer.bytesPerSecond;
    peer.bytesPerSecond = bytesPerSecond;
  }

  /** Counts what another tracker has beside the peers that it names, in place of what it had. */
  setUnnamed(tracker: string, part: SwarmPart): void {
    const unnamed = this.#unnamed.get(tracker);
    if (unnamed === undefined) return;
    this.seederCount += part.seederCount - unnamed.seederCount;
    this.leecherCount += part.leecherCount - unnamed.leecherCount;
    this.bytesPerSecond += part.bytesPerSecond - unnamed.bytesPerSecond;
    Object.assign(unnamed, part);
  }

  entry(): ScrapeEntry {
    return {
      infoHash: this.infoHash,
      complete: this.seederCount,
      incomplete: this.leecherCount,
      downloaded: this.downloadCount,
    };
  }

  #count(peer: Peer, change: 1 | -1): void {
    if (peer.isSeeder) this.seederCount += change;
    else this.leecherCount += change;
    this.bytesPerSecond += change * peer.bytesPerSecond;
    if (peer.tracker === undefined) return;
    const unnamed = this.#unnamed.get(peer.tracker) ??
      { ...NO_PART, namedCount: 0 };
    this.#unnamed.set(peer.tracker, unnamed);
    unnamed.namedCount += change;
    if (unnamed.namedCount > 0) return;
    this.setUnnamed(peer.tracker, NO_PART);
    this.#unnamed.delete(peer.tracker);
  }
}

const NO_PART: SwarmPart = {
  seederCount: 0,
  leecherCount: 0,
  bytesPerSecond: 0,
};

function indexOf({ kind, peer }: Endpoint): number {
  return peer.isSeeder ? kind + 4 : kind;
}

/** IPv4 in one number, which is smaller than its text. */
function keyOf({ hostname, port }: Endpoint): number | string {
  const ipv4 = parseIpv4(hostname);
  return ipv4 === undefined ? `${hostname} ${port}` : ipv4 * 2 ** 16 + port;
}
