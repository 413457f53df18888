/**
 * Sends announces and scrapes to trackers over HTTP, HTTPS or UDP, as the URL
 * says. Owns the time limit, the cap on concurrent HTTP requests to one tracker and
 * the size limit of replies. Any failure is a `TrackerError` with its reason.
 *
 * @module
 */
import { abortable } from "@std/async/abortable";
import type { Permits } from "../base/address_filter.ts";
import { TrackerError } from "../base/errors.ts";
import type { InfoHash } from "../base/identifier.ts";
import { joinSignals } from "../base/join_signals.ts";
import { HttpError, httpGet, type HttpGetOptions } from "../net/http_get.ts";
import type {
  AnnounceReply,
  AnnounceRequest,
  ScrapeEntry,
} from "./announce.ts";
import {
  announceUrl,
  findRefusal,
  parseAnnounceReply,
  parseScrapeReply,
  scrapeUrl,
} from "./http_codec.ts";
import { UdpTrackerClient } from "./udp_tracker_client.ts";

/** Longest wait for a whole answer, in milliseconds. */
export const TRACKER_TIMEOUT_MS = 15_000;

/** Longest answer, in bytes. */
const MAX_REPLY_LENGTH = 1024 * 1024;
/** Longest body of an HTTP error that is searched for a failure reason, in bytes. */
const MAX_REFUSAL_LENGTH = 16 * 1024;

/**
 * HTTP requests to one tracker at once; others wait. A server refuses too many
 * connections of one address, as when a peer of a thousand torrents stops.
 */
const MAX_REQUESTS_PER_TRACKER = 32;

/** Options for {@linkcode announce} and {@linkcode scrape}. */
export interface TrackerClientOptions {
  /** Ends the request; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Time for the whole request, in milliseconds. @default TRACKER_TIMEOUT_MS */
  readonly timeoutMs?: number;
  /** Tells to which hosts a tracker may redirect, by IP address. @default all */
  readonly permits?: Permits;
}

/**
 * Announces to one tracker. [BEP 3, 15]
 * @throws {TrackerError} If it cannot be reached, answers too late, with an HTTP
 * error or with something else than a reply, or refuses.
 */
export function announce(
  url: string,
  request: AnnounceRequest,
  options?: TrackerClientOptions,
): Promise<AnnounceReply> {
  return new TrackerClient().announce(url, request, options);
}

/**
 * Scrapes some torrents of a tracker, or all with an empty list. [BEP 15, 48]
 * @param url The tracker's announce URL.
 * @returns The torrents that the tracker knows, in its order; over UDP all that
 * were named, with counts of 0 for unknown ones.
 * @throws {TrackerError} As `announce`, and if the tracker cannot be scraped: over
 * UDP not for all torrents.
 */
export function scrape(
  url: string,
  infoHashes: readonly InfoHash[],
  options?: TrackerClientOptions,
): Promise<ScrapeEntry[]> {
  return new TrackerClient().scrape(url, infoHashes, options);
}

/** The HTTP requests to one tracker. */
interface HttpQueue {
  /** Requests that have a turn. */
  count: number;
  readonly waiting: (() => void)[];
}

type GetOptions = Pick<HttpGetOptions, "signal" | "redirects">;

/** A client that keeps UDP connections from one request to the next. */
export class TrackerClient {
  readonly #udp = new UdpTrackerClient();
  readonly #http = new Map<string, HttpQueue>();

  /** See {@linkcode announce}. */
  async announce(
    url: string,
    request: AnnounceRequest,
    options: TrackerClientOptions = {},
  ): Promise<AnnounceReply> {
    const action = `Cannot announce to ${url}`;
    return await timed(action, options, async (signal) => {
      if (isUdp(url)) return await this.#udp.announce(url, request, signal);
      const redirects = { permits: options.permits };
      const target = announceUrl(url, request);
      return parseAnnounceReply(await this.#get(target, { signal, redirects }));
    });
  }

  /** See {@linkcode scrape}. */
  async scrape(
    url: string,
    infoHashes: readonly InfoHash[],
    options: TrackerClientOptions = {},
  ): Promise<ScrapeEntry[]> {
    const action = `Cannot scrape ${url}`;
    return await timed(action, options, async (signal) => {
      if (isUdp(url)) return await this.#udp.scrape(url, infoHashes, signal);
      const target = scrapeUrl(url, infoHashes);
      if (target === undefined) {
        throw new TrackerError(
          `the last part of its path does not begin with "announce"`,
        );
      }
      const redirects = { permits: options.permits };
      return parseScrapeReply(await this.#get(target, { signal, redirects }));
    });
  }

  async #get(url: string, options: GetOptions): Promise<Uint8Array> {
    const { origin } = new URL(url);
    const queue = this.#http.get(origin) ?? { count: 0, waiting: [] };
    this.#http.set(origin, queue);
    if (queue.count >= MAX_REQUESTS_PER_TRACKER) {
      const turn = Promise.withResolvers<void>();
      queue.waiting.push(turn.resolve);
      // One that has given up passes its turn on.
      await abortable(turn.promise, options.signal).catch((error) => {
        void turn.promise.then(() => this.#next(origin, queue));
        throw error;
      });
    } else queue.count++;
    try {
      return await get(url, options);
    } finally {
      this.#next(origin, queue);
    }
  }

  /** Passes a turn on, or ends it. */
  #next(origin: string, queue: HttpQueue): void {
    const resolve = queue.waiting.shift();
    if (resolve !== undefined) return resolve();
    if (--queue.count === 0) this.#http.delete(origin);
  }
}

/** @throws {TrackerError} If the URL is not one of a tracker. */
function isUdp(url: string): boolean {
  const protocol = URL.parse(url)?.protocol;
  switch (protocol) {
    case "http:":
    case "https:":
      return false;
    case "udp:":
      return true;
    case undefined:
      throw new TrackerError("it is not a URL");
    default:
      throw new TrackerError(`${protocol} is not http:, https: or udp:`);
  }
}

/** Ends a request in time, and puts the action before the reason of a failure. */
async function timed<T>(
  action: string,
  { signal, timeoutMs = TRACKER_TIMEOUT_MS }: TrackerClientOptions,
  request: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    using joined = joinSignals(signal, timeout);
    return await request(joined.signal);
  } catch (error) {
    signal?.throwIfAborted();
    const isFailure = error instanceof TrackerError;
    if (!isFailure && !timeout.aborted) throw error;
    const reason = isFailure
      ? error.message
      : `no answer within ${timeoutMs} ms`;
    throw new TrackerError(`${action}: ${reason}`, { cause: error });
  }
}

/** @throws {TrackerError} If there is no answer, or an HTTP error. */
async function get(url: string, options: GetOptions): Promise<Uint8Array> {
  try {
    const { status, isSuccess, body } = await httpGet(url, {
      ...options,
      maxLength: MAX_REPLY_LENGTH,
      maxRefusalLength: MAX_REFUSAL_LENGTH,
    });
    if (isSuccess) return body;
    throw new TrackerError(
      findRefusal(body) ?? `the answer is HTTP status ${status}`,
    );
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    throw new TrackerError(error.message, { cause: error });
  }
}
