/**
 * Keeps one torrent known to its trackers: performs the steps of the announce
 * schedule, one announce at a time, and passes the peers on. Owns the waiting and
 * the request in flight; order, intervals and retries are the schedule's. A
 * tracker's failure is only reported.
 *
 * @module
 */
import { abortable } from "@std/async/abortable";
import { delay } from "@std/async/delay";
import { TrackerError } from "../base/errors.ts";
import { guardListener } from "../base/guard_listener.ts";
import { type FdPressure, isDescriptorShortage } from "../base/fd_pressure.ts";
import { joinSignals } from "../base/join_signals.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import type { Random } from "../base/random.ts";
import {
  type AnnounceEvent,
  type AnnounceReply,
  type AnnounceRequest,
  DEFAULT_NUMWANT,
  type TransferProgress,
} from "./announce.ts";
import {
  AnnounceSchedule,
  type ScheduleStep,
  type StopTarget,
} from "./announce_schedule.ts";
import { TrackerClient } from "./tracker_client.ts";

/** Time for all `stopped` announces of one torrent together. */
export const STOP_TIMEOUT_MS = 1_200;

/** Time between two attempts to get a descriptor for `stopped`. */
const DESCRIPTOR_RETRY_MS = 50;

/** The result of an announce. */
export type AnnounceReport =
  | {
    readonly type: "announced";
    readonly url: string;
    /** Seeders, if the tracker counts them. */
    readonly complete: number | undefined;
    /** Leechers, if the tracker counts them. */
    readonly incomplete: number | undefined;
    /** Number of peers in the reply. */
    readonly peerCount: number;
    readonly intervalMs: number;
  }
  | {
    readonly type: "announceFailed";
    readonly url: string;
    /** One line: action, reason, value. */
    readonly reason: string;
    /** 0 if another tracker is tried at once, `Infinity` if there is no retry. */
    readonly retryInMs: number;
  }
  | {
    readonly type: "trackerWarning";
    readonly url: string;
    readonly text: string;
  };

/** Sends one announce. @throws {TrackerError} If the tracker cannot be reached or refuses. */
export type AnnounceFunction = (
  url: string,
  request: AnnounceRequest,
  options: { readonly signal: AbortSignal },
) => Promise<AnnounceReply>;

/** Options for {@linkcode Announcer}. */
export interface AnnouncerOptions
  extends Pick<AnnounceRequest, "infoHash" | "peerId" | "port" | "key"> {
  /** Tracker URLs, best tier first; without any the announcer idles. */
  readonly tiers: readonly (readonly string[])[];
  /** Called for each announce. */
  readonly progress: () => TransferProgress;
  /** Takes the peers of a reply, perhaps none, perhaps the peer itself. */
  readonly onPeers: (peers: readonly PeerAddress[]) => void;
  /** Takes the result of each announce. Its exceptions are ignored. */
  readonly onReport: (report: AnnounceReport) => void;
  /** Spreads what many peers would do at once. @default Math.random */
  readonly random?: Random;
  /** Sends the announces. @default over HTTP or UDP, as the URL says */
  readonly announce?: AnnounceFunction | undefined;
  /** Learns of an announce that found no free file descriptor. @default none */
  readonly fdPressure?: FdPressure;
}

