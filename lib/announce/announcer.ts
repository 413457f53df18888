/**
 * Keeps one torrent known to its trackers: performs the steps of the announce
 * schedule, one announce at a time, and hands the peers on. It owns the waiting
 * and what is under way; order, intervals and retries are the schedule's. No
 * tracker's failure leaves it other than as a report.
 *
 * @module
 */
import { abortable } from "@std/async/abortable";
import { delay } from "@std/async/delay";
import { TrackerError } from "../base/errors.ts";
import type { FdPressure } from "../base/fd_pressure.ts";
import type { InfoHash, PeerId } from "../base/identifier.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import type { Random } from "../base/random.ts";
import { announce as announceByUrl } from "./tracker_client.ts";
import {
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

/** Time that all `stopped` announces of one torrent may take together, in milliseconds. */
export const STOP_TIMEOUT_MS = 2_000;

/** What the announcer tells about a tracker. */
export type AnnounceReport =
  | {
    readonly type: "announced";
    readonly url: string;
    /** Seeders, if the tracker says. */
    readonly complete: number | undefined;
    /** Leechers, if the tracker says. */
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
    /** 0 if another tracker is asked at once, `Infinity` if it is not tried again. */
    readonly retryInMs: number;
  }
  | {
    readonly type: "trackerWarning";
    readonly url: string;
    readonly text: string;
  };

/** Sends one announce. @throws {TrackerError} If the tracker is down or refuses. */
export type AnnounceFunction = (
  url: string,
  request: AnnounceRequest,
  options: { readonly signal: AbortSignal },
) => Promise<AnnounceReply>;

/** What an {@linkcode Announcer} announces, and to whom it reports. */
export interface AnnouncerOptions {
  /** Tracker URLs, best tier first; with none the announcer idles. */
  readonly tiers: readonly (readonly string[])[];
  /** What is announced. */
  readonly infoHash: InfoHash;
  /** Who announces it. */
  readonly peerId: PeerId;
  /** The same for the whole session, so that a tracker knows the peer again. */
  readonly key: string;
  /** TCP port the peer listens on. */
  readonly port: number;
  /** Asked for at each announce. */
  readonly progress: () => TransferProgress;
  /** Peers of one reply, perhaps none, perhaps the peer itself. */
  readonly onPeers: (peers: readonly PeerAddress[]) => void;
  /** Hears how each announce went. */
  readonly onReport: (report: AnnounceReport) => void;
  /** Spreads what many peers would do at once. @default Math.random */
  readonly random?: Random;
  /** How to announce. @default over HTTP or UDP, as the URL says */
  readonly announce?: AnnounceFunction;
  /** Learns of an announce that found no free file descriptor. @default none */
  readonly fdPressure?: FdPressure;
}

/** Announces one torrent from `run` to `stop`. */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #announce: AnnounceFunction;
  readonly #schedule: AnnounceSchedule;
  readonly #stopping = new AbortController();
  #wake = Promise.withResolvers<void>();
  /** Whom a `started` is on its way to: it may arrive although nobody waits for the answer. */
  #starting: StopTarget | undefined;

  /** Announces nothing before {@linkcode Announcer.run}. */
  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#announce = options.announce ?? announceByUrl;
    this.#schedule = new AnnounceSchedule(
      options.tiers,
      options.random ?? Math.random,
    );
  }

  /** Announces until `signal` is aborted or `stop` is called; then it resolves. */
  async run(signal: AbortSignal): Promise<void> {
    const ending = AbortSignal.any([signal, this.#stopping.signal]);
    while (!ending.aborted) {
      // Renewed before the schedule is asked: a call that comes later must wake.
      this.#wake = Promise.withResolvers();
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

  /** The download is complete: tells so once, as soon as a tracker answers. */
  completed(): void {
    this.#schedule.complete(performance.now());
    this.#wake.resolve();
  }

  /** Asks for peers before the interval is over, but not before the minimum interval is. */
  requestMorePeers(): void {
    this.#schedule.requestMorePeers(performance.now());
    this.#wake.resolve();
  }

  /**
   * Ends `run` and tells every tracker that knows this peer that it leaves.
   * Never rejects, and resolves within {@linkcode STOP_TIMEOUT_MS}.
   */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const targets = this.#schedule.stopTargets();
    if (this.#starting !== undefined) targets.push(this.#starting);
    const signal = AbortSignal.timeout(STOP_TIMEOUT_MS);
    await Promise.all(targets.map(async (target, index) => {
      // Who leaves right after the last piece has had no time to say so. One
      // tracker is told, as while it runs.
      if (index === 0 && this.#schedule.isCompletionDue) {
        await this.#takeLeave("completed", target, signal);
      }
      await this.#takeLeave("stopped", target, signal);
    }));
  }

  async #takeLeave(
    event: AnnounceRequest["event"],
    { url, trackerId }: StopTarget,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const request = this.#request(event, trackerId, 0);
      await abortable(this.#announce(url, request, { signal }), signal);
    } catch (error) {
      // Harmless: the tracker forgets the peer by itself after a while, and one
      // that has not answered yet may never have heard of it.
      if (url === this.#starting?.url) return;
      this.#report({
        type: "announceFailed",
        url,
        reason: messageOf(error),
        retryInMs: Infinity,
      });
    }
  }

  async #perform(
    step: ScheduleStep & { type: "announce" },
    ending: AbortSignal,
  ): Promise<void> {
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
      this.#options.fdPressure?.relieve(error, performance.now());
      const retryInMs = this.#schedule.failed(performance.now());
      this.#report({
        type: "announceFailed",
        url,
        reason: error.message,
        retryInMs,
      });
      return;
    }
    if (ending.aborted) return;
    this.#starting = undefined;
    this.#schedule.succeeded(event, reply, performance.now());
    this.#tell(url, reply);
  }

  #tell(url: string, reply: AnnounceReply): void {
    const { complete, incomplete, peers, intervalMs, warning } = reply;
    this.#report({
      type: "announced",
      url,
      complete,
      incomplete,
      peerCount: peers.length,
      intervalMs,
    });
    if (warning !== undefined) {
      this.#report({ type: "trackerWarning", url, text: warning });
    }
    this.#options.onPeers(peers);
  }

  #report(report: AnnounceReport): void {
    this.#options.onReport(report);
  }

  #request(
    event: AnnounceRequest["event"],
    trackerId: string | undefined,
    numwant: number,
  ): AnnounceRequest {
    const { infoHash, peerId, key, port, progress } = this.#options;
    const { uploaded, downloaded, left } = progress();
    return {
      infoHash,
      peerId,
      port,
      uploaded,
      downloaded,
      left,
      event,
      numwant,
      key,
      trackerId,
    };
  }

  async #waitUntil(untilMs: number, ending: AbortSignal): Promise<void> {
    const awake = new AbortController();
    const signal = AbortSignal.any([ending, awake.signal]);
    // A timer holds at most 2^31 - 1 milliseconds; the loop waits again.
    const waitMs = Math.min(untilMs - performance.now(), 0x7fff_ffff);
    const slept = delay(Math.max(0, waitMs), { signal })
      // Harmless: it rejects only where the wait was cut short.
      .catch(() => {});
    await Promise.race([slept, this.#wake.promise]);
    awake.abort();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
