/**
 * The tracker's peers in memory: who may announce, who is listed, who has to go.
 * There is no object for each peer, and no announce costs more in a swarm of
 * 100,000 than in one of ten; how that is done is the peer table's.
 *
 * A peer is known by its peer id. It may be listed with one IPv4 and one IPv6
 * address, as clients on both announce twice. [BEP 7]
 *
 * @module
 */
import type { InfoHash } from "../../base/identifier.ts";
import type { Random } from "../../base/random.ts";
import type { ScrapeEntry } from "../../announce/announce.ts";
import { AddressWords } from "./address_words.ts";
import { PeerIdentity } from "./memory/peer_identity.ts";
import { PEER, PEER_FLAG } from "./memory/peer_records.ts";
import { nobody, PeerSelection } from "./memory/peer_selection.ts";
import { type Announcement, PeerTable } from "./memory/peer_table.ts";
import { NONE } from "./memory/record_table.ts";
import type { Swarm } from "./memory/swarm.ts";
import { emptySwarm } from "./memory/swarm_table.ts";
import type {
  AnnounceOutcome,
  PeerAnnounce,
  PeerDetails,
  PeerStore,
  StoreTotals,
  SwarmChange,
  SwarmSummary,
} from "./peer_store.ts";

/** How a {@linkcode MemoryStore} is set up. */
export interface MemoryStoreOptions {
  /** Silence after which a peer is forgotten, in milliseconds. */
  readonly peerTimeoutMs: number;
  /** Picks the peers that are given out. */
  readonly random: Random;
  /** Hears of every peer that joins, completes or goes. */
  readonly onChange?: (change: SwarmChange) => void;
  /** Most swarms with peers. @default 100_000 */
  readonly maxSwarmCount?: number;
  /** Most peers of all swarms together. @default 2_000_000 */
  readonly maxPeerCount?: number;
  /**
   * Most peers that one address may hold, in all swarms together; this machine's
   * own may hold any number. @default 32_768
   */
  readonly maxPeersPerAddress?: number;
}

/** Records that one call of `expire` looks at: a millisecond's work. */
const RECORDS_PER_SWEEP = 16_384;

/** Peers that one call of `expire` forgets: one or two milliseconds' work. */
const REMOVALS_PER_SWEEP = 512;

/** How many peers of the biggest holder are looked at for one that is alone in its swarm. */
const LOOKS_FOR_A_SWARM = 64;

/** When to try again where the tracker is full, in milliseconds. */
const RETRY_WHEN_FULL_MS = 300_000;

/** A {@linkcode PeerStore} in memory. */
export class MemoryStore implements PeerStore {
  readonly #options: Required<Omit<MemoryStoreOptions, "onChange">>;
  readonly #onChange: ((change: SwarmChange) => void) | undefined;
  readonly #table: PeerTable;
  readonly #selection: PeerSelection;
  /** Who announces now, and from where. */
  readonly #identity: PeerIdentity;
  readonly #address = new AddressWords();
  /** The record that the next sweep begins with. */
  #sweepsFrom = 1;

