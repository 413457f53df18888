/**
 * Decides when to announce what to which tracker, as a pure state machine. Owns
 * the order of the tiers, the interval, the retry delay, and which trackers list
 * us. It never waits and never sends: the announcer asks for the next step,
 * performs it and reports the result.
 *
 * Invariant: a round begins with the first tracker of the first tier; on failure
 * the next is tried, through every tier, until one answers. That one moves to the
 * front of its tier and the round is over. If none answers, the next round begins
 * after a growing delay. [BEP 12]
 *
 * @module
 */
import { type Random, shuffle } from "../base/random.ts";
import type { AnnounceEvent, AnnounceReply } from "./announce.ts";

/**
 * Longest delay after the first round in which no tracker answered, in
 * milliseconds. Short, because on a LAN somebody is restarting the tracker now.
 */
export const FIRST_RETRY_DELAY_MS = 2_000;
/** Longest delay between two rounds in which no tracker answers, in milliseconds. */
export const MAX_RETRY_DELAY_MS = 60_000;
/** Trackers of a torrent that are used. */
const MAX_TRACKERS = 100;
/** Trackers tried in a row before a pause, as they may all be at one host. */
const TRIES_BEFORE_PAUSE = 10;
/** In milliseconds. */
const PAUSE_MS = 1_000;

/** The next thing to do. */
export type ScheduleStep =
  /** Nothing before `untilMs`; `Infinity` where there is no tracker. */
  | { readonly type: "wait"; readonly untilMs: number }
  /** Announce to this tracker, then call `succeeded` or `failed`. */
  | {
    readonly type: "announce";
    readonly url: string;
    readonly event: AnnounceEvent;
    readonly trackerId: string | undefined;
  };

/** A tracker to which `stopped` is to be announced. */
export interface StopTarget {
  readonly url: string;
  readonly trackerId: string | undefined;
}

interface Tracker {
  readonly url: string;
  /** True once it has answered `started`. */
  listsUs: boolean;
  trackerId: string | undefined;
}

/** The announces of one torrent. All times are milliseconds on one clock. */
export class AnnounceSchedule {
  readonly #tiers: Tracker[][] = [];
  readonly #random: Random;
  /** The next tracker of the round. */
  #tierIndex = 0;
  #indexInTier = 0;
  #roundAtMs = -Infinity;
  #earliestMs = -Infinity;
  #failedRoundCount = 0;
  #failuresInRound = 0;
  #completedIsDue = false;

  /**
   * Shuffles each tier once. A URL named twice is tried once in a round.
   * @param tiers Tracker URLs, best tier first; may be empty.
   */
  constructor(tiers: readonly (readonly string[])[], random: Random) {
    this.#random = random;
    const seen = new Set<string>();
    for (const urls of tiers) {
      const tier: Tracker[] = [];
      for (const url of urls) {
        if (seen.has(url) || seen.size >= MAX_TRACKERS) continue;
        seen.add(url);
        tier.push({ url, listsUs: false, trackerId: undefined });
      }
      if (tier.length > 0) this.#tiers.push(shuffle(tier, random));
    }
  }

  /** The next step at `nowMs`; the same until a result is reported. */
  next(nowMs: number): ScheduleStep {
    if (this.#tiers.length === 0) return { type: "wait", untilMs: Infinity };
    if (nowMs < this.#roundAtMs) {
      return { type: "wait", untilMs: this.#roundAtMs };
    }
    const { url, trackerId, listsUs } = this.#current;
    const due = this.#completedIsDue ? "completed" : "update";
    return {
      type: "announce",
      url,
      event: listsUs ? due : "started",
      trackerId,
    };
  }

  /** The tracker of the last step has answered. */
  succeeded(event: AnnounceEvent, reply: AnnounceReply, nowMs: number): void {
    const tracker = this.#current;
    tracker.listsUs = true;
    // Without an id in the reply, the last one is still valid. [BEP 3]
    tracker.trackerId = reply.trackerId ?? tracker.trackerId;
    const tier = this.#tiers[this.#tierIndex]!;
    tier.splice(this.#indexInTier, 1);
    tier.unshift(tracker);
    this.#failedRoundCount = 0;
    if (event === "completed") this.#completedIsDue = false;
    const { intervalMs, minIntervalMs } = reply;
    this.#earliestMs = nowMs + minIntervalMs;
    if (this.#completedIsDue) {
      // The round goes on with the same tracker.
      this.#indexInTier = 0;
      this.#roundAtMs = nowMs;
    } else {
      this.#startRoundAt(nowMs + Math.max(intervalMs, minIntervalMs));
    }
  }

  /**
   * The tracker of the last step could not be reached or refused.
   * @returns Milliseconds until the round goes on or the next one begins.
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

  /** The download is complete: `completed` is due at once, until a tracker has answered it. */
  complete(nowMs: number): void {
    this.#completedIsDue = true;
    // While no tracker answers, the delay between two rounds still holds.
    if (this.#failedRoundCount === 0) {
      this.#roundAtMs = Math.min(this.#roundAtMs, nowMs);
    }
  }

  /** True until a tracker has answered `completed`. */
  get isCompletionDue(): boolean {
    return this.#completedIsDue;
  }

  /** Announces as soon as the minimum interval allows. */
  requestMorePeers(nowMs: number): void {
    const earliestMs = Math.max(nowMs, this.#earliestMs);
    this.#roundAtMs = Math.min(this.#roundAtMs, earliestMs);
  }

  /** The trackers that list us. */
  stopTargets(): StopTarget[] {
    return this.#tiers.flat().filter(({ listsUs }) => listsUs)
      .map(({ url, trackerId }) => ({ url, trackerId }));
  }

  get #current(): Tracker {
    return this.#tiers[this.#tierIndex]![this.#indexInTier]!;
  }

  /** Goes on to the next tracker of the round. Returns in how many milliseconds. */
  #goOn(nowMs: number): number {
    if (++this.#failuresInRound % TRIES_BEFORE_PAUSE !== 0) return 0;
    this.#earliestMs = this.#roundAtMs = nowMs + PAUSE_MS;
    return PAUSE_MS;
  }

  #startRoundAt(atMs: number): void {
    this.#failuresInRound = 0;
    this.#tierIndex = 0;
    this.#indexInTier = 0;
    this.#roundAtMs = atMs;
  }

  /** Doubles with each round; half of it is random, so that peers spread out. */
  #retryDelay(): number {
    const maxMs = Math.min(
      FIRST_RETRY_DELAY_MS * 2 ** this.#failedRoundCount,
      MAX_RETRY_DELAY_MS,
    );
    return maxMs * (1 + this.#random()) / 2;
  }
}
