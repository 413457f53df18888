/**
 * A tracker's peers in memory: each announce is checked, noted and answered. A
 * peer is known by its peer id in each swarm, and proves who it is by announcing
 * from the address that it had before, or with the same key.
 *
 * @module
 */
import { type ScrapeEntry, UNKNOWN_LEFT } from "../../announce/announce.ts";
import type { InfoHash, PeerId } from "../../base/identifier.ts";
import { Eviction } from "./eviction.ts";
import { type Address, parseAddress, PeerRows } from "./peer_rows.ts";
import { NO_PEERS, PeerSelection } from "./peer_selection.ts";
import type {
  AnnounceOutcome,
  OpenStoreOptions,
  PeerAnnounce,
  PeerDetails,
  PeerStore,
  PickedPeers,
  StoreTotals,
  SwarmChange,
  SwarmSummary,
} from "./peer_store.ts";
import { Torrent } from "./swarm.ts";
import { SwarmTable, type SwarmTableOptions } from "./swarm_table.ts";

/** Peers that one call of `expire` forgets: up to five milliseconds' work, where many maps shrink. */
const REMOVALS_PER_SWEEP = 128;
/** Time to wait before another try where the tracker is full. */
const RETRY_WHEN_FULL_MS = 300_000;
/** Shortest time between two announces from which a speed is computed. */
const SHORTEST_SPAN_MS = 1_000;

export class MemoryStore implements PeerStore {
  /** For stores that share peers, as are `table` and `eviction`. */
  readonly rows: PeerRows = new PeerRows();
  readonly table: SwarmTable;
  readonly eviction: Eviction;
  readonly #options: OpenStoreOptions;
  readonly #selection: PeerSelection;
  /** The row at which `expire` goes on. */
  #sweepRow = 0;

  constructor(options: OpenStoreOptions, tableOptions: SwarmTableOptions = {}) {
    this.#options = options;
    this.table = new SwarmTable(this.rows, tableOptions);
    this.#selection = new PeerSelection(this.rows, options.random);
    this.eviction = new Eviction(this.rows, this.table, options);
  }

