/**
 * A tracker's peers in memory, beside them a file or a Redis that is written and read
 * in rounds, one each second and one at the end. No announce waits for a round. A
 * failure is reported once, and the round is tried again.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { StoreError } from "../../base/errors.ts";
import { MemoryStore } from "./memory_store.ts";
import type { OpenStoreOptions, StoreListener } from "./peer_store.ts";
import type { SwarmTableOptions } from "./swarm_table.ts";

export const ROUND_INTERVAL_MS = 1_000;
/** Time until a round is tried again. */
const RETRY_MS = 500;

export interface RoundFailure {
  readonly error: StoreError;
  /** True if no further try helps until the operator changes something. */
  readonly isLasting: boolean;
}

export abstract class BackedStore extends MemoryStore {
  readonly #onEvent: StoreListener;
  readonly #closing = new AbortController();
  readonly #firstRound = Promise.withResolvers<void>();
  #running: Promise<void> | undefined;
  #isStarting = true;
  /** The failure that was reported last, since the last round that went through. */
  #reported: string | undefined;

  constructor(options: OpenStoreOptions, tableOptions: SwarmTableOptions) {
    super(options, tableOptions);
    this.#onEvent = options.onEvent ?? (() => {});
  }

  /** True if the last round went through. */
  get isWorking(): boolean {
    return !this.#isStarting && this.#reported === undefined;
  }

  /** Ends after a last round. */
  override async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  /**
   * Begins the rounds.
   * @throws {StoreError} If the first one fails, and no other try helps.
   */
  protected begin(): Promise<void> {
    this.#running = this.#run();
    return this.#firstRound.promise;
  }

  /** Writes and reads what changed. */
  protected abstract round(): Promise<void>;

  protected abstract end(): Promise<void>;

  /** Explains why a round failed. @param isFirst True in the first round of the tracker. */
  protected abstract explain(cause: unknown, isFirst: boolean): RoundFailure;

  /** The report that rounds go through again. */
  protected abstract readonly recovery: string;

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.round();
        this.#succeed();
      } catch (error) {
        if (!signal.aborted) this.#fail(error);
      }
      const delayMs = this.isWorking ? ROUND_INTERVAL_MS : RETRY_MS;
      await delay(delayMs, { signal }).catch(() => {});
    }
    await this.end().catch((error) => this.#fail(error));
  }

  #succeed(): void {
    if (this.#reported !== undefined) {
      this.#onEvent({ type: "recovered", message: this.recovery });
    }
    this.#isStarting = false;
    this.#reported = undefined;
    this.#firstRound.resolve();
  }

  #fail(cause: unknown): void {
    const isFirst = this.#isStarting;
    const { error, isLasting } = this.explain(cause, isFirst);
    if (isFirst && isLasting) {
      this.#firstRound.reject(error);
      return this.#closing.abort();
    }
    this.#isStarting = false;
    this.#firstRound.resolve();
    // A Redis that is gone is one reason, whether refused, reset or silent.
    const reason = isLasting ? error.message : "gone";
    const isNews = this.#reported === undefined ||
      isLasting && reason !== this.#reported;
    this.#reported = reason;
    if (isNews) this.#onEvent({ type: "failed", error });
  }
}
