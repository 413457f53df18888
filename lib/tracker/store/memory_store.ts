/**
 * A tracker's peers in memory: each announce is checked, noted and answered. A
 * peer is known by its peer id in each swarm, and proves who it is by announcing
 * from the address that it had before, or with the same key.
 *
 * @module
 */
import {
  type ScrapeEntry,
  type TransferProgress,
  UNKNOWN_LEFT,
} from "../../announce/announce.ts";
import type { InfoHash } from "../../base/identifier.ts";
import type { Random } from "../../base/random.ts";
import {
  canonicalHostname,
  createPeer,
  describePeer,
  endpointAt,
  fingerprint,
  type Peer,
  setEndpoint,
} from "./peer.ts";
import { noPeers, PeerSelection } from "./peer_selection.ts";
import type {
  AnnounceOutcome,
  PeerAnnounce,
  PeerDetails,
  PeerStore,
  StoreTotals,
  SwarmChange,
  SwarmSummary,
} from "./peer_store.ts";
import { PeerTable, type PeerTableOptions } from "./peer_table.ts";

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
  /** Most peers of all swarms together. @default 500_000 */
  readonly maxPeerCount?: number;
  /**
   * Most peers that one address may hold, in all swarms together; this machine's
   * own may hold any number. @default 32_768
   */
  readonly maxPeersPerAddress?: number;
}

/** Peers that one call of `expire` looks at: about a millisecond's work. */
const PEERS_PER_SWEEP = 16_384;

/** Peers that one call of `expire` forgets: one or two milliseconds' work. */
const REMOVALS_PER_SWEEP = 256;

/** When to try again where the tracker is full, in milliseconds. */
const RETRY_WHEN_FULL_MS = 300_000;

/** Two announces that are closer tell nothing of a speed, in milliseconds. */
const SHORTEST_SPAN_MS = 1_000;

/** A {@linkcode PeerStore} in memory. */
export class MemoryStore implements PeerStore {
  /** For stores that keep more than peers in memory. */
  readonly table: PeerTable;
  readonly #peerTimeoutMs: number;
  readonly #selection: PeerSelection;
  /** The peers that the sweep under way has yet to look at. */
  #sweep: Iterator<Peer, undefined> | undefined;

  constructor(
    { peerTimeoutMs, random, ...options }: MemoryStoreOptions,
    tableOptions: Omit<PeerTableOptions, keyof MemoryStoreOptions> = {},
  ) {
    this.table = new PeerTable({ ...tableOptions, ...options });
    this.#peerTimeoutMs = peerTimeoutMs;
    this.#selection = new PeerSelection(random);
  }

  announce(announce: PeerAnnounce, nowMs: number): AnnounceOutcome {
    const { hostname, infoHash, peerId, port } = announce;
    const isSeeder = announce.left === 0;
    const progress = progressOf(announce);
    const key = announce.key === undefined
      ? undefined
      : fingerprint(announce.key);
    const { swarms } = this.table;
    const known = swarms.get(infoHash)?.peers.get(peerId);
    const endpoint = known && endpointAt(known, hostname);
    if (
      known !== undefined && endpoint === undefined &&
      (key === undefined || key !== known.key)
    ) {
      const reason = "the peer id is in use at another address";
      return { type: "refused", reason };
    }
    if (announce.event === "stopped") return this.#stop(announce, known, nowMs);
    if (
      known === undefined &&
      !this.table.makeRoom(infoHash, canonicalHostname(hostname))
    ) {
      return {
        type: "refused",
        reason: `the tracker is full with ${this.table.maxSwarmCount} torrents`,
        retryInMs: RETRY_WHEN_FULL_MS,
      };
    }
    const swarm = swarms.open(infoHash, nowMs);
    const peer = known ?? createPeer(infoHash, {
      peerId,
      isSeeder,
      progress,
      bytesPerSecond: 0,
      lastSeenMs: nowMs,
    });
    if (known !== undefined) {
      swarm.setSpeed(peer, speedOf(peer, announce, nowMs));
      note(peer, progress, nowMs);
    }
    let asker = endpoint;
    if (asker?.port !== port || peer.isSeeder !== isSeeder) {
      if (known !== undefined) this.table.leave(known);
      peer.isSeeder = isSeeder;
      if (asker?.port !== port) asker = setEndpoint(peer, announce);
      this.table.enter(peer);
    }
    peer.tracker = undefined;
    this.table.hold(peer);
    if (known === undefined) this.table.report("joined", peer);
    if (key !== undefined && key !== peer.key) peer.key = key;
    if (progress.left > swarm.contentLength) {
      swarm.contentLength = progress.left;
    }
    if (announce.event === "completed" && !peer.hasCompleted) {
      peer.hasCompleted = true;
      swarms.countDownload(swarm);
      this.table.report("completed", peer);
    }
    return {
      type: "accepted",
      swarm: swarm.entry(),
      peers: this.#selection.pick(swarm, asker!, announce),
      swarmAgeMs: nowMs - swarm.openedAtMs,
      peerCount: this.table.peerCount,
    };
  }

