/**
 * Limits the announces of each address: a token bucket for each, in memory that
 * does not grow. The limit is generous, because hundreds of machines may share an
 * address, and does not apply to this machine, which may be a proxy for all. The
 * state of a bucket is one time, that at which it is full again.
 *
 * Buckets form sets of four. A set without a free bucket gives up its fullest one,
 * so an address is forgotten only for a busier one, or when its bucket is full,
 * which is as good as none.
 *
 * @module
 */
import { isLoopback } from "../base/ip_address.ts";
import { type Random, randomBelow } from "../base/random.ts";

/** The limit of each address. */
export interface AnnounceRateOptions {
  readonly random: Random;
  /** Announces in the long run. @default 500 */
  readonly perSecond?: number;
  /** Announces at once. @default 5_000 */
  readonly burst?: number;
}

/** Buckets in total. A power of two. */
const BUCKET_COUNT = 1 << 16;

/** Buckets in which an address may be. */
const SET_SIZE = 4;

/** The announce rates of all addresses. */
export class AnnounceRate {
  readonly #msPerAnnounce: number;
  readonly #burstMs: number;
  readonly #seed: number;
  /** The owner of each bucket, by a hash of its address. */
  readonly #owners = new Int32Array(BUCKET_COUNT);
  /** The time at which each bucket is full again. */
  readonly #fullAtMs = new Float64Array(BUCKET_COUNT).fill(-Infinity);

  constructor({ random, perSecond = 500, burst = 5_000 }: AnnounceRateOptions) {
    this.#msPerAnnounce = 1000 / perSecond;
    this.#burstMs = burst * this.#msPerAnnounce;
    this.#seed = randomBelow(2 ** 32, random);
  }

  /**
   * Takes one announce of an address.
   * @returns Milliseconds until it may announce again; 0 if it may now.
   */
  take(hostname: string, nowMs: number): number {
    if (isLoopback(hostname)) return 0;
    const hash = this.#hash(hostname);
    const bucket = this.#bucketOf(hash);
    const isOwn = this.#owners[bucket] === hash;
    const startMs = isOwn ? Math.max(this.#fullAtMs[bucket]!, nowMs) : nowMs;
    const fullAtMs = startMs + this.#msPerAnnounce;
    const waitMs = fullAtMs - nowMs - this.#burstMs;
    if (waitMs > 0) return waitMs;
    this.#owners[bucket] = hash;
    this.#fullAtMs[bucket] = fullAtMs;
    return 0;
  }

  /** The address's own bucket, or the fullest of its set. */
  #bucketOf(hash: number): number {
    const first = Math.imul(hash, 0x9e3779b1) >>> 0 & BUCKET_COUNT - SET_SIZE;
    let fullest = first;
    for (let bucket = first; bucket < first + SET_SIZE; bucket++) {
      if (this.#owners[bucket] === hash) return bucket;
      if (this.#fullAtMs[bucket]! < this.#fullAtMs[fullest]!) fullest = bucket;
    }
    return fullest;
  }

  #hash(hostname: string): number {
    let hash = this.#seed;
    for (let offset = 0; offset < hostname.length; offset++) {
      hash = Math.imul(hash ^ hostname.charCodeAt(offset), 0x01000193);
      hash ^= hash >>> 15;
    }
    return hash | 0;
  }
}
