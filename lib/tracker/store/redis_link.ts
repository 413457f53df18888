/**
 * Keeps a connection to Redis whenever one can be had: opens it, has what Redis
 * missed written back, offers it to whoever asks, and begins again when it ends.
 * Invariant: a connection is offered only while Redis knows all that this tracker
 * heard before.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { RedisConnection } from "./redis_connection.ts";
import { isLasting, redisFailure } from "./redis_failure.ts";
import { formatRedisAddress, type RedisAddress } from "./store_address.ts";
import type { StoreListener } from "./store_event.ts";

/** Time between two attempts, in milliseconds. */
const RETRY_MS = 500;

/** How a {@linkcode RedisLink} is set up. */
export interface RedisLinkOptions {
  /** Brings Redis up to date; the connection is offered after it. */
  readonly writeBack: (connection: RedisConnection) => Promise<void>;
  /** Longest silence of Redis that is borne, in milliseconds. */
  readonly maxSilenceMs: number;
  readonly onEvent: StoreListener;
}

/** A connection that comes back. */
export class RedisLink implements AsyncDisposable {
  readonly #address: RedisAddress;
  readonly #options: RedisLinkOptions;
  readonly #closing = new AbortController();
  readonly #firstAttempt = Promise.withResolvers<void>();
  readonly #running: Promise<void>;
  #connection: RedisConnection | undefined;
  /** One that is not offered yet. */
  #opened: RedisConnection | undefined;
  #hasStarted = false;
  #hasFailed = false;

  constructor(address: RedisAddress, options: RedisLinkOptions) {
    this.#address = address;
    this.#options = options;
    // Looked at by `start()`, if at all.
    this.#firstAttempt.promise.catch(() => {});
    this.#running = this.#run();
  }

  /** The connection to ask now, if there is one. */
  get connection(): RedisConnection | undefined {
    return this.#connection;
  }

  /**
   * Waits for the first attempt to connect.
   * @throws {StoreError} If it failed in a way that more attempts will not mend.
   */
  async start(): Promise<void> {
    await this.#firstAttempt.promise;
  }

  /** Takes the connection for lost, as it answers that it is of no use now. */
  lose(reason: unknown): void {
    this.#connection?.close(reason);
    this.#connection = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#opened?.close("closed");
    await this.#running;
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      const reason = await this.#connectOnce();
      if (this.#isClosed) return;
      this.#fail(reason);
      const { signal } = this.#closing;
      // Only ends early when the link is closed, which the loop looks at.
      await delay(RETRY_MS, { signal }).catch(() => {});
    }
  }

  /** Works with one connection to its end. @returns Why it ended. */
  async #connectOnce(): Promise<unknown> {
    try {
      const connection = await RedisConnection.open(
        this.#address,
        this.#options,
      );
      this.#opened = connection;
      if (this.#isClosed) return;
      await this.#options.writeBack(connection);
      this.#connection = connection;
      this.#start();
      this.#recover();
      return await connection.ended;
    } catch (error) {
      return error;
    } finally {
      this.#connection = undefined;
      this.#opened?.close("closed");
      this.#opened = undefined;
    }
  }

  #fail(reason: unknown): void {
    if (!this.#hasStarted && isLasting(reason)) {
      const advice = "give another --store, or change that Redis";
      this.#firstAttempt.reject(redisFailure(this.#address, reason, advice));
      this.#closing.abort();
      return;
    }
    this.#start();
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const consequence =
      "the tracker goes on with what it knows and tries again";
    const error = redisFailure(this.#address, reason, consequence);
    this.#options.onEvent({ type: "failed", error });
  }

  #start(): void {
    this.#hasStarted = true;
    this.#firstAttempt.resolve();
  }

  #recover(): void {
    if (!this.#hasFailed) return;
    this.#hasFailed = false;
    const message = `Redis at ${formatRedisAddress(this.#address)} is back`;
    this.#options.onEvent({ type: "recovered", message });
  }
}
