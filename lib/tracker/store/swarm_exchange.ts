/**
 * The exchange of swarms between trackers through Redis, in rounds of a second:
 * each tracker writes what changed, and in turn the rest so that it does not
 * expire, and reads what the others wrote. No announce waits for it.
 *
 * Every key begins with `lanswarm:2:`, where 2 is the version of this layout:
 *
 * | Key                     | Holds                                                   |
 * | ----------------------- | ------------------------------------------------------- |
 * | `trackers`              | a sorted set of trackers by the time of the last round  |
 * | `swarms:TRACKER`        | a hash of its reports by info hash                      |
 * | `rounds:TRACKER`        | a sorted set of info hashes by round of the last report |
 * | `downloads`             | a sorted set of info hashes by downloads                |
 * | `completed:HASH:PEERID` | the announce by which this download was counted         |
 *
 * @module
 */
import {
  type InfoHash,
  infoHashFromHex,
  type PeerId,
} from "../../base/identifier.ts";
import { ROUND_INTERVAL_MS } from "./backed_store.ts";
import type { MemoryStore } from "./memory_store.ts";
import type { RedisConnection } from "./redis_connection.ts";
import {
  decodeReport,
  encodeReport,
  mergeReport,
  reportOf,
} from "./swarm_report.ts";

/** Most torrents whose downloads are kept; those with the fewest are dropped first. */
export const MAX_COUNTED_TORRENTS = 100_000;
const PREFIX = "lanswarm:2:";
const TRACKERS = `${PREFIX}trackers`;
const DOWNLOADS = `${PREFIX}downloads`;
/** Shortest time until what a tracker wrote expires. */
const MIN_EXPIRY_MS = 10_000;
/** Time from the last round of any tracker until the counts of downloads expire: 30 days. */
const DOWNLOADS_EXPIRY_MS = 30 * 86_400_000;
/** Time in which a download announced to a second tracker is not counted again. */
const COMPLETED_EXPIRY_MS = 3_600_000;
/** Longest time in which each swarm is reported anew. */
const MAX_REFRESH_MS = 15_000;
/** Most changed swarms of one round. */
const MAX_CHANGES_PER_ROUND = 500;
/** Swarms of one request: 2,000 named peers at most, some milliseconds' work. */
const BATCH_SIZE = 10;
/** Most downloads that wait to be counted while Redis is gone. */
const MAX_UNCOUNTED = 100_000;

type Redis = Pick<RedisConnection, "ask">;

interface Download {
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  /** Differs for every announce of every tracker. */
  readonly announce: string;
}

export class SwarmExchange {
  readonly #store: MemoryStore;
  readonly #expiryMs: number;
  readonly #refreshRounds: number;
  readonly #name = crypto.randomUUID();
  readonly #changed = new Set<InfoHash>();
  /** Swarms that are reported although nothing changed, in turns. */
  #refreshing: Iterator<InfoHash> | undefined;
  #refreshCredit = 0;
  readonly #uncounted = new Map<InfoHash, Set<Download>>();
  #uncountedCount = 0;
  #downloadNumber = 0;
  /** The last round that was read of each other tracker. */
  readonly #others = new Map<string, number>();
  #round = 0;
  /** Lead of the clock of Redis over ours. */
  #offsetMs = 0;

  constructor(store: MemoryStore, peerTimeoutMs: number) {
    this.#store = store;
    this.#expiryMs = Math.ceil(Math.max(peerTimeoutMs, MIN_EXPIRY_MS));
    const refreshMs = Math.min(peerTimeoutMs / 6, MAX_REFRESH_MS);
    this.#refreshRounds = Math.ceil(refreshMs / ROUND_INTERVAL_MS);
  }

  /** The peers of a swarm that announce to this tracker are others than before. */
  noteChange(infoHash: InfoHash): void {
    this.#changed.add(infoHash);
  }

