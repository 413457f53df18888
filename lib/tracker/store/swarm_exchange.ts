/**
 * The exchange of swarms between trackers through Redis. Each tracker writes what
 * changed about once a second and reads what the others wrote; nothing of it is
 * asked for by an announce. What is in Redis expires with the peer timeout, but
 * counts of downloads, which stay for 30 days after the last one.
 *
 * Every key begins with `lanswarm:2:`, where 2 is the version of this layout:
 *
 * | Key                     | Holds                                                   |
 * | ----------------------- | ------------------------------------------------------- |
 * | `trackers`              | a hash of each tracker's last round                     |
 * | `swarms:TRACKER`        | a hash of its reports by info hash                      |
 * | `rounds:TRACKER`        | a sorted set of info hashes by round of the last report |
 * | `downloads`             | a sorted set of info hashes by downloads                |
 * | `completed:HASH:PEERID` | that this peer's download was counted                   |
 *
 * @module
 */
import {
  type InfoHash,
  infoHashFromHex,
  type PeerId,
} from "../../base/identifier.ts";
import type { PeerTable } from "./peer_table.ts";
import {
  decodeReport,
  encodeReport,
  mergeReport,
  reportOf,
} from "./swarm_report.ts";

/** Time between two rounds. */
export const ROUND_INTERVAL_MS = 1_000;

/** Begins every key. */
export const KEY_PREFIX = "lanswarm:2:";

const TRACKERS = `${KEY_PREFIX}trackers`;
const DOWNLOADS = `${KEY_PREFIX}downloads`;

/** Shortest time until what a tracker wrote expires. */
const MIN_EXPIRY_MS = 10_000;

/** How long counts of downloads are kept after the last one: 30 days. */
const DOWNLOADS_EXPIRY_MS = 30 * 86_400_000;

/** How long a download is not counted again if its peer repeats it to another tracker. */
const COMPLETED_EXPIRY_MS = 3_600_000;

/** Torrents whose downloads are kept; those with the fewest are dropped first. */
export const MAX_COUNTED_TORRENTS = 100_000;

/** Longest time until announces that change no count are reported. */
const MAX_REFRESH_MS = 15_000;

/** Most swarms that are reported in one round. */
const MAX_REPORTS_PER_ROUND = 500;

/** Swarms of one request: 2,000 named peers at most, which is some milliseconds' work. */
const BATCH_SIZE = 10;

/** Most downloads that wait to be counted while Redis is gone. */
const MAX_UNCOUNTED = 100_000;

/** Runs commands in their order. @throws {Error} If Redis is gone or refuses one of them. */
export type Ask = (commands: readonly string[][]) => Promise<unknown[]>;

interface Download {
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
}

/** How a {@linkcode SwarmExchange} is set up. */
export interface SwarmExchangeOptions {
  /** Tells this tracker from the others. */
  readonly name: string;
  readonly peerTimeoutMs: number;
}

/** The exchange of one tracker. */
export class SwarmExchange {
  readonly #table: PeerTable;
  readonly #name: string;
  readonly #peerTimeoutMs: number;
  readonly #expiryMs: number;
  /** Rounds from one to the next in which ages and progress are reported. */
  readonly #refreshRounds: number;
  /** Swarms that changed since they were reported. */
  readonly #changed = new Set<InfoHash>();
  /** Swarms with announces that changed no count. */
  readonly #announced = new Set<InfoHash>();
  /** Swarms that the others have a report of. */
  readonly #reported = new Set<InfoHash>();
  readonly #uncounted: Download[] = [];
  /** The other trackers: the last round that was read of each, and when. */
  readonly #others = new Map<string, { round: string; atMs: number }>();
  #round = 0;
  #peerCount = 0;
  /** How far the clock of Redis is ahead of ours. */
  #offsetMs = 0;

