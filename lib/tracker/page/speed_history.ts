/**
 * How fast each swarm was over the last minutes, for the page's small curves.
 * All curves share one clock: a ring of samples whose position is the same for
 * every torrent, so that a sample is one number written for each. Memory is
 * bounded: torrents that were idle for the whole time have no curve, and only so
 * many have one.
 *
 * @module
 */
import type { InfoHash } from "../../base/identifier.ts";

/** Samples in a curve. */
export const SAMPLE_COUNT = 60;

/** Time between two samples, in milliseconds. */
export const SAMPLE_INTERVAL_MS = 5_000;

/** Torrents with a curve at most: 256 bytes each. */
const MAX_CURVE_COUNT = 10_000;

/** What a sample needs to know of a swarm. */
export interface SwarmSpeed {
  /** Whose speed it is. */
  readonly infoHash: InfoHash;
  /** All leechers together. */
  readonly bytesPerSecond: number;
}

interface Curve {
  readonly samples: Float32Array;
  /** Number of the last sample that was not zero. */
  lastBusy: number;
}

/** The curves of a tracker's torrents. */
export class SpeedHistory {
  readonly #curves = new Map<InfoHash, Curve>();
  readonly #total: Curve = newCurve();
  /** Number of the sample that was taken last; the first is 1. */
  #number = 0;
  #lastSampleMs = -Infinity;

  /** Whether it is time for the next sample. */
  isDue(nowMs: number): boolean {
    return nowMs - this.#lastSampleMs >= SAMPLE_INTERVAL_MS;
  }

  /** Takes a sample of every swarm; those that are left out count as idle. */
  sample(swarms: Iterable<SwarmSpeed>, nowMs: number): void {
    this.#lastSampleMs = nowMs;
    this.#number++;
    const place = this.#number % SAMPLE_COUNT;
    this.#total.samples[place] = 0;
    for (const [infoHash, curve] of this.#curves) {
      curve.samples[place] = 0;
      if (this.#number - curve.lastBusy >= SAMPLE_COUNT) {
        this.#curves.delete(infoHash);
      }
    }
    for (const { infoHash, bytesPerSecond } of swarms) {
      if (!(bytesPerSecond > 0)) continue;
      this.#total.samples[place]! += bytesPerSecond;
      const curve = this.#curveOf(infoHash);
      if (curve === undefined) continue;
      curve.samples[place] = bytesPerSecond;
      curve.lastBusy = this.#number;
    }
  }

  /** A torrent's speeds in bytes a second, oldest first; empty if it was idle. A copy. */
  of(infoHash: InfoHash): number[] {
    const curve = this.#curves.get(infoHash);
    return curve === undefined ? [] : this.#inOrder(curve);
  }

  /** The same of all torrents together. */
  total(): number[] {
    return this.#inOrder(this.#total);
  }

  #curveOf(infoHash: InfoHash): Curve | undefined {
    const known = this.#curves.get(infoHash);
    if (known !== undefined) return known;
    if (this.#curves.size >= MAX_CURVE_COUNT) return undefined;
    const curve = newCurve();
    this.#curves.set(infoHash, curve);
    return curve;
  }

  #inOrder({ samples }: Curve): number[] {
    const next = (this.#number + 1) % SAMPLE_COUNT;
    return [...samples.subarray(next), ...samples.subarray(0, next)];
  }
}

function newCurve(): Curve {
  return { samples: new Float32Array(SAMPLE_COUNT), lastBusy: 0 };
}
