/**
 * The speed of each swarm over the last minutes, and its drawing as a sparkline.
 * Memory is bounded: a torrent that was idle for the whole time has no curve, and
 * the number of curves is limited.
 *
 * @module
 */
import type { InfoHash } from "../../base/identifier.ts";
import type { SwarmSummary } from "../store/peer_store.ts";
import { type Html, markup } from "./html.ts";

export const SAMPLE_COUNT = 60;
export const SAMPLE_INTERVAL_MS = 5_000;
/** Torrents with a curve at most, 256 bytes each. */
const MAX_CURVE_COUNT = 10_000;

/** Samples in bytes a second, oldest first. */
type Curve = Float32Array<ArrayBuffer>;

export class SpeedHistory {
  readonly #curves = new Map<InfoHash, Curve>();
  readonly #total: Curve = new Float32Array(SAMPLE_COUNT);
  #lastSampleMs = -Infinity;

  /** True if it is time for the next sample. */
  isDue(nowMs: number): boolean {
    return nowMs - this.#lastSampleMs >= SAMPLE_INTERVAL_MS;
  }

  /** Records a sample of every swarm; a missing swarm counts as idle. */
  sample(
    swarms: Iterable<Pick<SwarmSummary, "infoHash" | "bytesPerSecond">>,
    nowMs: number,
  ): void {
    this.#lastSampleMs = nowMs;
    addSample(this.#total);
    for (const [infoHash, curve] of this.#curves) {
      addSample(curve);
      if (curve.every((speed) => speed === 0)) this.#curves.delete(infoHash);
    }
    for (const { infoHash, bytesPerSecond } of swarms) {
      if (!(bytesPerSecond > 0)) continue;
      this.#total[SAMPLE_COUNT - 1]! += bytesPerSecond;
      let curve = this.#curves.get(infoHash);
      if (curve === undefined) {
        if (this.#curves.size >= MAX_CURVE_COUNT) continue;
        curve = new Float32Array(SAMPLE_COUNT);
        this.#curves.set(infoHash, curve);
      }
      curve[SAMPLE_COUNT - 1] = bytesPerSecond;
    }
  }

  /** A torrent's speeds in bytes a second, oldest first; empty if it was idle. A copy. */
  of(infoHash: InfoHash): number[] {
    return [...this.#curves.get(infoHash) ?? []];
  }

  /** The speeds of all torrents together, in the same way. */
  total(): number[] {
    return [...this.#total];
  }
}

/** Drops the oldest sample and appends one of an idle torrent. */
function addSample(curve: Curve): void {
  curve.copyWithin(0, 1);
  curve[SAMPLE_COUNT - 1] = 0;
}

/** Height of a sparkline, in the units of its drawing. */
const SPARKLINE_HEIGHT = 20;

/**
 * Draws samples, oldest first, as a small curve without axes, scaled to its
 * highest sample; nothing if all are zero.
 */
export function renderSparkline(samples: readonly number[]): Html {
  const highest = Math.max(0, ...samples);
  if (!(highest > 0)) return markup``;
  const width = samples.length - 1;
  const points = samples.map((sample, index) =>
    `${index} ${Math.round(SPARKLINE_HEIGHT * (1 - sample / highest))}`
  );
  const line = `M${points.join("L")}`;
  const area = `${line}L${width} ${SPARKLINE_HEIGHT}L0 ${SPARKLINE_HEIGHT}Z`;
  const box = `0 -1 ${width} ${SPARKLINE_HEIGHT + 2}`;
  return markup`<svg class="spark" viewBox="${box}" preserveAspectRatio="none" aria-hidden="true">
    <path class="area" d="${area}"/><path class="line" d="${line}"/></svg>`;
}
