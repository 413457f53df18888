/**
 * A tracker's peers in memory: each announce is checked, noted and answered. A
 * peer is known by its peer id in each swarm, and proves who it is by announcing
 * from the address that it had before, or with the same key.
 *
 * @module
 */
import { type ScrapeEntry, UNKNOWN_LEFT } from "../../announce/announce.ts";
import type { InfoHash } from "../../base/identifier.ts";
import { type Address, parseAddress, type PeerRows } from "./peer_rows.ts";
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

/** Rows that one call of `expire` looks at, in less than a millisecond. */
const ROWS_PER_SWEEP = 131_072;

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
  /** The row at which the next sweep begins. */
  #sweepRow = 0;

  constructor(
    options: OpenStoreOptions,
    innerOptions: InnerTableOptions = {},
  ) {
    this.table = new PeerTable(options, innerOptions);
    this.#peerTimeoutMs = options.peerTimeoutMs;
    this.#selection = new PeerSelection(this.table.rows, options.random);
  }

  announce(announce: PeerAnnounce, nowMs: number): AnnounceOutcome {
    const { infoHash, key, peerId, port } = announce;
    const { rows } = this.table;
    const isSeeder = announce.left === 0;
    const address = parseAddress(announce.hostname);
    const known = this.table.swarms.get(infoHash)?.peers.get(peerId);
    const before = known === undefined
      ? undefined
      : endpointAt(rows, known, address);
    if (
      known !== undefined && before === undefined &&
      (key === undefined || key !== rows.keys[known])
    ) {
      const reason = "the peer id is in use at another address";
      return { type: "refused", reason };
    }
    if (announce.event === "stopped") return this.#stop(announce, known, nowMs);
    if (known === undefined && !this.table.makeRoom(infoHash, address)) {
      return {
        type: "refused",
        reason: `the tracker is full with ${this.table.maxSwarmCount} torrents`,
        retryInMs: RETRY_WHEN_FULL_MS,
      };
    }
    const swarm = this.table.open(infoHash, nowMs);
    const row = known ?? rows.add(infoHash, peerId);
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
    if (isInPlace) this.table.touch(row);
    const asker = isInPlace ? before : this.#place(row, announce, address);
    if (known === undefined) this.table.report("joined", row);
    // A copy: a part of a request's text would keep the whole request in memory.
    if (key !== undefined && key !== rows.keys[row]) {
      rows.keys[row] = JSON.parse(JSON.stringify(key));
    }
    if (left > swarm.contentLength) swarm.contentLength = left;
    if (announce.event === "completed" && rows.hasCompleted[row] === 0) {
      rows.hasCompleted[row] = 1;
      swarm.downloadCount++;
      this.table.downloadCount++;
      this.table.report("completed", row);
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
    return peers?.values().take(limit)
      .map((row) => this.table.rows.describe(row)).toArray() ?? [];
  }

  expire(nowMs: number): boolean {
    const oldestMs = nowMs - this.#peerTimeoutMs;
    const { ids: { length }, lastSeenMs } = this.table.rows;
    const end = Math.min(this.#sweepRow + ROWS_PER_SWEEP, length);
    let removals = 0;
    while (this.#sweepRow < end && removals < REMOVALS_PER_SWEEP) {
      const row = this.#sweepRow++;
      if (lastSeenMs[row]! >= oldestMs) continue;
      this.table.remove(row, "expired");
      removals++;
    }
    if (this.#sweepRow < length) return true;
    this.#sweepRow = 0;
    return false;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  /** Lists a peer, which may be listed already, as it announced. @returns Its endpoint. */
  #place(row: number, announce: PeerAnnounce, address: Address): number {
    const { rows } = this.table;
    if (rows.endpoints(row).length > 0) this.table.leave(row);
    rows.isSeeder[row] = announce.left === 0 ? 1 : 0;
    rows.trackers.delete(row);
    const endpoint = rows.setEndpoint(row, address, announce.port);
    this.table.enter(row);
    return endpoint;
  }

  /** Bytes that a peer received a second since its last announce; 0 for a seeder or a restarted peer. */
  #speedOf(
    row: number,
    { event, left, downloaded }: PeerAnnounce,
    nowMs: number,
  ): number {
    const { rows } = this.table;
    if (left === 0 || event === "started") return 0;
    const spanMs = nowMs - rows.lastSeenMs[row]!;
    if (spanMs < SHORTEST_SPAN_MS) return rows.bytesPerSecond[row]!;
    const received = downloaded - rows.downloaded[row]!;
    return Math.max(0, Math.round(received * 1000 / spanMs));
  }

  #stop(
    { infoHash, wantsIds }: PeerAnnounce,
    known: number | undefined,
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

/** The peer's endpoint at an address. */
function endpointAt(
  rows: PeerRows,
  row: number,
  address: Address,
): number | undefined {
  const endpoint = 2 * row + (typeof address === "number" ? 0 : 1);
  return rows.address(endpoint) === address ? endpoint : undefined;
}
