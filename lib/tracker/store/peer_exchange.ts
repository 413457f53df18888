/**
 * The exchange of peers between trackers through Redis, in rounds of a second: each
 * tracker writes its peers that changed, and in turn the rest so that they do not
 * expire, and reads what the others wrote. No announce waits for it.
 *
 * Every key begins with `lanswarm:3:`, where 3 is the version of this layout:
 *
 * | Key                     | Holds                                                  |
 * | ----------------------- | ------------------------------------------------------ |
 * | `peers`                 | a stream of reports, each peer in it at least once     |
 * | `downloads`             | a sorted set of info hashes by downloads               |
 * | `completed:HASH:PEERID` | that this download was counted                         |
 *
 * @module
 */
import { BoundedMap } from "../../base/bounded_map.ts";
import {
  type InfoHash,
  infoHashFromHex,
  type PeerId,
} from "../../base/identifier.ts";
import { ROUND_INTERVAL_MS } from "./backed_store.ts";
import type { MemoryStore } from "./memory_store.ts";
import {
  mergeReport,
  type PeerName,
  readReports,
  reportOf,
} from "./peer_report.ts";
import type { RedisConnection } from "./redis_connection.ts";

/** Most torrents whose downloads are kept; those with the fewest are dropped first. */
export const MAX_COUNTED_TORRENTS = 100_000;
const PREFIX = "lanswarm:3:";
const PEERS = `${PREFIX}peers`;
const DOWNLOADS = `${PREFIX}downloads`;
/** Shortest time until what a tracker wrote expires. */
const MIN_EXPIRY_MS = 10_000;
/** Time from the last round of any tracker until the counts of downloads expire: 30 days. */
const DOWNLOADS_EXPIRY_MS = 30 * 86_400_000;
/** Time in which a download announced to a second tracker is not counted again. */
const COMPLETED_EXPIRY_MS = 3_600_000;
/** Times that each peer is reported within the timeout. */
const REPORTS_PER_TIMEOUT = 6;
/** Most changed peers of a round, and the least number of peers that it reports when Redis is back. */
const MAX_CHANGES_PER_ROUND = 5_000;
/** Peers in one message, and messages in one reply: some milliseconds' work. */
const BATCH_SIZE = 250;
const MESSAGES_PER_REPLY = 4;
/** Most changes, and most downloads of a torrent, that wait while Redis is gone. */
const MAX_WAITING = 100_000;

/** Counts a download once, however often it is sent, on top of what a tracker knows. */
const COUNT_DOWNLOAD = `
local downloads, completed, hash, known, expiry = KEYS[1], KEYS[2], unpack(ARGV)
redis.call('ZADD', downloads, 'GT', known, hash)
if redis.call('SET', completed, 1, 'NX', 'PX', expiry) then
  redis.call('ZINCRBY', downloads, 1, hash)
end
return redis.call('ZSCORE', downloads, hash)`;

type Redis = Pick<RedisConnection, "ask">;

/** Messages of a stream: the id, and the tracker and its reports. */
type Messages = [id: string, fields: [string, string]][];

export class PeerExchange {
  readonly #store: MemoryStore;
  readonly #expiryMs: number;
  readonly #reportRounds: number;
  readonly #name = crypto.randomUUID();
  readonly #changed = new BoundedMap<string, PeerName>(MAX_WAITING);
  /** Number of rows to report in turn although nothing changed, and the next row. */
  #dueCount = 0;
  #nextRow = 0;
  readonly #uncounted = new Map<InfoHash, Set<PeerId>>();
  /** The last message that was read. */
  #lastId = "0";
  /** Lead of the clock of Redis over ours. */
  #offsetMs = 0;

  constructor(store: MemoryStore, peerTimeoutMs: number) {
    this.#store = store;
    this.#expiryMs = Math.ceil(Math.max(peerTimeoutMs, MIN_EXPIRY_MS));
    const reportMs = peerTimeoutMs / REPORTS_PER_TIMEOUT;
    this.#reportRounds = Math.ceil(reportMs / ROUND_INTERVAL_MS);
  }

  /** A peer came, left, moved, or became a seeder or leecher. */
  noteChange(infoHash: InfoHash, peerId: PeerId): void {
    this.#changed.set(infoHash + peerId, { infoHash, peerId });
  }

  /** A peer completed its download, which this tracker counted. */
  noteDownload(infoHash: InfoHash, peerId: PeerId): void {
    const waiting = this.#uncounted.get(infoHash) ?? new Set();
    if (waiting.size >= MAX_WAITING) return;
    this.#uncounted.set(infoHash, waiting.add(peerId));
  }