  scrape(infoHashes: readonly InfoHash[]): ScrapeEntry[] {
    return infoHashes.map((infoHash) => this.table.swarms.entry(infoHash))
      .filter((entry) => entry !== undefined);
  }

  swarms(): Iterable<SwarmSummary> {
    return this.table.swarms.summaries();
  }

  totals(): StoreTotals {
    let seederCount = 0;
    let leecherCount = 0;
    let bytesPerSecond = 0;
    for (const swarm of this.table.swarms.values()) {
      seederCount += swarm.seederCount;
      leecherCount += swarm.leecherCount;
      bytesPerSecond += swarm.bytesPerSecond;
    }
    return {
      activeSwarmCount: this.table.swarms.size,
      seederCount,
      leecherCount,
      downloadCount: this.table.swarms.downloadCount,
      bytesPerSecond,
    };
  }

  peers(infoHash: InfoHash, limit: number): PeerDetails[] {
    const peers = this.table.swarms.get(infoHash)?.peers;
    return peers?.values().take(limit).map(describePeer).toArray() ?? [];
  }

  expire(nowMs: number): boolean {
    const oldestMs = nowMs - this.#peerTimeoutMs;
    const sweep = this.#sweep ??= this.table.peers();
    let removals = 0;
    for (let seen = 0; seen < PEERS_PER_SWEEP; seen++) {
      const { done, value: peer } = sweep.next();
      if (done) {
        this.#sweep = undefined;
        return false;
      }
      if (peer.lastSeenMs >= oldestMs) continue;
      this.table.remove(peer, "expired");
      if (++removals === REMOVALS_PER_SWEEP) break;
    }
    return true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #stop(
    { infoHash, wantsIds }: PeerAnnounce,
    known: Peer | undefined,
    nowMs: number,
  ): AnnounceOutcome {
    const swarm = this.table.swarms.get(infoHash);
    if (known !== undefined) this.table.remove(known, "left");
    return {
      type: "accepted",
      swarm: this.table.swarms.entry(infoHash) ??
        { infoHash, complete: 0, incomplete: 0, downloaded: 0 },
      peers: noPeers(wantsIds),
      swarmAgeMs: swarm === undefined ? 0 : nowMs - swarm.openedAtMs,
      peerCount: this.table.peerCount,
    };
  }
}

/** The bytes of an announce; a peer that does not know what it lacks counts as lacking 0. */
export function progressOf(
  { uploaded, downloaded, left }: PeerAnnounce,
): TransferProgress {
  return { uploaded, downloaded, left: left === UNKNOWN_LEFT ? 0 : left };
}

function note(peer: Peer, progress: TransferProgress, nowMs: number): void {
  peer.uploaded = progress.uploaded;
  peer.downloaded = progress.downloaded;
  peer.left = progress.left;
  peer.lastSeenMs = nowMs;
}

/** What a peer received since its last announce; 0 for one that has everything or begins anew. */
function speedOf(
  peer: Peer,
  { event, left, downloaded }: PeerAnnounce,
  nowMs: number,
): number {
  if (left === 0 || event === "started") return 0;
  const spanMs = nowMs - peer.lastSeenMs;
  if (spanMs < SHORTEST_SPAN_MS) return peer.bytesPerSecond;
  const received = downloaded - peer.downloaded;
  return Math.max(0, Math.round(received * 1000 / spanMs));
}
