/**
 * When to ask which tracker what, as a pure state machine: it owns the tiers'
 * order, the interval, the retry delay and what each tracker has been told. It
 * never waits and never sends; the announcer asks for the next step, performs it
 * and reports what came of it.
 *
 * Invariant: an ask goes to the first tracker of the first tier; on failure to
 * the next, through every tier, until one answers. That one moves to the front
 * of its tier and the round is over; when none answers, the next round starts
 * after a growing delay. [BEP 12]
 *
 * @module
 */
import { type Random, shuffle } from "../base/random.ts";
import type { AnnounceEvent, AnnounceReply } from "./announce.ts";

/**
 * Longest wait after the first round in which no tracker answered, in
 * milliseconds. Short, because on a LAN somebody is restarting the tracker now.
 */
export const FIRST_RETRY_DELAY_MS = 2_000;

/** Longest wait between two rounds in which no tracker answers, in milliseconds. */
export const MAX_RETRY_DELAY_MS = 60_000;

/** Trackers of a torrent that are asked at all. */
const MAX_TRACKERS = 100;

/** So many are asked one right after another; then there is a pause, as they may all be at one host. */
const ASKED_AT_ONCE = 10;
/** In milliseconds. */
const PAUSE_MS = 1_000;

/** What to do now. */
export type ScheduleStep =
  /** Nothing before `untilMs`; `Infinity` where there is no tracker to ask. */
  | { readonly type: "wait"; readonly untilMs: number }
  /** Ask this tracker, then call `succeeded` or `failed`. */
  | {
    readonly type: "announce";
    readonly url: string;
    readonly event: AnnounceEvent;
    readonly trackerId: string | undefined;
  };

/** A tracker that is to hear that the peer leaves. */
export interface StopTarget {
  readonly url: string;
  readonly trackerId: string | undefined;
}

interface TrackerState {
  readonly url: string;
  /** Whether it answered `started`. */
  knowsUs: boolean;
  trackerId: string | undefined;
}

/** The announces of one torrent; all times are milliseconds on one clock. */
export class AnnounceSchedule {
  readonly #tiers: TrackerState[][];
  readonly #random: Random;
  /** Where the round is: the tracker to ask next. */
  #tierIndex = 0;
  #indexInTier = 0;
  #roundAtMs = -Infinity;
  #earliestMs = -Infinity;
  #failedRoundCount = 0;
  #failuresInRound = 0;
  #completedIsDue = false;

  /**
   * Shuffles each tier once. A URL named twice is asked once a round, and of
   * a great many only the first.
   * @param tiers Tracker URLs, best tier first; may be empty.
   */
  constructor(tiers: readonly (readonly string[])[], random: Random) {
    const seen = new Set<string>();
    this.#random = random;
    this.#tiers = [];
    for (const urls of tiers) {
      const tier: TrackerState[] = [];
      for (const url of urls) {
        if (seen.has(url) || seen.size >= MAX_TRACKERS) continue;
        seen.add(url);
        tier.push({ url, knowsUs: false, trackerId: undefined });
      }
      if (tier.length > 0) this.#tiers.push(shuffle(tier, random));
    }
  }

  /** What to do at `nowMs`. Asking twice without a report gives the same step. */
  next(nowMs: number): ScheduleStep {
    if (this.#tiers.length === 0) return { type: "wait", untilMs: Infinity };
    if (nowMs < this.#roundAtMs) {
      return { type: "wait", untilMs: this.#roundAtMs };
    }
    const tracker = this.#current();
    return {
      type: "announce",
      url: tracker.url,
      event: this.#eventFor(tracker),
      trackerId: tracker.trackerId,
    };
  }

  /** The tracker that the last step named has answered. */
  succeeded(event: AnnounceEvent, reply: AnnounceReply, nowMs: number): void {
    const tracker = this.#current();
    tracker.knowsUs = true;
    // A tracker that leaves its id out means that the old one still holds. [BEP 3]
    tracker.trackerId = reply.trackerId ?? tracker.trackerId;
    const tier = this.#tiers[this.#tierIndex]!;
    tier.splice(this.#indexInTier, 1);
    tier.unshift(tracker);
    this.#failedRoundCount = 0;
    if (event === "completed") this.#completedIsDue = false;
    this.#earliestMs = nowMs + reply.minIntervalMs;
    if (this.#completedIsDue) {
      // The same one is told next, and the round goes on.
      this.#indexInTier = 0;
      this.#roundAtMs = nowMs;
    } else {
      this.#startRoundAt(
        nowMs + Math.max(reply.intervalMs, reply.minIntervalMs),
      );
    }
  }

  /**
   * The tracker that the last step named could not be asked or refused.
   * @returns Milliseconds until this round goes on or the next one starts.
   */
  failed(nowMs: number): number {
    this.#indexInTier++;
    if (this.#indexInTier >= this.#tiers[this.#tierIndex]!.length) {
      this.#indexInTier = 0;
      this.#tierIndex++;
    }
    if (this.#tierIndex < this.#tiers.length) return this.#goOn(nowMs);
    const delayMs = this.#retryDelay();
    this.#failedRoundCount++;
    this.#earliestMs = nowMs + delayMs;
    this.#startRoundAt(this.#earliestMs);
    return delayMs;
  }

  /**
   * The download is complete: `completed` is due at once, and stays due until a
   * tracker has heard it.
   */
  complete(nowMs: number): void {
    this.#completedIsDue = true;
    // While no tracker answers, the delay between two rounds still holds.
    if (this.#failedRoundCount === 0) {
      this.#roundAtMs = Math.min(this.#roundAtMs, nowMs);
    }
  }

  /** Whether the download is complete and no tracker has heard it yet. */
  get isCompletionDue(): boolean {
    return this.#completedIsDue;
  }

  /** Peers are wanted earlier: asks as soon as the minimum interval allows. */
  requestMorePeers(nowMs: number): void {
    this.#roundAtMs = Math.min(
      this.#roundAtMs,
      Math.max(nowMs, this.#earliestMs),
    );
  }

  /** Every tracker that would list this peer after it left. */
  stopTargets(): StopTarget[] {
    return this.#tiers.flat().filter((tracker) => tracker.knowsUs)
      .map(({ url, trackerId }) => ({ url, trackerId }));
  }

  #current(): TrackerState {
    return this.#tiers[this.#tierIndex]![this.#indexInTier]!;
  }

  #eventFor(tracker: TrackerState): AnnounceEvent {
    if (!tracker.knowsUs) return "started";
    return this.#completedIsDue ? "completed" : "update";
  }

  /** To the next tracker of this round; in how many milliseconds. */
  #goOn(nowMs: number): number {
    if (++this.#failuresInRound % ASKED_AT_ONCE !== 0) return 0;
    this.#earliestMs = this.#roundAtMs = nowMs + PAUSE_MS;
    return PAUSE_MS;
  }

  #startRoundAt(atMs: number): void {
    this.#failuresInRound = 0;
    this.#tierIndex = 0;
    this.#indexInTier = 0;
    this.#roundAtMs = atMs;
  }

  /** Doubles with each round, half of it left to chance so that peers spread out. */
  #retryDelay(): number {
    const longestMs = Math.min(
      FIRST_RETRY_DELAY_MS * 2 ** this.#failedRoundCount,
      MAX_RETRY_DELAY_MS,
    );
    return longestMs * (1 + this.#random()) / 2;
  }
}
