/**
 * A tracker's peers in memory, and an exchange of swarms with other trackers
 * through Redis. Every answer comes from memory. While Redis is gone, answers
 * carry a warning and what the others reported expires; the exchange goes on when
 * Redis is back.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { InfoHash, PeerId } from "../../base/identifier.ts";
import { formatPeerAddress } from "../../base/peer_address.ts";
import { MemoryStore } from "./memory_store.ts";
import type {
  AnnounceOutcome,
  OpenStoreOptions,
  PeerAnnounce,
} from "./peer_store.ts";
import {
  isLasting,
  type RedisAddress,
  RedisConnection,
  redisFailure,
} from "./redis_connection.ts";
import {
  MAX_COUNTED_TORRENTS,
  ROUND_INTERVAL_MS,
  SwarmExchange,
} from "./swarm_exchange.ts";

/** Time between two attempts to connect. */
const RETRY_MS = 500;

const WARNING =
  "this tracker cannot share with others at present: peers of other trackers may be missing";

/** A store that several trackers share. Its clock is `performance.now()`. */
export class RedisStore extends MemoryStore {
  readonly #address: RedisAddress;
  readonly #options: OpenStoreOptions;
  readonly #maxReplyMs: number;
  readonly #exchange: SwarmExchange;
  readonly #closing = new AbortController();
  readonly #firstRound = Promise.withResolvers<void>();
  readonly #running: Promise<void>;
  #connection: RedisConnection | undefined;
  #state: "starting" | "sharing" | "failed" = "starting";
  /** The reason of the last failure, since the last round that went through. */
  #reportedReason: string | undefined;

  private constructor(address: RedisAddress, options: OpenStoreOptions) {
    super(options, { maxPastCount: MAX_COUNTED_TORRENTS });
    this.#address = address;
    this.#options = options;
    this.#maxReplyMs = options.maxReplyMs ?? 1_000;
    this.#exchange = new SwarmExchange(this, options.peerTimeoutMs);
    this.#running = this.#run();
  }

  /**
   * Opens a store on the Redis at an address. If that cannot be reached now the
   * store begins without it.
   * @throws {StoreError} If it can be reached and is of no use.
   */
  static async open(
    address: RedisAddress,
    options: OpenStoreOptions,
  ): Promise<RedisStore> {
    const store = new RedisStore(address, options);
    await store.#firstRound.promise;
    return store;
  }

  override announce(announce: PeerAnnounce, nowMs: number): AnnounceOutcome {
    const outcome = super.announce(announce, nowMs);
    return this.#state === "sharing" || outcome.type === "refused"
      ? outcome
      : { ...outcome, warning: WARNING };
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    // The longest time for the last round.
    const timer = setTimeout(
      () => this.#connection?.close("closed"),
      this.#maxReplyMs,
    );
    await this.#running;
    clearTimeout(timer);
  }

  protected override onDownload(infoHash: InfoHash, peerId: PeerId): void {
    this.#exchange.noteDownload(infoHash, peerId);
  }

  protected override onPeersChange(infoHash: InfoHash): void {
    this.#exchange.noteChange(infoHash);
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#share().catch((error) => this.#fail(error));
      await delay(RETRY_MS, { signal }).catch(() => {});
    }
  }

  /** Exchanges swarms until the store is closed. @throws {Error} If Redis fails. */
  async #share(): Promise<void> {
    const { signal } = this.#closing;
    const connection = await RedisConnection.open(this.#address, {
      maxReplyMs: this.#maxReplyMs,
      signal,
    });
    this.#connection = connection;
    try {
      await this.#exchange.begin(connection);
      while (!signal.aborted) {
        await this.#exchange.run(connection);
        this.#succeed();
        await delay(ROUND_INTERVAL_MS, { signal }).catch(() => {});
      }
      await this.#exchange.write(connection);
    } finally {
      connection.close("closed");
    }
  }

  /** A round went through: from now on the store shares. */
  #succeed(): void {
    if (this.#state === "failed") {
      const message = `Redis at ${formatPeerAddress(this.#address)} is back`;
      this.#options.onEvent?.({ type: "recovered", message });
    }
    this.#state = "sharing";
    this.#reportedReason = undefined;
    this.#firstRound.resolve();
  }

  #fail(reason: unknown): void {
    if (this.#closing.signal.aborted) return;
    if (this.#state === "starting" && isLasting(reason)) {
      const advice = "give another --store, or change that Redis";
      this.#firstRound.reject(redisFailure(this.#address, reason, advice));
      this.#closing.abort();
      return;
    }
    this.#state = "failed";
    this.#firstRound.resolve();
    const consequence =
      "the tracker goes on with what it knows and tries again";
    const error = redisFailure(this.#address, reason, consequence);
    // That it is gone is one reason, whether refused, reset or silent.
    const reported = isLasting(reason) ? error.message : "gone";
    if (this.#reportedReason === reported) return;
    const isNews = this.#reportedReason === undefined || reported !== "gone";
    this.#reportedReason = reported;
    if (isNews) this.#options.onEvent?.({ type: "failed", error });
  }
}
