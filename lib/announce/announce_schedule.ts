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
 * While the torrent lacks a source, the round goes on behind the tracker that
 * answered, with each further tier whose tracker is due.
 *
 * @module
 */
import { type Random, shuffle } from "../base/random.ts";
import type { AnnounceEvent, AnnounceReply } from "./announce.ts";

/** Longest delay after the first failed round: on a LAN somebody restarts the tracker now. */
const FIRST_RETRY_DELAY_MS = 2_000;
/** Longest delay between two rounds in which no tracker answers. */
export const MAX_RETRY_DELAY_MS = 60_000;
/** Trackers of a torrent that are used. */
const MAX_TRACKERS = 100;
/** Trackers tried in a row before a pause, as they may all be at one host. */
const TRIES_BEFORE_PAUSE = 10;
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
export type StopTarget = Pick<Tracker, "url" | "trackerId">;

interface Tracker {
  readonly url: string;
  /** True once it has answered `started`. */
  listsUs: boolean;
  trackerId: string | undefined;
  /** The time from which its minimum interval allows an announce. */
  earliestMs: number;
  /** The time of the next announce by its interval. */
  dueMs: number;
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
  /** Trackers tried after another one in the same round. */
  #tryCount = 0;
  #completedIsDue = false;
  #lacksSource = false;
  /** True once a tracker has answered in this round: the further ones are extra. */
  #isAnswered = false;
  /** The time of the next round, as that tracker wants it. */
  #nextRoundMs = -Infinity;

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
        const fresh = { listsUs: false, trackerId: undefined };
        const times = { earliestMs: -Infinity, dueMs: -Infinity };
        tier.push({ url, ...fresh, ...times });
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
    const event = listsUs ? due : "started";
    return { type: "announce", url, event, trackerId };
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
    tracker.earliestMs = nowMs + minIntervalMs;
    tracker.dueMs = nowMs + Math.max(intervalMs, minIntervalMs);
    if (!this.#isAnswered) {
      this.#earliestMs = tracker.earliestMs;
      this.#nextRoundMs = tracker.dueMs;
    }
    if (this.#completedIsDue) {
      // The round goes on with the same tracker.
      this.#indexInTier = 0;
      this.#roundAtMs = nowMs;
      return;
    }
    this.#isAnswered = true;
    if (this.#enterNextTier(nowMs)) this.#goOn(nowMs);
    else this.#endRound();
  }

  /**
   * The tracker of the last step could not be reached or refused.
   * @returns Milliseconds until the round goes on or the next one begins.
   */
  failed(nowMs: number): number {
    this.#indexInTier++;
    const tier = this.#tiers[this.#tierIndex]!;
    // Before any has answered, a round begins with it anyway.
    tier[0]!.dueMs = this.#isAnswered ? nowMs + MAX_RETRY_DELAY_MS : -Infinity;
    const isInTier = this.#indexInTier < tier.length;
    if (isInTier || this.#enterNextTier(nowMs)) return this.#goOn(nowMs);
    if (this.#isAnswered) {
      this.#endRound();
      return this.#roundAtMs - nowMs;
    }
    const delayMs = this.#retryDelay();
    this.#failedRoundCount++;
    this.#earliestMs = nowMs + delayMs;
    this.#startRoundAt(this.#earliestMs);
    return delayMs;
  }

  /**
   * Sets whether the torrent lacks a source: a peer that has pieces which we lack.
   * @returns True if further tiers are asked from now on, and were not before.
   */
  setLacksSource(lacksSource: boolean, nowMs: number): boolean {
    if (this.#lacksSource === lacksSource) return false;
    this.#lacksSource = lacksSource;
    if (!lacksSource || this.#tiers.length < 2) return false;
    const isBetweenRounds = nowMs < this.#roundAtMs &&
      this.#failedRoundCount === 0 && !this.#isAnswered &&
      this.#tierIndex + this.#indexInTier === 0;
    if (isBetweenRounds) {
      // Takes up the last round behind the tracker that has answered.
      this.#tierIndex = this.#tiers.findIndex(([front]) => front!.listsUs);
      this.#isAnswered = true;
      if (this.#enterNextTier(nowMs)) this.#goOn(nowMs);
      else this.#endRound();
    }
    return true;
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

  /** Enters the next tier to ask in this round; false if there is none. */
  #enterNextTier(nowMs: number): boolean {
    const mayAsk = ([front]: readonly Tracker[]): boolean =>
      this.#isAnswered
        ? this.#lacksSource &&
          Math.max(front!.dueMs, front!.earliestMs) <= nowMs
        : this.#completedIsDue || front!.earliestMs <= nowMs;
    const tierIndex = this.#tiers.findIndex((tier, index) =>
      index > this.#tierIndex && mayAsk(tier)
    );
    if (tierIndex < 0) return false;
    this.#tierIndex = tierIndex;
    this.#indexInTier = 0;
    return true;
  }

  /** Goes on to the next tracker of the round. Returns in how many milliseconds. */
  #goOn(nowMs: number): number {
    const isPause = ++this.#tryCount % TRIES_BEFORE_PAUSE === 0;
    this.#roundAtMs = nowMs + (isPause ? PAUSE_MS : 0);
    this.#earliestMs = Math.max(this.#earliestMs, this.#roundAtMs);
    return this.#roundAtMs - nowMs;
  }

  /** A tracker has answered: the next round begins when it, or a further one, is due. */
  #endRound(): void {
    const furtherMs = this.#lacksSource
      ? this.#tiers.map(([front]) => front!.dueMs).filter((ms) =>
        ms > -Infinity
      )
      : [];
    const dueMs = Math.min(this.#nextRoundMs, ...furtherMs);
    this.#startRoundAt(Math.max(dueMs, this.#earliestMs));
  }

  #startRoundAt(atMs: number): void {
    this.#isAnswered = false;
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