  constructor(
    table: PeerTable,
    { name, peerTimeoutMs }: SwarmExchangeOptions,
  ) {
    this.#table = table;
    this.#name = name;
    this.#peerTimeoutMs = peerTimeoutMs;
    this.#expiryMs = Math.max(peerTimeoutMs, MIN_EXPIRY_MS);
    this.#refreshRounds = Math.ceil(
      Math.min(peerTimeoutMs / 6, MAX_REFRESH_MS) / ROUND_INTERVAL_MS,
    );
  }

  /** Peers of all trackers, after the last round. */
  get peerCount(): number {
    return this.#peerCount;
  }

  /** A peer announced: its age is to be reported before the others forget it. */
  noteAnnounce(infoHash: InfoHash): void {
    this.#announced.add(infoHash);
  }

  /** The peers of a swarm that announce to this tracker are others than before. */
  noteChange(infoHash: InfoHash): void {
    this.#changed.add(infoHash);
  }

  /** A peer completed its download, which is counted already. */
  noteDownload(infoHash: InfoHash, peerId: PeerId): void {
    if (this.#uncounted.length === MAX_UNCOUNTED) return;
    this.#uncounted.push({ infoHash, peerId });
  }

  /** Forgets trackers that are silent, but for the peers that they named. */
  expire(nowMs: number): string[] {
    const silent = this.#others.entries()
      .filter(([, { atMs }]) => nowMs - atMs > this.#peerTimeoutMs)
      .map(([name]) => name).toArray();
    for (const name of silent) {
      this.#others.delete(name);
      for (const swarm of this.#table.swarms.values()) {
        swarm.setUnnamed(name, undefined);
      }
    }
    return silent;
  }

  /** Writes what changed here, and reads what changed at the other trackers. */
  async run(ask: Ask): Promise<void> {
    const [time, trackers, hasReports, hasDownloads] = await ask([
      ["TIME"],
      ["HGETALL", TRACKERS],
      ["EXISTS", this.#reportsKey(this.#name)],
      ["EXISTS", DOWNLOADS],
    ]);
    const [seconds, microseconds] = (time as string[]).map(Number);
    this.#offsetMs = seconds! * 1000 + microseconds! / 1000 - performance.now();
    if (this.#round === 0) await this.#loadDownloads(ask);
    else if (hasDownloads === 0) await this.#restoreDownloads(ask);
    if (hasReports === 0) {
      for (const infoHash of this.#reported) this.#changed.add(infoHash);
    }
    await this.write(ask);
    const rounds = trackers as string[];
    for (let index = 0; index < rounds.length; index += 2) {
      const name = rounds[index]!;
      const round = rounds[index + 1]!;
      const isNews = this.#others.get(name)?.round !== round;
      if (name !== this.#name && isNews) await this.#read(ask, name, round);
    }
    for (const name of this.expire(performance.now())) {
      await ask([["HDEL", TRACKERS, name]]);
    }
    this.#peerCount = this.#table.swarms.values().reduce(
      (sum, { seederCount, leecherCount }) => sum + seederCount + leecherCount,
      0,
    );
  }

  /** Writes what changed here. */
  async write(ask: Ask): Promise<void> {
    this.#round++;
    await this.#countDownloads(ask);
    if (this.#round % this.#refreshRounds === 0) {
      for (const infoHash of this.#announced) this.#changed.add(infoHash);
      this.#announced.clear();
    }
    const due = this.#changed.values().take(MAX_REPORTS_PER_ROUND).toArray();
    for (const batch of batches(due)) await this.#report(ask, batch);
    await ask([
      ["HSET", TRACKERS, this.#name, String(this.#round)],
      expiry(TRACKERS, this.#expiryMs),
      expiry(DOWNLOADS, DOWNLOADS_EXPIRY_MS),
      ["ZREMRANGEBYRANK", DOWNLOADS, "0", String(-MAX_COUNTED_TORRENTS - 1)],
      expiry(this.#reportsKey(this.#name), this.#expiryMs),
      expiry(this.#roundsKey(this.#name), this.#expiryMs),
    ]);
  }

  async #report(ask: Ask, infoHashes: readonly InfoHash[]): Promise<void> {
    const reports = ["HSET", this.#reportsKey(this.#name)];
    const closed = ["HDEL", this.#reportsKey(this.#name)];
    const rounds = ["ZADD", this.#roundsKey(this.#name)];
    for (const infoHash of infoHashes) {
      this.#changed.delete(infoHash);
      const swarm = this.#table.swarms.get(infoHash);
      const report = swarm && reportOf(swarm);
      rounds.push(String(this.#round), infoHash);
      if (report !== undefined && report.peers.length > 0) {
        reports.push(infoHash, encodeReport(report, this.#offsetMs));
        this.#reported.add(infoHash);
      } else {
        closed.push(infoHash);
        this.#reported.delete(infoHash);
      }
    }
    const commands = [reports, closed, rounds, [
      ...["ZREMRANGEBYSCORE", this.#roundsKey(this.#name), "-inf"],
      String(this.#round - this.#expiryMs / ROUND_INTERVAL_MS),
    ]];
    try {
      await ask(commands.filter(({ length }) => length > 2));
    } catch (error) {
      for (const infoHash of infoHashes) this.#changed.add(infoHash);
      throw error;
    }
  }

  /** Reads what another tracker reported since the last round that was read. */
  async #read(ask: Ask, name: string, round: string): Promise<void> {
    const known = this.#others.get(name);
    const [changed] = await ask([[
      ...["ZRANGEBYSCORE", this.#roundsKey(name)],
      ...[known === undefined ? "-inf" : `(${known.round}`, "+inf"],
    ]]);
    let malformed: unknown;
    for (const batch of batches(changed as InfoHash[])) {
      const [texts] = await ask([["HMGET", this.#reportsKey(name), ...batch]]);
      for (const [index, infoHash] of batch.entries()) {
        const text = (texts as (string | null)[])[index];
        try {
          const report = text ? decodeReport(text, this.#offsetMs) : undefined;
          const hash = infoHashFromHex(infoHash);
          mergeReport(this.#table, hash, { tracker: name, report });
        } catch (error) {
          malformed = error;
        }
      }
      await this.#readDownloads(ask, batch);
    }
    // All that can be read is, and it is tried again until its tracker writes it anew.
    if (malformed !== undefined) {
      const cause = malformed;
      throw new Error("a swarm's report is malformed", { cause });
    }
    this.#others.set(name, { round, atMs: performance.now() });
  }

  /** Counts downloads that no tracker has counted. */
  async #countDownloads(ask: Ask): Promise<void> {
    while (this.#uncounted.length > 0) {
      const batch = this.#uncounted.splice(0, BATCH_SIZE);
      try {
        const replies = await ask(batch.map(({ infoHash, peerId }) => [
          ...["SET", `${KEY_PREFIX}completed:${infoHash}:${peerId}`, ""],
          ...["NX", "PX", String(COMPLETED_EXPIRY_MS)],
        ]));
        const counted = batch.filter((_, index) => replies[index] === "OK");
        await ask(counted.map(({ infoHash }) => [
          ...["ZINCRBY", DOWNLOADS, "1", infoHash],
        ]));
      } catch (error) {
        this.#uncounted.unshift(...batch);
        throw error;
      }
      await this.#readDownloads(ask, batch.map(({ infoHash }) => infoHash));
    }
  }

  async #readDownloads(
    ask: Ask,
    infoHashes: readonly InfoHash[],
  ): Promise<void> {
    const [scores] = await ask([["ZMSCORE", DOWNLOADS, ...infoHashes]]);
    for (const [index, score] of (scores as (string | null)[]).entries()) {
      if (score !== null) this.#setDownloads(infoHashes[index]!, Number(score));
    }
  }

  async #loadDownloads(ask: Ask): Promise<void> {
    const [reply] = await ask([["ZRANGE", DOWNLOADS, "0", "-1", "WITHSCORES"]]);
    const texts = reply as string[];
    for (let index = 0; index < texts.length; index += 2) {
      this.#setDownloads(
        infoHashFromHex(texts[index]!),
        Number(texts[index + 1]),
      );
    }
  }

  /** Writes the counts that this tracker knows to a Redis that lost them. */
  async #restoreDownloads(ask: Ask): Promise<void> {
    const counts = this.#table.swarms.summaries()
      .map(({ infoHash, downloaded }) =>
        [infoHash, downloaded - this.#uncountedOf(infoHash)] as const
      ).filter(([, count]) => count > 0).toArray();
    for (const batch of batches(counts)) {
      await ask([[
        // Another tracker may have counted more already.
        ...["ZADD", DOWNLOADS, "GT"],
        ...batch.flatMap(([infoHash, count]) => [String(count), infoHash]),
      ]]);
    }
  }

  /** @param counted What Redis counted, to which comes what is not counted yet. */
  #setDownloads(infoHash: InfoHash, counted: number): void {
    const downloadCount = counted + this.#uncountedOf(infoHash);
    this.#table.swarms.restore(infoHash, { downloadCount });
  }

  #uncountedOf(infoHash: InfoHash): number {
    return this.#uncounted.filter((download) => download.infoHash === infoHash)
      .length;
  }

  #reportsKey(name: string): string {
    return `${KEY_PREFIX}swarms:${name}`;
  }

  #roundsKey(name: string): string {
    return `${KEY_PREFIX}rounds:${name}`;
  }
}

function expiry(key: string, expiryMs: number): string[] {
  return ["PEXPIRE", key, String(Math.ceil(expiryMs))];
}

function* batches<T>(items: readonly T[]): Generator<T[]> {
  for (let start = 0; start < items.length; start += BATCH_SIZE) {
    yield items.slice(start, start + BATCH_SIZE);
  }
}
