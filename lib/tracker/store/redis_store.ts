/**
 * A tracker's peers, shared with other trackers through Redis. Every answer comes
 * from this tracker's memory: its own peers, and what Redis last said of the
 * others. Each announce goes to Redis in the background; while Redis is gone
 * answers carry a warning, and Redis gets what it missed when it is back.
 *
 * @module
 */
import type { InfoHash } from "../../base/identifier.ts";
import type { ScrapeEntry } from "../../announce/announce.ts";
import type { MemoryStoreOptions } from "./memory_store.ts";
import type {
  AnnounceOutcome,
  PeerAnnounce,
  PeerDetails,
  PeerStore,
  StoreTotals,
  SwarmChange,
  SwarmSummary,
} from "./peer_store.ts";
import type { AnnounceAnswer } from "./announce_batch.ts";
import { AnnounceQueue } from "./announce_queue.ts";
import { TIDY_COUNT } from "./listing_scripts.ts";
import { type AcceptedHearing, LoneTracker } from "./lone_tracker.ts";
import type { RedisConnection } from "./redis_connection.ts";
import { isRefusal, redisFailure } from "./redis_failure.ts";
import { KEY_PREFIX } from "./redis_layout.ts";
import { RedisLink } from "./redis_link.ts";
import { FEW_SWARMS, RedisSwarms } from "./redis_swarms.ts";
import type { RedisAddress } from "./store_address.ts";
import type { StoreListener } from "./store_event.ts";
import { writeEverything, writeUnheard } from "./write_back.ts";

/** How long Redis keeps a torrent's counts after its last announce, in milliseconds: 30 days. */
const KEEP_COUNTS_MS = 30 * 86_400_000;

/** How often torrents of long ago are looked for, in milliseconds. */
const TIDY_INTERVAL_MS = 60_000;

/** A fault that is no failure of Redis is told of so often at most, in milliseconds. */
const FAULT_INTERVAL_MS = 60_000;

/** How a {@linkcode RedisStore} is set up. */
export interface RedisStoreOptions extends MemoryStoreOptions {
  /** Hears when Redis fails and when it is back. */
  readonly onEvent?: StoreListener;
  /** Silence after which Redis counts as gone, in milliseconds. @default 1_000 */
  readonly maxSilenceMs?: number;
}

/**
 * A {@linkcode PeerStore} that several trackers share. Its clock is
 * `performance.now()`.
 */
export class RedisStore implements PeerStore {
  readonly #address: RedisAddress;
  readonly #onEvent: StoreListener;
  readonly #alone: LoneTracker;
  readonly #commonArguments: readonly string[];
  readonly #queue: AnnounceQueue;
  readonly #swarms: RedisSwarms;
  readonly #link: RedisLink;
  /** Of the Redis that heard everything; undefined if none did yet. */
  #runId: string | undefined;
  #tidiedAtMs = -Infinity;
  #faultAtMs = -Infinity;