  /** A peer completed its download, which this tracker counted. */
  noteDownload(infoHash: InfoHash, peerId: PeerId): void {
    if (this.#uncountedCount === MAX_UNCOUNTED) return;
    this.#uncountedCount++;
    const announce = `${this.#name} ${this.#downloadNumber++}`;
    const waiting = this.#uncounted.get(infoHash) ?? new Set();
    this.#uncounted.set(infoHash, waiting.add({ infoHash, peerId, announce }));
  }

  /** Begins on a Redis that may have lost everything. */
  async begin(redis: Redis): Promise<void> {
    for (const { infoHash } of this.#store.table.torrents()) {
      this.#changed.add(infoHash);
    }
    const [reply] = await redis.ask(
      ["ZRANGE", DOWNLOADS, 0, -1, "WITHSCORES"],
    );
    for (const [infoHash, count] of pairs(reply)) {
      this.#learnDownloads(infoHashFromHex(infoHash), Number(count));
    }
  }

  /** Writes what changed here, and reads what changed at the other trackers. */
  async run(redis: Redis): Promise<void> {
    const [time] = await redis.ask(["TIME"]);
    const [seconds, microseconds] = (time as string[]).map(Number);
    this.#offsetMs = seconds! * 1000 + microseconds! / 1000 - performance.now();
    await this.write(redis);
    const [names] = await redis.ask(["ZRANGE", TRACKERS, 0, -1]);
    let malformed: unknown;
    for (const name of names as string[]) {
      if (name === this.#name) continue;
      malformed = await this.#read(redis, name) ?? malformed;
    }
    for (const name of this.#others.keys()) {
      if (!(names as string[]).includes(name)) this.#others.delete(name);
    }
    // All others are read. This one is tried again until its tracker writes it anew.
    if (malformed !== undefined) {
      const cause = malformed;
      throw new Error("a swarm's report is malformed", { cause });
    }
  }

  async write(redis: Redis): Promise<void> {
    this.#round++;
    await this.#countDownloads(redis);
    const due = this.#changed.values().take(MAX_CHANGES_PER_ROUND).toArray();
    for (const batch of batches([...due, ...this.#takeRefreshed()])) {
      await this.#report(redis, batch);
    }
    const redisNowMs = performance.now() + this.#offsetMs;
    await redis.ask(
      ["ZADD", TRACKERS, redisNowMs, this.#name],
      ["ZREMRANGEBYSCORE", TRACKERS, "-inf", redisNowMs - this.#expiryMs],
      ["ZREMRANGEBYRANK", DOWNLOADS, 0, -MAX_COUNTED_TORRENTS - 1],
      ["PEXPIRE", TRACKERS, this.#expiryMs],
      ["PEXPIRE", DOWNLOADS, DOWNLOADS_EXPIRY_MS],
      ["PEXPIRE", swarmsOf(this.#name), this.#expiryMs],
      ["PEXPIRE", roundsOf(this.#name), this.#expiryMs],
    );
  }

  /** The next swarms in turn, as many as it takes to get round in time. */
  *#takeRefreshed(): Generator<InfoHash> {
    this.#refreshCredit += this.#store.table.swarms.size / this.#refreshRounds;
    for (; this.#refreshCredit >= 1; this.#refreshCredit--) {
      this.#refreshing ??= this.#store.table.swarms.keys();
      const { value, done } = this.#refreshing.next();
      if (done) this.#refreshing = undefined;
      else if (!this.#changed.has(value)) yield value;
    }
  }

  async #report(redis: Redis, infoHashes: readonly InfoHash[]): Promise<void> {
    const oldestRound = this.#round - this.#expiryMs / ROUND_INTERVAL_MS;
    const reports = ["HSET", swarmsOf(this.#name)];
    const closed = ["HDEL", swarmsOf(this.#name)];
    const rounds = ["ZADD", roundsOf(this.#name)];
    const downloads = ["ZADD", DOWNLOADS, "GT"];
    for (const infoHash of infoHashes) {
      this.#changed.delete(infoHash);
      const swarm = this.#store.table.swarms.get(infoHash);
      const report = swarm && reportOf(swarm, this.#store.rows);
      if (report === undefined || report.peers.length === 0) {
        closed.push(infoHash);
      } else reports.push(infoHash, encodeReport(report, this.#offsetMs));
      rounds.push(String(this.#round), infoHash);
      const count = this.#countedDownloads(infoHash);
      if (count > 0) downloads.push(String(count), infoHash);
    }
    try {
      await redis.ask(
        ...[reports, closed].filter(({ length }) => length > 2),
        ...[rounds, downloads].filter(({ length }) => length > 3),
        ["ZREMRANGEBYSCORE", roundsOf(this.#name), "-inf", oldestRound],
      );
    } catch (error) {
      for (const infoHash of infoHashes) this.#changed.add(infoHash);
      throw error;
    }
  }

  /**
   * Reads what another tracker reported since the last round that was read.
   * @returns The error of a report that is malformed, if one is.
   */
  async #read(redis: Redis, name: string): Promise<unknown> {
    const last = this.#others.get(name);
    const from = last === undefined ? "-inf" : `(${last}`;
    const [reply] = await redis.ask(
      ["ZRANGEBYSCORE", roundsOf(name), from, "+inf", "WITHSCORES"],
    );
    let malformed: unknown;
    let round = last ?? -Infinity;
    for (const batch of batches([...pairs(reply)])) {
      const infoHashes = batch.map(([infoHash]) => infoHashFromHex(infoHash));
      const [texts] = await redis.ask(["HMGET", swarmsOf(name), ...infoHashes]);
      for (const [index, infoHash] of infoHashes.entries()) {
        const text = (texts as (string | null)[])[index];
        round = Math.max(round, Number(batch[index]![1]));
        try {
          const report = text ? decodeReport(text, this.#offsetMs) : undefined;
          mergeReport(this.#store, infoHash, { tracker: name, report });
        } catch (error) {
          malformed = error;
        }
      }
      await this.#readDownloads(redis, infoHashes);
    }
    if (malformed === undefined) this.#others.set(name, round);
    return malformed;
  }

  /** Counts downloads that no other tracker has counted. */
  async #countDownloads(redis: Redis): Promise<void> {
    while (this.#uncountedCount > 0) {
      const batch = this.#uncounted.values().flatMap((waiting) => waiting)
        .take(BATCH_SIZE).toArray();
      const replies = await redis.ask(
        ...batch.flatMap(({ infoHash, peerId, announce }) => {
          const key = `${PREFIX}completed:${infoHash}:${peerId}`;
          const expiry = ["PX", COMPLETED_EXPIRY_MS];
          return [["SET", key, announce, "NX", ...expiry], ["GET", key]];
        }),
      );
      const counted: InfoHash[] = [];
      for (const [index, download] of batch.entries()) {
        const { infoHash, announce } = download;
        const waiting = this.#uncounted.get(infoHash)!;
        waiting.delete(download);
        if (waiting.size === 0) this.#uncounted.delete(infoHash);
        this.#uncountedCount--;
        // Not by the reply to SET, which may have been lost in the round before.
        if (replies[2 * index + 1] === announce) counted.push(infoHash);
        else this.#store.table.addDownloads(infoHash, -1);
      }
      await redis.ask(
        ...counted.map((infoHash) => ["ZINCRBY", DOWNLOADS, 1, infoHash]),
      );
      await this.#readDownloads(redis, batch.map(({ infoHash }) => infoHash));
    }
  }

  async #readDownloads(
    redis: Redis,
    infoHashes: readonly InfoHash[],
  ): Promise<void> {
    const [scores] = await redis.ask(["ZMSCORE", DOWNLOADS, ...infoHashes]);
    for (const [index, score] of (scores as (string | null)[]).entries()) {
      if (score !== null) {
        this.#learnDownloads(infoHashes[index]!, Number(score));
      }
    }
  }

  /** Downloads of a torrent but those that are not counted in Redis yet. */
  #countedDownloads(infoHash: InfoHash): number {
    const { downloadCount = 0 } = this.#store.table.torrent(infoHash) ?? {};
    return downloadCount - (this.#uncounted.get(infoHash)?.size ?? 0);
  }

  /** Takes over a count of Redis, which may have lost some that is known here. */
  #learnDownloads(infoHash: InfoHash, count: number): void {
    const more = count - this.#countedDownloads(infoHash);
    if (more > 0) this.#store.table.addDownloads(infoHash, more);
  }
}

function swarmsOf(tracker: string): string {
  return `${PREFIX}swarms:${tracker}`;
}

function roundsOf(tracker: string): string {
  return `${PREFIX}rounds:${tracker}`;
}

/** The pairs of a reply that lists names and values in turns. */
function* pairs(reply: unknown): Generator<[name: string, value: string]> {
  const texts = reply as string[];
  for (let index = 0; index < texts.length; index += 2) {
    yield [texts[index]!, texts[index + 1]!];
  }
}

function* batches<T>(items: readonly T[]): Generator<T[]> {
  for (let start = 0; start < items.length; start += BATCH_SIZE) {
    yield items.slice(start, start + BATCH_SIZE);
  }
}
