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
import {
  canonicalHostname,
  createPeer,
  describePeer,
  type Endpoint,
  endpointAt,
  type Peer,
  setEndpoint,
} from "./peer.ts";
import { noPeers, PeerSelection } from "./peer_selection.ts";
import type {
  AnnounceOutcome,
  OpenStoreOptions,
  PeerAnnounce,
  PeerDetails,
  PeerStore,
  StoreTotals,
  SwarmSummary,
} from "./peer_store.ts";
import { type InnerTableOptions, PeerTable } from "./peer_table.ts";

/** Peers that one call of `expire` looks at: about a millisecond's work. */
const PEERS_PER_SWEEP = 16_384;

/** Peers that one call of `expire` forgets: one or two milliseconds' work. */
const REMOVALS_PER_SWEEP = 256;

/** Time to wait before another try where the tracker is full. */
const RETRY_WHEN_FULL_MS = 300_000;

/** Shortest time between two announces that tells a speed. */
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
    options: OpenStoreOptions,
    innerOptions: InnerTableOptions = {},
  ) {
    this.table = new PeerTable(options, innerOptions);
    this.#peerTimeoutMs = options.peerTimeoutMs;
    this.#selection = new PeerSelection(options.random);
  }

  announce(announce: PeerAnnounce, nowMs: number): AnnounceOutcome {
    const { hostname, infoHash, key, peerId, port } = announce;
    const isSeeder = announce.left === 0;
    const progress = progressOf(announce);
    const known = this.table.swarms.get(infoHash)?.peers.get(peerId);
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
    const swarm = this.table.open(infoHash, nowMs);
    const peer = known ?? createPeer(infoHash, {
      peerId,
      isSeeder,
      progress,
      bytesPerSecond: 0,
      lastSeenMs: nowMs,
    });
    if (known !== undefined) {
      swarm.setSpeed(known, speedOf(known, announce, nowMs));
    }
    note(peer, progress, nowMs);
    const isInPlace = endpoint?.port === port &&
      peer.isSeeder === isSeeder && peer.tracker === undefined;
    const asker = isInPlace ? endpoint : this.#place(peer, announce);
    this.table.hold(peer);
    if (known === undefined) this.table.report("joined", peer);
    // A copy: a part of a request's text would keep the whole request in memory.
    if (key !== undefined && key !== peer.key) {
      peer.key = JSON.parse(JSON.stringify(key));
    }
    if (progress.left > swarm.contentLength) {
      swarm.contentLength = progress.left;
    }
    if (announce.event === "completed" && !peer.hasCompleted) {
      peer.hasCompleted = true;
      swarm.downloadCount++;
      this.table.downloadCount++;
      this.table.report("completed", peer);
    }
    return {
      type: "accepted",
      swarm: swarm.entry(),
      peers: this.#selection.pick(swarm, asker, announce),
      swarmAgeMs: nowMs - swarm.openedAtMs,
      peerCount: this.table.peerCount,
    };
  }

  scrape(infoHashes: readonly InfoHash[]): ScrapeEntry[] {
    return infoHashes.map((infoHash) => this.table.entry(infoHash))
      .filter((entry) => entry !== undefined);
  }

  swarms(): Iterable<SwarmSummary> {
    return this.table.summaries();
  }

  totals(): StoreTotals {
    const totals = { seederCount: 0, leecherCount: 0, bytesPerSecond: 0 };
    for (const swarm of this.table.swarms.values()) {
      totals.seederCount += swarm.seederCount;
      totals.leecherCount += swarm.leecherCount;
      totals.bytesPerSecond += swarm.bytesPerSecond;
    }
    const { downloadCount, swarms } = this.table;
    return { activeSwarmCount: swarms.size, downloadCount, ...totals };
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

  /** Lists a peer, which may be listed already, as it announced. */
  #place(peer: Peer, announce: PeerAnnounce): Endpoint {
    if (peer.ipv4 ?? peer.ipv6) this.table.leave(peer);
    peer.isSeeder = announce.left === 0;
    peer.tracker = undefined;
    const known = endpointAt(peer, announce.hostname);
    const endpoint = known?.port === announce.port
      ? known
      : setEndpoint(peer, announce);
    this.table.enter(peer);
    return endpoint;
  }

  #stop(
    { infoHash, wantsIds }: PeerAnnounce,
    known: Peer | undefined,
    nowMs: number,
  ): AnnounceOutcome {
    const { openedAtMs = nowMs } = this.table.swarms.get(infoHash) ?? {};
    if (known !== undefined) this.table.remove(known, "left");
    const unknown = { infoHash, complete: 0, incomplete: 0, downloaded: 0 };
    return {
      type: "accepted",
      swarm: this.table.entry(infoHash) ?? unknown,
      peers: noPeers(wantsIds),
      swarmAgeMs: nowMs - openedAtMs,
      peerCount: this.table.peerCount,
    };
  }
}

/** The bytes of an announce; a peer that does not know what it lacks counts as lacking 0. */
function progressOf(
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

/** Bytes that a peer received since its last announce; 0 for a seeder or a restarted peer. */
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
