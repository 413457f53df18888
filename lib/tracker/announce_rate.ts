/**
 * How often each address may announce: a token bucket each, in memory that does
 * not grow. Generous, as hundreds of machines may stand behind one address, and
 * blind to this machine's own, which may be a proxy for all. What is in the
 * buckets is kept as one time: when the bucket will be full again.
 *
 * Buckets stand in sets of four. A set that has none free gives up the one that
 * is fullest, so an address is forgotten only for a busier one, or for nothing
 * that mattered: a full bucket is as good as none.
 *
 * @module
 */
import { isLoopback } from "../base/ip_address.ts";
import { type Random, randomBelow } from "../base/random.ts";

/** How much one address may announce. */
export interface AnnounceRateOptions {
  readonly random: Random;
  /** Announces in the long run. @default 500 */
  readonly perSecond?: number;
  /** Announces at once. @default 5_000 */
  readonly burst?: number;
}

/** Buckets in all. A power of two. */
const BUCKET_COUNT = 1 << 16;

/** Buckets in which an address may be. */
const SET_SIZE = 4;

/** The announce rates of all addresses. */
export class AnnounceRate {
  readonly #msPerAnnounce: number;
  readonly #burstMs: number;
  readonly #seed: number;
  /** Whose each bucket is, by a hash of the address. */
  readonly #owners = new Int32Array(BUCKET_COUNT);
  /** When each bucket is full again. */
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
    const fullAtMs = Math.max(isOwn ? this.#fullAtMs[bucket]! : nowMs, nowMs) +
      this.#msPerAnnounce;
    if (fullAtMs - nowMs > this.#burstMs) {
      return fullAtMs - nowMs - this.#burstMs;
    }
    this.#owners[bucket] = hash;
    this.#fullAtMs[bucket] = fullAtMs;
    return 0;
  }

  /** The address's own bucket, or the fullest where it may have one. */
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
