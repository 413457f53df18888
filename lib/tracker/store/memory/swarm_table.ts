/**
 * The swarms of a tracker by info hash and by the number that their peers'
 * records call them. A swarm is in it while it has peers; of those that had some
 * the counts are kept for a while.
 *
 * @module
 */
import type { InfoHash } from "../../../base/identifier.ts";
import type { ScrapeEntry } from "../../../announce/announce.ts";
import type { SwarmSummary } from "../peer_store.ts";
import { LeafTable } from "./leaf_table.ts";
import type { PeerRecords } from "./peer_records.ts";
import { type Leaves, type PastSwarm, Swarm } from "./swarm.ts";

/** How many swarms without peers are remembered; the oldest is dropped first. */
const MAX_PAST_COUNT = 10_000;

const NO_PAST: PastSwarm = { downloadCount: 0, contentLength: 0 };

/** All swarms. */
export class SwarmTable {
  readonly #peers: PeerRecords;
  readonly #leaves: Leaves = {
    ipv4: new LeafTable("ipv4"),
    ipv6: new LeafTable("ipv6"),
    none: new LeafTable("none"),
  };
  readonly #swarms = new Map<InfoHash, Swarm>();
  readonly #past = new Map<InfoHash, PastSwarm>();
  /** By number; 0 is no swarm. */
  readonly #byNumber: (Swarm | undefined)[] = [undefined];
  readonly #freeNumbers: number[] = [];
  #downloadCount = 0;

  constructor(peers: PeerRecords) {
    this.#peers = peers;
  }

  /** How many have peers. */
  get size(): number {
    return this.#swarms.size;
  }

  /** Downloads that were completed in all swarms, past ones included. */
  get downloadCount(): number {
    return this.#downloadCount;
  }

  get(infoHash: InfoHash): Swarm | undefined {
    return this.#swarms.get(infoHash);
  }

  /** The swarm that a peer's record names. */
  byNumber(number: number): Swarm {
    return this.#byNumber[number]!;
  }

  /** Every swarm with peers. */
  values(): MapIterator<Swarm> {
    return this.#swarms.values();
  }

  /** Opens a swarm for its first peer, with what is known of its past. */
  open(infoHash: InfoHash, nowMs: number): Swarm {
    const number = this.#freeNumbers.pop() ?? this.#byNumber.length;
    const swarm = new Swarm(infoHash, {
      ...this.#past.get(infoHash) ?? NO_PAST,
      number,
      openedAtMs: nowMs,
      peers: this.#peers,
      leaves: this.#leaves,
    });
    this.#past.delete(infoHash);
    this.#swarms.set(infoHash, swarm);
    this.#byNumber[number] = swarm;
    return swarm;
  }

  /** Closes a swarm whose last peer has gone. */
  close(swarm: Swarm): void {
    this.#swarms.delete(swarm.infoHash);
    this.#byNumber[swarm.number] = undefined;
    this.#freeNumbers.push(swarm.number);
    const { downloadCount, contentLength } = swarm;
    if (downloadCount > 0) {
      this.#remember(swarm.infoHash, { downloadCount, contentLength });
    }
  }

  /** Counts one download more. */
  countDownload(swarm: Swarm): void {
    swarm.downloadCount++;
    this.#downloadCount++;
  }

  /** Adds downloads that were completed before this table began. */
  restore(infoHash: InfoHash, downloadCount: number): void {
    this.#downloadCount += downloadCount;
    const swarm = this.#swarms.get(infoHash);
    if (swarm !== undefined) {
      swarm.downloadCount += downloadCount;
      return;
    }
    const past = this.#past.get(infoHash) ?? NO_PAST;
    this.#remember(infoHash, {
      ...past,
      downloadCount: past.downloadCount + downloadCount,
    });
  }

  /** The counts of a swarm; `undefined` if it is unknown. */
  counts(infoHash: InfoHash): ScrapeEntry | undefined {
    const swarm = this.#swarms.get(infoHash);
    if (swarm !== undefined) return swarm.counts();
    const past = this.#past.get(infoHash);
    return past && emptySwarm(infoHash, past);
  }

  /** Those with peers first. */
  *summaries(): Generator<SwarmSummary> {
    for (const swarm of this.#swarms.values()) yield swarm.summary();
    for (const [infoHash, past] of this.#past) {
      const { contentLength } = past;
      yield {
        ...emptySwarm(infoHash, past),
        contentLength: contentLength === 0 ? undefined : contentLength,
        bytesPerSecond: 0,
      };
    }
  }

  /** Keeps the counts of a swarm without peers. */
  #remember(infoHash: InfoHash, past: PastSwarm): void {
    this.#past.delete(infoHash);
    this.#past.set(infoHash, past);
    if (this.#past.size <= MAX_PAST_COUNT) return;
    const [oldest] = this.#past.keys();
    this.#past.delete(oldest!);
  }
}

/** The counts of a swarm without peers. */
export function emptySwarm(
  infoHash: InfoHash,
  { downloadCount }: PastSwarm = NO_PAST,
): ScrapeEntry {
  return { infoHash, complete: 0, incomplete: 0, downloaded: downloadCount };
}