  private constructor(address: RedisAddress, options: RedisStoreOptions) {
    const { onEvent = () => {}, maxSilenceMs = 1_000, ...rest } = options;
    this.#address = address;
    this.#onEvent = onEvent;
    this.#alone = new LoneTracker(rest);
    this.#commonArguments = [
      String(options.peerTimeoutMs),
      String(KEEP_COUNTS_MS),
    ];
    this.#queue = new AnnounceQueue({
      commonArguments: this.#commonArguments,
      trackerName: crypto.randomUUID(),
      countPeers: () => this.#alone.peerCount,
      random: options.random,
    });
    this.#swarms = new RedisSwarms(this.#commonArguments);
    this.#link = new RedisLink(address, {
      writeBack: (connection) => this.#writeBack(connection),
      maxSilenceMs,
      onEvent,
    });
  }

  /**
   * Opens a store in the Redis at an address. If that cannot be reached now the
   * store begins without it.
   * @throws {StoreError} If it can be reached and is of no use.
   */
  static async open(
    address: RedisAddress,
    options: RedisStoreOptions,
  ): Promise<RedisStore> {
    const store = new RedisStore(address, options);
    await store.#link.start();
    return store;
  }

  announce(announce: PeerAnnounce, nowMs: number): AnnounceOutcome {
    const { connection } = this.#link;
    const hearing = this.#alone.hear(announce, nowMs, announce.numwant);
    this.#alone.tell(hearing.changes);
    const { outcome } = hearing;
    if (outcome.type === "refused") return outcome;
    const accepted = { ...hearing, outcome };
    const answer = this.#alone.answer(accepted, {
      isAlone: connection === undefined,
      peerCount: this.#queue.peerCount,
    });
    if (connection === undefined) this.#alone.unheard.add(announce, nowMs);
    else this.#forward(connection, accepted);
    return answer;
  }

  scrape(infoHashes: readonly InfoHash[]): ScrapeEntry[] {
    this.#read((connection) => this.#swarms.named(connection, infoHashes));
    return this.#alone.scrape(infoHashes);
  }

  swarms(): Iterable<SwarmSummary> {
    this.#read((connection) => this.#swarms.all(connection));
    return this.#alone.swarms();
  }

  totals(): StoreTotals {
    this.#read((connection) => this.#swarms.all(connection));
    return this.#alone.totals();
  }

  peers(infoHash: InfoHash, limit: number): PeerDetails[] {
    return this.#alone.peers.peers(infoHash, limit);
  }

  expire(nowMs: number): boolean {
    const hasMore = this.#alone.peers.expire(nowMs);
    const { connection } = this.#link;
    if (
      connection !== undefined && nowMs - this.#tidiedAtMs >= TIDY_INTERVAL_MS
    ) {
      this.#tidiedAtMs = nowMs;
      this.#tidy(connection);
    }
    return hasMore;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link[Symbol.asyncDispose]();
    await this.#alone.peers[Symbol.asyncDispose]();
  }

  /** Sends an announce to Redis, and keeps what Redis says of its swarm. */
  async #forward(
    connection: RedisConnection,
    hearing: AcceptedHearing,
  ): Promise<void> {
    const { announce, changes, nowMs } = hearing;
    this.#forwardEvictions(connection, changes);
    let answer: AnnounceAnswer;
    try {
      const outgoing = { announce, ageMs: 0, isTrusted: false };
      answer = await this.#queue.add(connection, outgoing);
    } catch (error) {
      this.#loseIfRefused(messageOf(error));
      this.#alone.unheard.add(announce, nowMs);
      return;
    }
    switch (answer.type) {
      case "accepted": {
        const { complete, incomplete, downloaded, members } = answer;
        const { infoHash } = announce;
        const counts = { infoHash, complete, incomplete, downloaded };
        this.#alone.note(hearing, { counts, members });
        return;
      }
      case "refused":
        this.#alone.forget(hearing);
        return;
      case "failed":
        if (this.#loseIfRefused(answer.message)) {
          this.#alone.unheard.add(announce, nowMs);
        } else {
          this.#noteFault(answer.message, KEY_PREFIX + announce.infoHash);
        }
        return;
      default:
        answer satisfies never;
    }
  }

  /** Peers that had to make room here are not to fill Redis either. */
  #forwardEvictions(
    connection: RedisConnection,
    changes: readonly SwarmChange[],
  ): void {
    for (const { type, peerId, address, swarm } of changes) {
      if (type !== "expired") continue;
      const announce: PeerAnnounce = {
        infoHash: swarm.infoHash,
        peerId,
        address,
        progress: { uploaded: 0, downloaded: 0, left: 0 },
        isSeeder: false,
        event: "stopped",
        numwant: 0,
        key: undefined,
        wantsIds: false,
      };
      // If it is not heard the peer leaves Redis a little later, by itself.
      this.#queue.add(connection, { announce, ageMs: 0, isTrusted: true })
        .catch(() => {});
    }
  }

  /** What is in Redis is not what it should be: told of now and then, as it lasts. */
  #noteFault(message: string, keys: string): void {
    const nowMs = performance.now();
    if (nowMs - this.#faultAtMs < FAULT_INTERVAL_MS) return;
    this.#faultAtMs = nowMs;
    const consequence = `delete its keys that begin with ${keys}`;
    const error = redisFailure(this.#address, message, consequence);
    this.#onEvent({ type: "failed", error });
  }

  /** Takes Redis for gone if that is what its answer comes to. */
  #loseIfRefused(message: string): boolean {
    const isRefused = isRefusal(message);
    if (isRefused) this.#link.lose(new Error(message));
    return isRefused;
  }

  /** Reads swarms from Redis for the next answers. */
  async #read(
    ask: (connection: RedisConnection) => Promise<readonly SwarmSummary[]>,
  ): Promise<void> {
    const { connection } = this.#link;
    if (connection === undefined) return;
    try {
      const swarms = await ask(connection);
      this.#alone.noteCounts(swarms.slice(0, FEW_SWARMS), performance.now());
    } catch (error) {
      const message = messageOf(error);
      const isGone = this.#loseIfRefused(message) ||
        this.#link.connection !== connection;
      if (!isGone) this.#noteFault(message, KEY_PREFIX);
    }
  }

  async #tidy(connection: RedisConnection): Promise<void> {
    try {
      let count;
      do count = await connection.run("tidy", this.#commonArguments); while (
        count === TIDY_COUNT
      );
    } catch {
      // What is to be forgotten is found again in a minute.
    }
  }

  async #writeBack(connection: RedisConnection): Promise<void> {
    const knowledge = {
      queue: this.#queue,
      commonArguments: this.#commonArguments,
      tracker: this.#alone,
    };
    if (this.#runId !== undefined && this.#runId !== connection.runId) {
      await writeEverything(connection, knowledge);
    }
    await writeUnheard(connection, knowledge);
    this.#runId = connection.runId;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