  /** Begins on a Redis that may have lost everything. */
  async begin(redis: Redis): Promise<void> {
    this.#dueCount = Infinity;
    const counts = [...this.#store.table.torrents()]
      .map(({ infoHash }) => [this.#countedDownloads(infoHash), infoHash])
      .filter(([count]) => count !== 0);
    for (const batch of batches(counts)) {
      await redis.ask(["ZADD", DOWNLOADS, "GT", ...batch.flat()]);
    }
    const [reply] = await redis.ask(["ZRANGE", DOWNLOADS, 0, -1, "WITHSCORES"]);
    const texts = reply as string[];
    for (let index = 0; index < texts.length; index += 2) {
      const infoHash = infoHashFromHex(texts[index]!);
      this.#learnDownloads(infoHash, Number(texts[index + 1]));
    }
  }

  /** Writes what changed here, and reads what changed at the other trackers. */
  async run(redis: Redis): Promise<void> {
    const [time] = await redis.ask(["TIME"]);
    const [seconds, microseconds] = (time as string[]).map(Number);
    const redisNowMs = seconds! * 1000 + microseconds! / 1000;
    this.#offsetMs = redisNowMs - performance.now();
    // Another Redis, whose clock is behind.
    if (parseInt(this.#lastId) > redisNowMs) this.#lastId = "0";
    await this.write(redis);
    await this.#read(redis);
  }

  async write(redis: Redis): Promise<void> {
    await this.#countDownloads(redis);
    for (const due of batches(this.#takeDue())) {
      const nowMs = performance.now();
      const reports = due.map((name) => {
        const downloadCount = this.#countedDownloads(name.infoHash);
        return reportOf(this.#store, { ...name, downloadCount }, { nowMs });
      }).filter((report) => report !== undefined);
      if (reports.length === 0) continue;
      const text = JSON.stringify(reports);
      try {
        await redis.ask(["XADD", PEERS, "*", this.#name, text]);
      } catch (error) {
        for (const name of due) this.noteChange(name.infoHash, name.peerId);
        throw error;
      }
    }
    // Each peer stays in the stream until it is in it anew.
    const keptMs = 2 * this.#reportRounds * ROUND_INTERVAL_MS + MIN_EXPIRY_MS;
    const redisNowMs = performance.now() + this.#offsetMs;
    await redis.ask(
      ["XTRIM", PEERS, "MINID", Math.floor(redisNowMs - keptMs)],
      ["ZREMRANGEBYRANK", DOWNLOADS, 0, -MAX_COUNTED_TORRENTS - 1],
      ["PEXPIRE", PEERS, this.#expiryMs],
      ["PEXPIRE", DOWNLOADS, DOWNLOADS_EXPIRY_MS],
    );
  }

  /** The peers that changed, and the next ones in turn, as many as it takes to get round in time. */
  *#takeDue(): Generator<PeerName> {
    let count = MAX_CHANGES_PER_ROUND;
    for (const name of this.#changed.values()) {
      if (--count < 0) break;
      this.#changed.delete(name.infoHash + name.peerId);
      yield name;
    }
    const { ids, infoHashes } = this.#store.rows;
    const inTurn = ids.length / this.#reportRounds;
    this.#dueCount = Math.min(this.#dueCount + inTurn, ids.length);
    const most = Math.max(MAX_CHANGES_PER_ROUND, 2 * inTurn);
    count = Math.min(this.#dueCount, most);
    for (; count >= 1; count--) {
      this.#dueCount--;
      const row = this.#nextRow++ % ids.length;
      const [infoHash, peerId] = [infoHashes[row], ids[row]];
      if (infoHash && peerId) yield { infoHash, peerId };
    }
  }

  /** Reads the messages that came since the last one. @throws {Error} If one is malformed, once all others are merged. */
  async #read(redis: Redis): Promise<void> {
    let malformed: unknown;
    for (;;) {
      const [reply] = await redis.ask(
        ["XREAD", "COUNT", MESSAGES_PER_REPLY, "STREAMS", PEERS, this.#lastId],
      );
      const [[, messages]] = (reply ?? [[PEERS, []]]) as [[string, Messages]];
      for (const [id, [tracker, text]] of messages) {
        this.#lastId = id;
        if (tracker === this.#name) continue;
        try {
          const writtenAtMs = parseInt(id) - this.#offsetMs;
          for (const report of readReports(text)) {
            mergeReport(this.#store, report, { tracker, writtenAtMs });
            this.#learnDownloads(report.infoHash, report.downloadCount);
          }
        } catch (error) {
          malformed = error;
        }
      }
      if (messages.length < MESSAGES_PER_REPLY) break;
    }
    if (malformed === undefined) return;
    throw new Error("a tracker's report is malformed", { cause: malformed });
  }

  /** Counts downloads that no other tracker has counted. */
  async #countDownloads(redis: Redis): Promise<void> {
    for (const [infoHash, waiting] of this.#uncounted) {
      for (const peerIds of batches([...waiting])) {
        const known = this.#countedDownloads(infoHash);
        const counts = await redis.ask(...peerIds.map((peerId) => [
          ...["EVAL", COUNT_DOWNLOAD, 2, DOWNLOADS],
          `${PREFIX}completed:${infoHash}:${peerId}`,
          ...[infoHash, known, COMPLETED_EXPIRY_MS],
        ]));
        for (const peerId of peerIds) waiting.delete(peerId);
        // All of them were counted when they were announced.
        this.#store.table.addDownloads(infoHash, -peerIds.length);
        this.#learnDownloads(infoHash, Number(counts.at(-1)));
      }
      if (waiting.size === 0) this.#uncounted.delete(infoHash);
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

function* batches<T>(items: Iterable<T>): Generator<T[]> {
  let batch: T[] = [];
  for (const item of items) {
    if (batch.push(item) < BATCH_SIZE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
