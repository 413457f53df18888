/**
 * Every peer's place in all that leads to it. Invariant: each peer is in the
 * index, in its swarm's pools and among the peers of its holder, or it is in
 * none of them and its record is free; a swarm is in the table while it has a
 * peer.
 *
 * @module
 */
import type { Random } from "../../../base/random.ts";
import type { PeerAnnounce } from "../peer_store.ts";
import type { AddressWords } from "../address_words.ts";
import { Holders } from "./holders.ts";
import { type PeerIdentity, randomHashKey } from "./peer_identity.ts";
import { PEER, PEER_FLAG, PeerRecords } from "./peer_records.ts";
import { RecordIndex } from "./record_index.ts";
import { NONE } from "./record_table.ts";
import { measureSpeed } from "./speed.ts";
import type { Swarm } from "./swarm.ts";
import { SwarmTable } from "./swarm_table.ts";

/** Who announces, from where and when. */
export interface Announcement {
  readonly announce: PeerAnnounce;
  readonly identity: PeerIdentity;
  readonly address: AddressWords;
  readonly nowMs: number;
}

/** All peers of all swarms. */
export class PeerTable {
  readonly peers: PeerRecords = new PeerRecords();
  readonly swarms: SwarmTable = new SwarmTable(this.peers);
  readonly holders: Holders;
  readonly #index = new RecordIndex(this.peers, PEER.index);

  constructor(random: Random) {
    this.holders = new Holders(this.peers, randomHashKey(random));
  }

  /** The peer of a swarm with this id; `NONE` if it has none. */
  find(swarm: Swarm, identity: PeerIdentity): number {
    let peer = this.#index.first(identity.hashIn(swarm.number));
    while (
      peer !== NONE &&
      !(this.peers.hasId(peer, identity.id) &&
        this.peers.word(peer, PEER.swarm) === swarm.number)
    ) peer = this.#index.next(peer);
    return peer;
  }

  /** Adds a peer that its swarm does not have. */
  join(swarm: Swarm, announcement: Announcement): number {
    const { peers } = this;
    const { identity, announce } = announcement;
    const peer = peers.allocate();
    peers.setFlag(peer, PEER_FLAG.known, true);
    peers.setFlag(peer, PEER_FLAG.seeder, announce.isSeeder);
    peers.setId(peer, identity.id);
    peers.setWord(peer, PEER.swarm, swarm.number);
    peers.setAddress(peer, announcement.address, announce.address.port);
    this.#note(peer, announcement);
    this.#index.add(peer, identity.hashIn(swarm.number));
    swarm.enter(peer);
    this.holders.add(peer);
    return peer;
  }

  /** A peer of a swarm announced again. */
  update(peer: number, swarm: Swarm, announcement: Announcement): void {
    const { peers } = this;
    const { address, announce } = announcement;
    const { isSeeder } = announce;
    const { port } = announce.address;
    const speed = measureSpeed(peers, peer, announcement);
    if (!peers.hasAddress(peer, address)) {
      swarm.leave(peer);
      this.#move(peer, address, port);
      this.#setState(peer, isSeeder, speed);
      swarm.enter(peer);
    } else if (
      peers.has(peer, PEER_FLAG.seeder) !== isSeeder ||
      peers.port(peer, address.isIpv4) !== port
    ) {
      swarm.leave(peer);
      peers.setAddress(peer, address, port);
      this.#setState(peer, isSeeder, speed);
      swarm.enter(peer);
    } else {
      swarm.changeSpeed(peer, speed);
    }
    this.holders.touch(peer);
    this.#note(peer, announcement);
  }

  /** Forgets a peer, and its swarm with the last. */
  remove(peer: number): void {
    const swarm = this.swarms.byNumber(this.peers.word(peer, PEER.swarm));
    swarm.leave(peer);
    this.holders.remove(peer);
    this.#index.delete(peer);
    this.peers.free(peer);
    if (swarm.peerCount === 0) this.swarms.close(swarm);
  }

  /** Counts the peer's download. @returns False if it was counted before. */
  complete(peer: number, swarm: Swarm): boolean {
    if (this.peers.has(peer, PEER_FLAG.completed)) return false;
    this.peers.setFlag(peer, PEER_FLAG.completed, true);
    this.swarms.countDownload(swarm);
    return true;
  }

  /** A new address; if it is the one that counts, the peer has another holder. */
  #move(peer: number, address: AddressWords, port: number): void {
    const isPrimary = address.isIpv4 || !this.peers.hasIpv4(peer);
    if (isPrimary) this.holders.remove(peer);
    this.peers.setAddress(peer, address, port);
    if (isPrimary) this.holders.add(peer);
  }

  /** To be called while the peer is out of its swarm. */
  #setState(peer: number, isSeeder: boolean, speed: number): void {
    this.peers.setFlag(peer, PEER_FLAG.seeder, isSeeder);
    this.peers.setWord(peer, PEER.bytesPerSecond, speed);
  }

  #note(peer: number, { announce, identity, nowMs }: Announcement): void {
    const { peers } = this;
    const { uploaded, downloaded, left } = announce.progress;
    peers.setDouble(peer, PEER.uploaded, uploaded);
    peers.setDouble(peer, PEER.downloaded, downloaded);
    peers.setDouble(peer, PEER.left, left);
    peers.setDouble(peer, PEER.lastSeenMs, nowMs);
    identity.keepKey(peers, peer);
  }
}
