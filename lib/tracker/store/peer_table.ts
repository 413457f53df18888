/**
 * Every peer of a tracker, in its swarm and with the address that it counts for,
 * within limits. Invariant: a swarm is in the table while it has peers; a peer
 * that announces to this tracker has a holder.
 *
 * @module
 */
import type { InfoHash } from "../../base/identifier.ts";
import { isLoopback } from "../../base/ip_address.ts";
import { Holders } from "./holders.ts";
import { endpointsOf, type Peer } from "./peer.ts";
import type { SwarmChange } from "./peer_store.ts";
import { type Swarm, SwarmTable, type SwarmTableOptions } from "./swarm.ts";

/** Most peers that are evicted to make room for a swarm. */
const EVICTIONS_PER_SWARM = 64;

/** How a {@linkcode PeerTable} is set up. */
export interface PeerTableOptions extends SwarmTableOptions {
  /** Hears of every peer that joins, completes or goes. */
  readonly onChange?: ((change: SwarmChange) => void) | undefined;
  /** Hears of a swarm whose peers of this tracker are others, or elsewhere, than before. */
  readonly onPeersChange?: (infoHash: InfoHash) => void;
  /** Most swarms with peers. @default 100_000 */
  readonly maxSwarmCount?: number;
  /** Most peers of all swarms together. @default 500_000 */
  readonly maxPeerCount?: number;
  /**
   * Most peers that one address may hold, in all swarms together; this machine's
   * own may hold any number. @default 32_768
   */
  readonly maxPeersPerAddress?: number;
}

/** All peers. */
export class PeerTable {
  readonly swarms: SwarmTable;
  readonly maxSwarmCount: number;
  readonly #maxPeerCount: number;
  readonly #maxPeersPerAddress: number;
  readonly #onChange: (change: SwarmChange) => void;
  readonly #onPeersChange: (infoHash: InfoHash) => void;
  readonly #holders = new Holders();
  #peerCount = 0;

  constructor(options: PeerTableOptions) {
    this.swarms = new SwarmTable(options);
    this.maxSwarmCount = options.maxSwarmCount ?? 100_000;
    this.#maxPeerCount = options.maxPeerCount ?? 500_000;
    this.#maxPeersPerAddress = options.maxPeersPerAddress ?? 32_768;
    this.#onChange = options.onChange ?? (() => {});
    this.#onPeersChange = options.onPeersChange ?? (() => {});
  }

  /** Of all swarms; a peer in two counts twice. */
  get peerCount(): number {
    return this.#peerCount;
  }

  get isFull(): boolean {
    return this.#peerCount >= this.#maxPeerCount;
  }

  /** Each peer once, those that come meanwhile included. */
  *peers(): Generator<Peer, undefined> {
    for (const swarm of this.swarms.values()) yield* swarm.peers.values();
  }

  /**
   * Evicts peers until there is room for one more of an address in a swarm.
   * @returns False if all swarms have peers of too many addresses.
   */
  makeRoom(infoHash: InfoHash, hostname: string): boolean {
    const holder = this.#holders.get(hostname);
    if (
      holder !== undefined && holder.peerCount >= this.#maxPeersPerAddress &&
      !isLoopback(hostname)
    ) this.remove(holder.oldest!, "expired");
    if (this.isFull) this.#evict();
    for (let count = 0; count < EVICTIONS_PER_SWARM; count++) {
      if (
        this.swarms.size < this.maxSwarmCount ||
        this.swarms.get(infoHash) !== undefined
      ) return true;
      this.#evict();
    }
    return false;
  }

  /**
   * Adds a peer to its swarm, in place of the one that was at its endpoint
   * before: a client that was restarted.
   */
  enter(peer: Peer): void {
    const swarm = this.#swarmOf(peer);
    for (const endpoint of endpointsOf(peer)) {
      const before = endpoint.isListed ? swarm.peerAt(endpoint) : undefined;
      if (before === undefined) continue;
      this.drop(before);
      this.#report("expired", before, swarm);
    }
    swarm.enter(peer);
    this.#peerCount++;
    if (peer.tracker === undefined) this.#onPeersChange(peer.infoHash);
  }

  /** Removes a peer without a word; its swarm stays open. */
  drop(peer: Peer): void {
    this.leave(peer);
    this.#holders.release(peer);
  }

  /** Takes a peer out of its swarm, which stays open, to enter it again. */
  leave(peer: Peer): void {
    this.#swarmOf(peer).leave(peer);
    this.#peerCount--;
    if (peer.tracker === undefined) this.#onPeersChange(peer.infoHash);
  }

  /** Counts a peer for its address, as the one that announced last. */
  hold(peer: Peer): void {
    this.#holders.hold(peer, (peer.ipv4 ?? peer.ipv6!).hostname);
  }

  /** Removes a peer, and its swarm with the last one. */
  remove(peer: Peer, type: "left" | "expired"): void {
    const swarm = this.#swarmOf(peer);
    this.drop(peer);
    if (swarm.peers.size === 0) this.swarms.close(swarm);
    this.#report(type, peer, swarm);
  }

  /** Reports what happened to a peer of this tracker. */
  report(type: SwarmChange["type"], peer: Peer): void {
    this.#report(type, peer, this.#swarmOf(peer));
  }

  #report(type: SwarmChange["type"], peer: Peer, swarm: Swarm): void {
    if (peer.tracker !== undefined) return;
    const { hostname, port } = (peer.ipv4 ?? peer.ipv6)!;
    this.#onChange({
      type,
      peerId: peer.id,
      address: { hostname, port },
      swarm: swarm.entry(),
    });
  }

  #swarmOf({ infoHash }: Peer): Swarm {
    return this.swarms.get(infoHash)!;
  }

  /** Removes the peer that was silent for longest of the address that holds most. */
  #evict(): void {
    const peer = this.#holders.largest?.oldest;
    if (peer !== undefined) this.remove(peer, "expired");
  }
}