  announce(announce: PeerAnnounce, nowMs: number): AnnounceOutcome {
    const { infoHash, key, peerId, port } = announce;
    const { rows } = this;
    const isSeeder = announce.left === 0;
    const address = parseAddress(announce.hostname);
    const open = this.table.swarms.get(infoHash);
    const known = open?.peers.get(peerId);
    const at = 2 * (known ?? 0) + (typeof address === "number" ? 0 : 1);
    const before = known !== undefined && rows.address(at) === address
      ? at
      : undefined;
    if (
      known !== undefined && before === undefined &&
      (key === undefined || key !== rows.keys[known])
    ) {
      const reason = "the peer id is in use at another address";
      return { type: "refused", reason };
    }
    if (announce.event === "stopped") {
      if (known !== undefined) this.remove(known, "left");
      const torrent = this.table.torrent(infoHash) ?? new Torrent({ infoHash });
      const swarmAgeMs = open === undefined ? 0 : nowMs - open.openedAtMs;
      return this.#accept(torrent, NO_PEERS, swarmAgeMs);
    }
    if (known === undefined && !this.#makeRoom(infoHash, address)) {
      return {
        type: "refused",
        reason: `the tracker is full with ${this.table.swarms.size} torrents`,
        retryInMs: RETRY_WHEN_FULL_MS,
      };
    }
    // Making room may have closed it.
    const swarm = (known !== undefined && open) ||
      this.table.open(infoHash, nowMs);
    const row = known ?? rows.add(swarm.infoHash, peerId);
    if (known !== undefined) {
      swarm.setSpeed(row, this.#speedOf(row, announce, nowMs));
    }
    // A peer that does not know what it lacks counts as lacking 0.
    const left = announce.left === UNKNOWN_LEFT ? 0 : announce.left;
    rows.uploaded[row] = announce.uploaded;
    rows.downloaded[row] = announce.downloaded;
    rows.left[row] = left;
    rows.lastSeenMs[row] = nowMs;
    const isInPlace = before !== undefined && rows.port(before) === port &&
      rows.isSeeder[row] === Number(isSeeder) &&
      !rows.trackers.has(row);
    const asker = isInPlace ? before : this.#place(row, announce, address);
    if (known === undefined) this.#report("joined", row);
    // A copy: a part of a request's text would keep the whole request in memory.
    if (key !== undefined && key !== rows.keys[row]) {
      rows.keys[row] = JSON.parse(JSON.stringify(key));
    }
    const isFirst = known === undefined && swarm.peers.size === 1;
    if (isFirst || left > swarm.contentLength) {
      swarm.contentLength = Math.max(swarm.contentLength, left);
      this.onTorrentChange(infoHash);
    }
    if (announce.event === "completed" && rows.hasCompleted[row] === 0) {
      rows.hasCompleted[row] = 1;
      this.table.addDownloads(infoHash, 1);
      this.onTorrentChange(infoHash);
      this.onDownload(infoHash, peerId);
      this.#report("completed", row);
    }
    const peers = this.#selection.pick(swarm, asker, announce);
    return this.#accept(swarm, peers, nowMs - swarm.openedAtMs);
  }

  scrape(infoHashes: readonly InfoHash[]): ScrapeEntry[] {
    return infoHashes.map((infoHash) => this.table.torrent(infoHash))
      .filter((torrent) => torrent !== undefined).map(scrapeEntry);
  }

  *swarms(): Generator<SwarmSummary> {
    for (const torrent of this.table.torrents()) {
      const { contentLength, bytesPerSecond } = torrent;
      yield {
        ...scrapeEntry(torrent),
        contentLength: contentLength || undefined,
        bytesPerSecond,
      };
    }
  }

  totals(): StoreTotals {
    return this.table.totals();
  }

  peers(infoHash: InfoHash, limit: number): PeerDetails[] {
    const peers = this.table.swarms.get(infoHash)?.peers;
    return peers?.values().take(limit)
      .map((row) => this.rows.describe(row)).toArray() ?? [];
  }

  expire(nowMs: number): boolean {
    const oldestMs = nowMs - this.#options.peerTimeoutMs;
    const { ids: { length }, lastSeenMs } = this.rows;
    let removals = 0;
    // A scan of 131,072 rows takes less than a millisecond.
    for (; this.#sweepRow < length; this.#sweepRow++) {
      if (lastSeenMs[this.#sweepRow]! >= oldestMs) continue;
      if (removals++ === REMOVALS_PER_SWEEP) return true;
      this.remove(this.#sweepRow, "expired");
    }
    this.#sweepRow = 0;
    return false;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  /** A peer of this tracker completed a torrent, which is counted. */
  protected onDownload(_infoHash: InfoHash, _peerId: PeerId): void {}

  /** A peer of this tracker came, left, moved, or became a seeder or leecher. */
  protected onPeerChange(_infoHash: InfoHash, _peerId: PeerId): void {}

  /** A torrent is new, larger than was known, or has one more download. */
  protected onTorrentChange(_infoHash: InfoHash): void {}

  /**
   * Adds a peer to its swarm, in place of the one that was at its endpoint
   * before: a client that was restarted.
   */
  enter(row: number): void {
    const { rows } = this;
    const swarm = this.table.of(row);
    for (const endpoint of rows.endpoints(row)) {
      const before = swarm.peerAt(
        rows.address(endpoint)!,
        rows.port(endpoint),
      );
      if (before !== undefined) this.drop(before, "expired");
    }
    swarm.enter(row);
    if (rows.trackers.has(row)) return;
    this.eviction.add(row);
    this.onPeerChange(swarm.infoHash, rows.ids[row]!);
  }

  /** Removes a peer, which is reported if the reason is given; its swarm stays open. */
  drop(row: number, reason?: "left" | "expired"): void {
    this.#leave(row);
    if (reason !== undefined) this.#report(reason, row);
    this.rows.delete(row);
  }

  /** Takes a peer out of its swarm, which stays open, to enter it again. */
  #leave(row: number): void {
    const swarm = this.table.of(row);
    swarm.leave(row);
    if (this.rows.trackers.has(row)) return;
    this.eviction.delete(row);
    this.onPeerChange(swarm.infoHash, this.rows.ids[row]!);
  }

  /** Removes a peer, and its swarm with the last one. */
  remove(row: number, reason?: "left" | "expired"): void {
    const swarm = this.table.of(row);
    this.drop(row, reason);
    this.table.close(swarm);
  }

  #report(type: SwarmChange["type"], row: number): void {
    const { onChange } = this.#options;
    if (onChange === undefined || this.rows.trackers.has(row)) return;
    const { peerId, addresses: [address] } = this.rows.describe(row);
    const swarm = scrapeEntry(this.table.of(row));
    onChange({ type, peerId, address: address!, swarm });
  }

  /** Evicts peers until there is room for one more. @returns False if there is none. */
  #makeRoom(infoHash: InfoHash, address: Address): boolean {
    for (const row of this.eviction.victims(infoHash, address)) {
      this.remove(row, "expired");
    }
    return this.eviction.hasRoom(infoHash);
  }

  /** Lists a peer, which may be listed already, as it announced. @returns Its endpoint. */
  #place(row: number, announce: PeerAnnounce, address: Address): number {
    const { rows } = this;
    if (rows.endpoints(row).length > 0) this.#leave(row);
    rows.isSeeder[row] = announce.left === 0 ? 1 : 0;
    rows.trackers.delete(row);
    const endpoint = rows.setEndpoint(row, address, announce.port);
    this.enter(row);
    return endpoint;
  }

  /** Bytes that a peer received a second since its last announce; 0 for a seeder or a restarted peer. */
  #speedOf(
    row: number,
    { event, left, downloaded }: PeerAnnounce,
    nowMs: number,
  ): number {
    const { rows } = this;
    if (left === 0 || event === "started") return 0;
    const spanMs = nowMs - rows.lastSeenMs[row]!;
    if (spanMs < SHORTEST_SPAN_MS) return rows.bytesPerSecond[row]!;
    const received = downloaded - rows.downloaded[row]!;
    return Math.max(0, Math.round(received * 1000 / spanMs));
  }

  #accept(
    torrent: Torrent,
    peers: PickedPeers,
    swarmAgeMs: number,
  ): AnnounceOutcome {
    return {
      type: "accepted",
      swarm: scrapeEntry(torrent),
      peers,
      swarmAgeMs,
      peerCount: this.rows.count,
    };
  }
}

function scrapeEntry(torrent: Torrent): ScrapeEntry {
  return {
    infoHash: torrent.infoHash,
    complete: torrent.seederCount,
    incomplete: torrent.leecherCount,
    downloaded: torrent.downloadCount,
  };
}
