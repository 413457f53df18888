/**
 * A tracker's peers in memory, and an exchange of swarms with other trackers
 * through Redis. Every answer comes from memory. While Redis is gone, answers
 * carry a warning and what the others reported expires; the exchange goes on when
 * Redis is back.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { MemoryStore, type MemoryStoreOptions } from "./memory_store.ts";
import type {
  AnnounceOutcome,
  PeerAnnounce,
  StoreListener,
} from "./peer_store.ts";
import {
  isLasting,
  RedisConnection,
  redisFailure,
} from "./redis_connection.ts";
import { formatRedisAddress, type RedisAddress } from "./store_address.ts";
import {
  MAX_COUNTED_TORRENTS,
  ROUND_INTERVAL_MS,
  SwarmExchange,
} from "./swarm_exchange.ts";

/** Time between two attempts to connect. */
const RETRY_MS = 500;

/** Longest time that the last round before the end may take. */
const LAST_ROUND_MS = 1_000;

const WARNING =
  "the tracker's store does not answer: peers of other trackers may be missing";

/** How a {@linkcode RedisStore} is set up. */
export interface RedisStoreOptions extends MemoryStoreOptions {
  /** Hears when Redis fails and when it is back. */
  readonly onEvent?: StoreListener;
  /** Silence after which Redis counts as gone, in milliseconds. @default 1_000 */
  readonly maxSilenceMs?: number;
}

/** A {@linkcode PeerStore} that several trackers share. Its clock is `performance.now()`. */
export class RedisStore extends MemoryStore {
  readonly #address: RedisAddress;
  readonly #maxSilenceMs: number;
  readonly #onEvent: StoreListener;
  readonly #exchange: SwarmExchange;
  readonly #closing = new AbortController();
  readonly #firstRound = Promise.withResolvers<void>();
  readonly #running: Promise<void>;
  /** Whether the last round succeeded. */
  #isShared = false;
  #hasStarted = false;
  #hasFailed = false;

  private constructor(address: RedisAddress, options: RedisStoreOptions) {
    const { onEvent = () => {}, maxSilenceMs = 1_000, ...rest } = options;
    super({
      ...rest,
      onChange: (change) => {
        if (change.type === "completed") {
          this.#exchange.noteDownload(change.swarm.infoHash, change.peerId);
        }
        rest.onChange?.(change);
      },
    }, {
      maxPastCount: MAX_COUNTED_TORRENTS,
      onPeersChange: (infoHash) => this.#exchange.noteChange(infoHash),
    });
    this.#address = address;
    this.#maxSilenceMs = maxSilenceMs;
    this.#onEvent = onEvent;
    this.#exchange = new SwarmExchange(this.table, {
      name: crypto.randomUUID(),
      peerTimeoutMs: options.peerTimeoutMs,
    });
    this.#running = this.#run();
  }
  /**
   * Opens a store on the Redis at an address. If that cannot be reached now the
   * store begins without it.
   * @throws {StoreError} If it can be reached and is of no use.
   */
  static async open(
    address: RedisAddress,
    options: RedisStoreOptions,
  ): Promise<RedisStore> {
    const store = new RedisStore(address, options);
    await store.#firstRound.promise;
    return store;
  }

  override announce(announce: PeerAnnounce, nowMs: number): AnnounceOutcome {
    const outcome = super.announce(announce, nowMs);
    if (outcome.type === "refused") return outcome;
    this.#exchange.noteAnnounce(announce.infoHash);
    const peerCount = Math.max(outcome.peerCount, this.#exchange.peerCount);
    const warning = this.#isShared ? undefined : WARNING;
    return { ...outcome, peerCount, warning };
  }

  override expire(nowMs: number): boolean {
    this.#exchange.expire(nowMs);
    return super.expire(nowMs);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#share().catch((error) => this.#fail(error));
      this.#isShared = false;
      // Ends early when the store is closed.
      await delay(RETRY_MS, { signal }).catch(() => {});
    }
  }

  /** Exchanges swarms until the store is closed. @throws {Error} If Redis fails. */
  async #share(): Promise<void> {
    const { signal } = this.#closing;
    const connection = await RedisConnection.open(
      this.#address,
      this.#maxSilenceMs,
    );
    // A round that is under way has a moment to end.
    const close = (): void =>
      void setTimeout(() => connection.close("closed"), LAST_ROUND_MS);
    signal.addEventListener("abort", close);
    try {
      while (!signal.aborted) {
        await this.#exchange.run((commands) => connection.ask(commands));
        this.#succeed();
        await delay(ROUND_INTERVAL_MS, { signal }).catch(() => {});
      }
      await this.#exchange.write((commands) => connection.ask(commands));
    } finally {
      signal.removeEventListener("abort", close);
      connection.close("closed");
    }
  }

  #succeed(): void {
    this.#isShared = true;
    this.#hasStarted = true;
    this.#firstRound.resolve();
    if (!this.#hasFailed) return;
    this.#hasFailed = false;
    const message = `Redis at ${formatRedisAddress(this.#address)} is back`;
    this.#onEvent({ type: "recovered", message });
  }

  #fail(reason: unknown): void {
    if (this.#closing.signal.aborted) return;
    if (!this.#hasStarted && isLasting(reason)) {
      const advice = "give another --store, or change that Redis";
      this.#firstRound.reject(redisFailure(this.#address, reason, advice));
      this.#closing.abort();
      return;
    }
    this.#hasStarted = true;
    this.#firstRound.resolve();
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const consequence =
      "the tracker goes on with what it knows and tries again";
    const error = redisFailure(this.#address, reason, consequence);
    this.#onEvent({ type: "failed", error });
  }
}