  constructor(options: MemoryStoreOptions) {
    this.#options = {
      maxSwarmCount: 100_000,
      maxPeerCount: 2_000_000,
      maxPeersPerAddress: 32_768,
      ...options,
    };
    const { onChange, random } = options;
    this.#onChange = onChange;
    this.#identity = new PeerIdentity(random);
    this.#table = new PeerTable(random);
    this.#selection = new PeerSelection(this.#table.peers, random);
  }

  announce(announce: PeerAnnounce, nowMs: number): AnnounceOutcome {
    const identity = this.#identity;
    const address = this.#address;
    identity.read(announce.peerId, announce.key);
    address.read(announce.address.hostname);
    const { peers, swarms } = this.#table;
    const swarm = swarms.get(announce.infoHash);
    const known = swarm === undefined
      ? NONE
      : this.#table.find(swarm, identity);
    if (
      known !== NONE && !peers.hasAddress(known, address) &&
      !identity.provesToBe(peers, known)
    ) {
      return {
        type: "refused",
        reason: "the peer id is in use at another address",
      };
    }
    if (announce.event === "stopped") {
      if (known !== NONE) this.#remove(known, "left");
      return this.#stopped(announce, swarm, nowMs);
    }
    const announcement = { announce, identity, address, nowMs };
    if (known !== NONE) {
      this.#table.update(known, swarm!, announcement);
      return this.#listed(known, swarm!, announcement);
    }
    const refusal = this.#makeRoom(announce.infoHash);
    if (refusal !== undefined) return refusal;
    // The swarm's last peer may have gone to make room.
    const joined = swarms.get(announce.infoHash) ??
      swarms.open(announce.infoHash, nowMs);
    const peer = this.#table.join(joined, announcement);
    this.#tell("joined", peer, joined);
    return this.#listed(peer, joined, announcement);
  }

  scrape(infoHashes: readonly InfoHash[]): ScrapeEntry[] {
    return infoHashes.map((infoHash) => this.#table.swarms.counts(infoHash))
      .filter((entry) => entry !== undefined);
  }

  swarms(): Iterable<SwarmSummary> {
    return this.#table.swarms.summaries();
  }

  totals(): StoreTotals {
    let seederCount = 0;
    let bytesPerSecond = 0;
    for (const swarm of this.#table.swarms.values()) {
      seederCount += swarm.seederCount;
      bytesPerSecond += swarm.bytesPerSecond;
    }
    return {
      activeSwarmCount: this.#table.swarms.size,
      seederCount,
      leecherCount: this.#table.peers.size - seederCount,
      downloadCount: this.#table.swarms.downloadCount,
      bytesPerSecond,
    };
  }

  peers(infoHash: InfoHash, limit: number): PeerDetails[] {
    const swarm = this.#table.swarms.get(infoHash);
    if (swarm === undefined) return [];
    const { peers } = this.#table;
    return swarm.members().take(limit).map((peer) => ({
      peerId: peers.peerId(peer),
      addresses: peers.addresses(peer),
      isSeeder: peers.has(peer, PEER_FLAG.seeder),
      progress: peers.progress(peer),
      bytesPerSecond: peers.word(peer, PEER.bytesPerSecond) >>> 0,
      lastSeenMs: peers.double(peer, PEER.lastSeenMs),
    })).toArray();
  }

  expire(nowMs: number): boolean {
    const oldestMs = nowMs - this.#options.peerTimeoutMs;
    const { peers } = this.#table;
    const end = Math.min(peers.end, this.#sweepsFrom + RECORDS_PER_SWEEP);
    let removals = 0;
    let peer = this.#sweepsFrom;
    while (peer < end && removals < REMOVALS_PER_SWEEP) {
      if (
        peers.has(peer, PEER_FLAG.known) &&
        peers.double(peer, PEER.lastSeenMs) < oldestMs
      ) {
        this.#remove(peer, "expired");
        removals++;
      }
      peer++;
    }
    const isDone = peer === peers.end;
    this.#sweepsFrom = isDone ? 1 : peer;
    return !isDone;
  }

  /**
   * Tells of a torrent's downloads before this store began, as another store
   * kept them. What was counted here is added to.
   */
  restore(infoHash: InfoHash, downloadCount: number): void {
    this.#table.swarms.restore(infoHash, downloadCount);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #listed(
    peer: number,
    swarm: Swarm,
    { announce, nowMs }: Announcement,
  ): AnnounceOutcome {
    swarm.contentLength = Math.max(
      swarm.contentLength,
      announce.progress.left,
    );
    if (
      announce.event === "completed" && this.#table.complete(peer, swarm)
    ) this.#tell("completed", peer, swarm);
    return {
      type: "accepted",
      swarm: swarm.counts(),
      peers: this.#selection.pick(swarm, {
        asker: peer,
        address: this.#address,
        numwant: announce.numwant,
        wantsIds: announce.wantsIds,
      }),
      swarmAgeMs: nowMs - swarm.openedAtMs,
      peerCount: this.#table.peers.size,
    };
  }

  #stopped(
    { infoHash, wantsIds }: PeerAnnounce,
    swarm: Swarm | undefined,
    nowMs: number,
  ): AnnounceOutcome {
    return {
      type: "accepted",
      swarm: this.#table.swarms.counts(infoHash) ?? emptySwarm(infoHash),
      peers: nobody(wantsIds),
      swarmAgeMs: swarm === undefined ? 0 : nowMs - swarm.openedAtMs,
      peerCount: this.#table.peers.size,
    };
  }

  /** Room for one peer more, of this address and in this swarm; or why there is none. */
  #makeRoom(infoHash: InfoHash): AnnounceOutcome | undefined {
    const { maxPeerCount, maxPeersPerAddress, maxSwarmCount } = this.#options;
    const { holders, peers, swarms } = this.#table;
    const { reach, words } = this.#address;
    if (
      reach !== "thisMachine" && holders.peerCount(words) >= maxPeersPerAddress
    ) this.#remove(holders.oldestPeer(words), "expired");
    if (peers.size >= maxPeerCount) {
      const [oldest] = holders.peersOfBiggest();
      this.#remove(oldest!, "expired");
    }
    if (swarms.get(infoHash) !== undefined || swarms.size < maxSwarmCount) {
      return undefined;
    }
    const alone = holders.peersOfBiggest().take(LOOKS_FOR_A_SWARM)
      .find((peer) => this.#swarmOf(peer).peerCount === 1);
    if (alone === undefined) {
      return {
        type: "refused",
        reason: `the tracker is full with ${maxSwarmCount} torrents`,
        retryInMs: RETRY_WHEN_FULL_MS,
      };
    }
    this.#remove(alone, "expired");
    return undefined;
  }

  #swarmOf(peer: number): Swarm {
    const { peers, swarms } = this.#table;
    return swarms.byNumber(peers.word(peer, PEER.swarm));
  }

  #remove(peer: number, type: "left" | "expired"): void {
    const swarm = this.#swarmOf(peer);
    // Described while it is still known.
    const who = this.#onChange && this.#describe(peer);
    this.#table.remove(peer);
    if (who) this.#onChange?.({ type, ...who, swarm: swarm.counts() });
  }

  #tell(type: "joined" | "completed", peer: number, swarm: Swarm): void {
    this.#onChange?.({
      type,
      ...this.#describe(peer),
      swarm: swarm.counts(),
    });
  }

  #describe(peer: number): Pick<SwarmChange, "peerId" | "address"> {
    const { peers } = this.#table;
    const [address] = peers.addresses(peer);
    return { peerId: peers.peerId(peer), address: address! };
  }
}