/** Announces one torrent from `run` to `stop`. */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #announce: AnnounceFunction;
  readonly #schedule: AnnounceSchedule;
  readonly #stopping = new AbortController();
  /** Ends a wait. */
  #wake = new AbortController();
  /** The tracker of a `started` in flight, which may arrive although its answer is not awaited. */
  #starting: StopTarget | undefined;

  /** Announces nothing before {@linkcode Announcer.run}. */
  constructor(options: AnnouncerOptions) {
    const { tiers, onReport, announce, random = Math.random } = options;
    this.#options = { ...options, onReport: guardListener(onReport) };
    const client = new TrackerClient();
    this.#announce = announce ?? client.announce.bind(client);
    this.#schedule = new AnnounceSchedule(tiers, random);
  }

  /** Announces until `signal` is aborted or `stop` is called; then it resolves. */
  async run(signal: AbortSignal): Promise<void> {
    using joined = joinSignals(signal, this.#stopping.signal);
    const ending = joined.signal;
    while (!ending.aborted) {
      // Renewed before the schedule is asked, so that a later call wakes the loop.
      this.#wake = new AbortController();
      const step = this.#schedule.next(performance.now());
      switch (step.type) {
        case "wait":
          await this.#waitUntil(step.untilMs, ending);
          break;
        case "announce":
          await this.#perform(step, ending);
          break;
        default:
          step satisfies never;
      }
    }
  }

  /** The download is complete: announces that once, as soon as a tracker answers. */
  completed(): void {
    this.#schedule.complete(performance.now());
    this.#wake.abort();
  }

  /** Announces before the interval is over, but not before the minimum interval is. */
  requestMorePeers(): void {
    this.#schedule.requestMorePeers(performance.now());
    this.#wake.abort();
  }

  /**
   * Asks the trackers of all tiers while no peer is known that has missing pieces.
   * Returns true if further tiers are asked from now on, and were not before.
   */
  setLacksSource(lacksSource: boolean): boolean {
    const now = performance.now();
    const asksFurther = this.#schedule.setLacksSource(lacksSource, now);
    if (asksFurther) this.#wake.abort();
    return asksFurther;
  }

  /**
   * Ends `run` and announces `stopped` to every tracker that lists this peer.
   * Never rejects, and resolves within `timeoutMs` milliseconds.
   */
  async stop(timeoutMs: number = STOP_TIMEOUT_MS): Promise<void> {
    this.#stopping.abort();
    const targets = this.#schedule.stopTargets();
    if (this.#starting !== undefined) targets.push(this.#starting);
    const signal = AbortSignal.timeout(Math.max(0, timeoutMs));
    await Promise.all(targets.map(async (target, index) => {
      // A peer that stops right after its last piece had no time to announce that.
      // One tracker gets it, as while the peer runs.
      if (index === 0 && this.#schedule.isCompletionDue) {
        await this.#announceLast("completed", target, signal);
      }
      await this.#announceLast("stopped", target, signal);
    }));
  }

  async #announceLast(
    event: AnnounceEvent,
    { url, trackerId }: StopTarget,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const request = this.#request(event, trackerId, 0);
      await abortable(this.#announce(url, request, { signal }), signal);
    } catch (error) {
      if (isDescriptorShortage(error) && !signal.aborted) {
        // The connections that are being closed free some.
        this.#options.fdPressure?.relieve(error, performance.now());
        await delay(DESCRIPTOR_RETRY_MS);
        return await this.#announceLast(event, { url, trackerId }, signal);
      }
      // Harmless: the tracker forgets the peer after a while, and one that has not
      // answered yet may not list it at all.
      if (url === this.#starting?.url) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.onReport(
        { type: "announceFailed", url, reason, retryInMs: Infinity },
      );
    }
  }

  async #perform(
    step: ScheduleStep & { type: "announce" },
    ending: AbortSignal,
  ): Promise<void> {
    const { onReport, onPeers, fdPressure } = this.#options;
    const { url, event, trackerId } = step;
    if (event === "started") this.#starting = { url, trackerId };
    let reply: AnnounceReply;
    try {
      const request = this.#request(event, trackerId, DEFAULT_NUMWANT);
      reply = await this.#announce(url, request, { signal: ending });
    } catch (error) {
      if (ending.aborted) return;
      this.#starting = undefined;
      if (!(error instanceof TrackerError)) throw error;
      const now = performance.now();
      fdPressure?.relieve(error, now);
      const retryInMs = this.#schedule.failed(now);
      const { message: reason } = error;
      onReport({ type: "announceFailed", url, reason, retryInMs });
      return;
    }
    if (ending.aborted) return;
    this.#starting = undefined;
    this.#schedule.succeeded(event, reply, performance.now());
    const { complete, incomplete, peers, intervalMs, warning } = reply;
    const counts = { complete, incomplete, peerCount: peers.length };
    onReport({ type: "announced", url, ...counts, intervalMs });
    if (warning !== undefined) {
      onReport({ type: "trackerWarning", url, text: warning });
    }
    onPeers(peers);
  }

  #request(
    event: AnnounceEvent,
    trackerId: string | undefined,
    numwant: number,
  ): AnnounceRequest {
    const { infoHash, peerId, port, key, progress } = this.#options;
    const identity = { infoHash, peerId, port, key };
    return { ...identity, ...progress(), event, numwant, trackerId };
  }

  async #waitUntil(untilMs: number, ending: AbortSignal): Promise<void> {
    using joined = joinSignals(ending, this.#wake.signal);
    // A timer holds at most 2^31 - 1 milliseconds; the loop waits again.
    const waitMs = Math.min(untilMs - performance.now(), 0x7fff_ffff);
    // Harmless: it rejects only where the wait is cut short.
    await delay(Math.max(0, waitMs), joined).catch(() => {});
  }
}
