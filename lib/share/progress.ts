/**
 * The progress of one host over its whole time, in a bounded number of samples: when
 * there are too many, every other one is dropped. What a host receives counts, as it
 * reports its rate, rather than what it has verified: many pieces may be begun. Pure.
 *
 * @module
 */

/** Samples that are kept at most. */
const MAX_SAMPLES = 48;
/** Least time between two samples at first, in milliseconds. */
const FIRST_STEP_MS = 500;
/** Longest time for which a reported rate counts, in milliseconds. */
const RATE_LIFE_MS = 3_000;
/** Received and not verified at most, as a share of what is lacking: the rest is waste. */
const MOST_BEGUN = 0.1;

/** The bytes that a host lacks and receives, over time. */
export class Progress {
  /** Times and received bytes, one after the other; the last pair is of the last call. */
  readonly #samples: number[] = [];
  #stepMs = FIRST_STEP_MS;
  #startLeft = 0;
  #left = 0;
  #startMs = 0;
  #lastRate = 0;

  /** Bytes that it lacked at first. */
  get startLeft(): number {
    return this.#startLeft;
  }

  /** The rate that it reported last, in bytes a second; 0 if it does not. */
  get lastRate(): number {
    return this.#lastRate;
  }

  /** The time of the last sample at which it lacked as much as at first. */
  get startMs(): number {
    return this.#startMs;
  }

  /** Bytes that it has yet to receive. */
  get missing(): number {
    const received = this.#samples.at(-1) ?? 0;
    const begun = received - (this.#startLeft - this.#left);
    return this.#left - Math.min(Math.max(begun, 0), MOST_BEGUN * this.#left);
  }

  /** Notes the bytes that it lacks now, and the rate at which it receives, if it is known. */
  add(
    left: number,
    { nowMs, bytesPerSecond }: {
      readonly nowMs: number;
      readonly bytesPerSecond?: number | undefined;
    },
  ): void {
    const samples = this.#samples;
    const { length } = samples;
    if (length === 0) this.#startLeft = left;
    if (left >= this.#startLeft && (bytesPerSecond ?? 0) === 0) {
      this.#startMs = nowMs;
    }
    const gained = this.#startLeft - left;
    let received = gained;
    if (bytesPerSecond !== undefined && length > 0) {
      const ms = Math.min(RATE_LIFE_MS, nowMs - samples[length - 2]!);
      received = Math.max(
        gained,
        samples[length - 1]! + bytesPerSecond * ms / 1000,
      );
    }
    this.#left = left;
    this.#lastRate = bytesPerSecond ?? 0;
    const isEarly = length >= 4 && nowMs - samples[length - 4]! < this.#stepMs;
    if (isEarly) samples.length -= 2;
    samples.push(nowMs, received);
    if (samples.length <= 2 * MAX_SAMPLES) return;
    const kept = samples.filter((_, index) =>
      index % 4 < 2 || index >= samples.length - 2
    );
    samples.splice(0, samples.length, ...kept);
    this.#stepMs *= 2;
  }

  /** The bytes a second that it received since a time, by least squares; 0 if unknown. */
  rate(sinceMs: number): number {
    const samples = this.#samples;
    let first = samples.length - 4;
    while (first >= 2 && samples[first]! > sinceMs) first -= 2;
    if (first < 0) return 0;
    const count = (samples.length - first) / 2;
    let [meanMs, mean] = [0, 0];
    for (let at = first; at < samples.length; at += 2) {
      meanMs += samples[at]! / count;
      mean += samples[at + 1]! / count;
    }
    let [products, squares] = [0, 0];
    for (let at = first; at < samples.length; at += 2) {
      const ms = samples[at]! - meanMs;
      products += ms * (samples[at + 1]! - mean);
      squares += ms * ms;
    }
    return squares === 0 ? 0 : Math.max(0, 1000 * products / squares);
  }
}
