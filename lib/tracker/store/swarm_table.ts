/**
 * The swarms of a tracker, and what it remembers of torrents without peers.
 * Invariant: a swarm is in `swarms` while it has peers, of this tracker or of
 * others.
 *
 * @module
 */
import { BoundedMap } from "../../base/bounded_map.ts";
import type { InfoHash } from "../../base/identifier.ts";
import type { PeerRows } from "./peer_rows.ts";
import type { StoreTotals } from "./peer_store.ts";
import { type PastTorrent, Swarm, Torrent } from "./swarm.ts";

export interface SwarmTableOptions {
  /** Most torrents without peers; the oldest is dropped first. @default 10_000 */
  readonly maxPastCount?: number;
  /** True to keep torrents without downloads too. @default {false} */
  readonly keepsUndownloaded?: boolean;
}

export class SwarmTable {
  readonly swarms: Map<InfoHash, Swarm> = new Map();
  readonly #rows: PeerRows;
  readonly #keepsUndownloaded: boolean;
  readonly #past: BoundedMap<InfoHash, Torrent>;
  /** Downloads of all torrents, those without peers included. */
  #downloadCount = 0;

  constructor(
    rows: PeerRows,
    { maxPastCount = 10_000, keepsUndownloaded = false }: SwarmTableOptions,
  ) {
    this.#rows = rows;
    this.#keepsUndownloaded = keepsUndownloaded;
    this.#past = new BoundedMap(maxPastCount);
  }

  of(row: number): Swarm {
    return this.swarms.get(this.#rows.infoHashes[row]!)!;
  }

  /** The swarm of a peer that is about to enter, opened for the first one. */
  open(infoHash: InfoHash, nowMs: number): Swarm {
    const known = this.swarms.get(infoHash);
    if (known !== undefined) return known;
    const torrent = this.#past.peek(infoHash) ?? { infoHash };
    this.#past.delete(infoHash);
    const swarm = new Swarm(this.#rows, torrent, nowMs);
    this.swarms.set(infoHash, swarm);
    return swarm;
  }

  close(swarm: Swarm): void {
    const { infoHash, peers, downloadCount } = swarm;
    if (peers.size > 0) return;
    this.swarms.delete(infoHash);
    if (downloadCount > 0 || this.#keepsUndownloaded) {
      this.#past.set(infoHash, new Torrent(swarm));
    }
  }

  torrent(infoHash: InfoHash): Torrent | undefined {
    return this.swarms.get(infoHash) ?? this.#past.peek(infoHash);
  }

  /** Counts downloads, a negative number to take some back. */
  addDownloads(infoHash: InfoHash, count: number): void {
    const torrent = this.torrent(infoHash) ?? new Torrent({ infoHash });
    const before = torrent.downloadCount;
    torrent.downloadCount = Math.max(0, before + count);
    this.#downloadCount += torrent.downloadCount - before;
    if (!this.swarms.has(infoHash)) this.#past.set(infoHash, torrent);
  }

  /** Adds a torrent without peers that was known in an earlier run. */
  restore(torrent: PastTorrent): void {
    this.#past.set(torrent.infoHash, new Torrent(torrent));
    this.#downloadCount += torrent.downloadCount ?? 0;
  }

  *torrents(): Generator<Torrent> {
    yield* this.swarms.values();
    yield* this.#past.values();
  }

  /** Sums over all swarms. */
  totals(): StoreTotals {
    const totals = { seederCount: 0, leecherCount: 0, bytesPerSecond: 0 };
    for (const swarm of this.swarms.values()) {
      totals.seederCount += swarm.seederCount;
      totals.leecherCount += swarm.leecherCount;
      totals.bytesPerSecond += swarm.bytesPerSecond;
    }
    const activeSwarmCount = this.swarms.size;
    return { ...totals, activeSwarmCount, downloadCount: this.#downloadCount };
  }
}
