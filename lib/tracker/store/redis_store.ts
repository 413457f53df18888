/**
 * A tracker's peers in memory, and an exchange of peers with other trackers
 * through Redis. While Redis is gone, answers carry a warning and what the others
 * reported expires; the exchange goes on when Redis is back.
 *
 * @module
 */
import type { InfoHash, PeerId } from "../../base/identifier.ts";
import { formatPeerAddress } from "../../base/peer_address.ts";
import { BackedStore, type RoundFailure } from "./backed_store.ts";
import type {
  AnnounceOutcome,
  OpenStoreOptions,
  PeerAnnounce,
} from "./peer_store.ts";
import {
  type RedisAddress,
  RedisConnection,
  redisFailure,
} from "./redis_connection.ts";
import { MAX_COUNTED_TORRENTS, PeerExchange } from "./peer_exchange.ts";

const WARNING =
  "this tracker cannot share with others at present: peers of other trackers may be missing";

/** A store that several trackers share. Its clock is `performance.now()`. */
export class RedisStore extends BackedStore {
  protected readonly recovery: string;
  readonly #address: RedisAddress;
  readonly #maxReplyMs: number;
  readonly #exchange: PeerExchange;
  #connection: RedisConnection | undefined;

  private constructor(address: RedisAddress, options: OpenStoreOptions) {
    super(options, { maxPastCount: MAX_COUNTED_TORRENTS });
    this.#address = address;
    this.recovery = `Redis at ${formatPeerAddress(address)} is back`;
    this.#maxReplyMs = options.maxReplyMs ?? 1_000;
    this.#exchange = new PeerExchange(this, options.peerTimeoutMs);
  }

  /**
   * Opens a store on the Redis at an address. If that cannot be reached now the
   * store begins without it.
   * @throws {StoreError} If it answers and cannot be used.
   */
  static async open(
    address: RedisAddress,
    options: OpenStoreOptions,
  ): Promise<RedisStore> {
    const store = new RedisStore(address, options);
    await store.begin();
    return store;
  }

  override announce(announce: PeerAnnounce, nowMs: number): AnnounceOutcome {
    const outcome = super.announce(announce, nowMs);
    return this.isWorking || outcome.type === "refused"
      ? outcome
      : { ...outcome, warning: WARNING };
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isWorking) this.#close();
    // The last round may take as long as one reply.
    const timer = setTimeout(() => this.#close(), this.#maxReplyMs);
    await super[Symbol.asyncDispose]();
    clearTimeout(timer);
  }

  protected override onDownload(infoHash: InfoHash, peerId: PeerId): void {
    this.#exchange.noteDownload(infoHash, peerId);
  }

  protected override onPeerChange(infoHash: InfoHash, peerId: PeerId): void {
    this.#exchange.noteChange(infoHash, peerId);
  }

  protected override async round(): Promise<void> {
    if (this.#connection === undefined) {
      const redis = new RedisConnection(this.#address, this.#maxReplyMs);
      this.#connection = redis;
      await redis.open();
      await this.#exchange.begin(redis);
    }
    await this.#exchange.run(this.#connection);
  }

  protected override async end(): Promise<void> {
    try {
      if (this.#connection) await this.#exchange.write(this.#connection);
    } catch {
      // The others drop the peers of this tracker all the same, later.
    }
    this.#close();
  }

  protected override explain(cause: unknown, isFirst: boolean): RoundFailure {
    this.#close();
    return redisFailure(this.#address, { cause, isFirst });
  }

  #close(): void {
    this.#connection?.close("closed");
    this.#connection = undefined;
  }
}
