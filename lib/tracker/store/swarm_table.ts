/**
 * The swarms of a tracker, and what it remembers of torrents without peers.
 * Invariant: a swarm is in `swarms` while it has peers, of this tracker or of
 * others.
 *
 * @module
 */
import type { ScrapeEntry } from "../../announce/announce.ts";
import { BoundedMap } from "../../base/bounded_map.ts";
import type { InfoHash } from "../../base/identifier.ts";
import type { PeerRows } from "./peer_rows.ts";
import type { StoreTotals, SwarmSummary } from "./peer_store.ts";
import { NO_PART, Swarm, type SwarmPart, type Torrent } from "./swarm.ts";

/** Options of {@linkcode SwarmTable}. */
export interface SwarmTableOptions {
  /** Most torrents without peers; the oldest is dropped first. @default 10_000 */
  readonly maxPastCount?: number;
  /** True to keep torrents without downloads too. @default {false} */
  readonly keepsUndownloaded?: boolean;
}

/** All swarms and torrents. */
export class SwarmTable {
  /** Those with peers. */
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

  /** The swarm of a peer. */
  of(row: number): Swarm {
    return this.swarms.get(this.#rows.infoHashes[row]!)!;
  }

  /** The swarm of a peer that is about to enter, opened for the first one. */
  open(infoHash: InfoHash, nowMs: number): Swarm {
    const known = this.swarms.get(infoHash);
    if (known !== undefined) return known;
    const torrent = this.#past.peek(infoHash) ?? newTorrent(infoHash);
    this.#past.delete(infoHash);
    const swarm = new Swarm(this.#rows, torrent, nowMs);
    this.swarms.set(infoHash, swarm);
    return swarm;
  }

  /** Closes a swarm if it has no peers. */
  close({ infoHash, peers, downloadCount, contentLength }: Swarm): void {
    if (peers.size > 0) return;
    this.swarms.delete(infoHash);
    if (downloadCount > 0 || this.#keepsUndownloaded) {
      this.#past.set(infoHash, { infoHash, downloadCount, contentLength });
    }
  }

  /** Counts a download. */
  countDownload(swarm: Swarm): void {
    swarm.downloadCount++;
    this.#downloadCount++;
  }

  /** Knowledge of a torrent. */
  torrent(infoHash: InfoHash): Torrent | undefined {
    return this.swarms.get(infoHash) ?? this.#past.peek(infoHash);
  }

  /** Sets what is known of a torrent from elsewhere. */
  restore(
    infoHash: InfoHash,
    { downloadCount, contentLength }: Partial<Torrent>,
  ): void {
    const torrent = this.torrent(infoHash) ?? newTorrent(infoHash);
    this.#downloadCount -= torrent.downloadCount;
    torrent.downloadCount = downloadCount ?? torrent.downloadCount;
    torrent.contentLength = contentLength ?? torrent.contentLength;
    this.#downloadCount += torrent.downloadCount;
    if (!this.swarms.has(infoHash)) this.#past.set(infoHash, torrent);
  }

  /** The counts of a torrent. */
  entry(infoHash: InfoHash): ScrapeEntry | undefined {
    const torrent = this.#past.peek(infoHash);
    return this.swarms.get(infoHash)?.entry() ?? (torrent && {
      infoHash,
      complete: 0,
      incomplete: 0,
      downloaded: torrent.downloadCount,
    });
  }

  /** Every torrent, those with peers first. */
  *summaries(): Generator<SwarmSummary> {
    for (const swarm of this.swarms.values()) yield summarize(swarm, swarm);
    for (const torrent of this.#past.values()) yield summarize(torrent);
  }

  /** Sums over all swarms. */
  totals(): StoreTotals {
    const totals = { ...NO_PART };
    for (const swarm of this.swarms.values()) {
      totals.seederCount += swarm.seederCount;
      totals.leecherCount += swarm.leecherCount;
      totals.bytesPerSecond += swarm.bytesPerSecond;
    }
    const activeSwarmCount = this.swarms.size;
    return { ...totals, activeSwarmCount, downloadCount: this.#downloadCount };
  }
}

function newTorrent(infoHash: InfoHash): Torrent {
  return { infoHash, downloadCount: 0, contentLength: 0 };
}

function summarize(
  { infoHash, downloadCount, contentLength }: Torrent,
  part: SwarmPart = NO_PART,
): SwarmSummary {
  return {
    infoHash,
    complete: part.seederCount,
    incomplete: part.leecherCount,
    downloaded: downloadCount,
    contentLength: contentLength === 0 ? undefined : contentLength,
    bytesPerSecond: part.bytesPerSecond,
  };
}
