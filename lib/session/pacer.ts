/**
 * A speed limit that many transfers share: each takes what it moves and waits
 * its turn.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { TokenBucket } from "../base/token_bucket.ts";

/** Waits so that the bytes taken keep to a rate. */
export class Pacer {
  readonly #bucket: TokenBucket;

  /** @param bytesPerSecond The limit; 0 means none. */
  constructor(bytesPerSecond: number) {
    this.#bucket = new TokenBucket(bytesPerSecond, performance.now());
  }

  /** Resolves when `bytes` more may have passed; at once without a limit. */
  async pass(bytes: number): Promise<void> {
    const waitMs = this.#bucket.take(bytes, performance.now());
    if (waitMs > 0) await delay(waitMs);
  }
}
