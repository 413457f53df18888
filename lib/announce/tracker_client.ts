/**
 * Asks a tracker over HTTP, HTTPS or UDP, as its URL says. It owns the time limit,
 * the HTTP request and its size limit; what is asked and what the answer means
 * are the codecs'. Whatever goes wrong is a `TrackerError` that says why.
 *
 * @module
 */
import { TrackerError } from "../base/errors.ts";
import type { InfoHash } from "../base/identifier.ts";
import type {
  AnnounceReply,
  AnnounceRequest,
  ScrapeEntry,
} from "./announce.ts";
import { findRefusal, parseAnnounceReply } from "./announce_reply.ts";
import { announceUrl, scrapeUrl } from "./announce_url.ts";
import { parseScrapeReply } from "./scrape_reply.ts";
import { HttpError, httpGet } from "../net/http_get.ts";
import { announceOverUdp, scrapeOverUdp } from "./udp_tracker_client.ts";

/** Longest wait for a whole answer, in milliseconds. */
export const TRACKER_TIMEOUT_MS = 15_000;

/** Longest answer that is read, in bytes. */
const MAX_REPLY_LENGTH = 1024 * 1024;

/** Longest body of an HTTP error that may say why, in bytes. */
const MAX_REFUSAL_LENGTH = 16 * 1024;

/** How long to wait for a tracker. */
export interface TrackerClientOptions {
  /** Ends the request; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Time for the whole request, in milliseconds. @default TRACKER_TIMEOUT_MS */
  readonly timeoutMs?: number;
}

/**
 * Announces to one tracker. [BEP 3, 15]
 * @throws {TrackerError} If it cannot be reached, answers too late, with an HTTP
 * error or with something else than a reply, or refuses.
 */
export async function announce(
  url: string,
  request: AnnounceRequest,
  options: TrackerClientOptions = {},
): Promise<AnnounceReply> {
  const action = `Cannot announce to ${url}`;
  return await timed(action, options, async (signal) => {
    if (schemeOf(url) === "udp") {
      return await announceOverUdp(url, request, signal);
    }
    return parseAnnounceReply(await get(announceUrl(url, request), signal));
  });
}

/**
 * Asks a tracker for the state of some swarms, or of all with an empty list.
 * @param url The tracker's announce URL. [BEP 15, 48]
 * @returns The swarms that the tracker knows, in its order; over UDP all that
 * were asked for, with counts of 0 for those that it does not know.
 * @throws {TrackerError} As `announce`, and if the tracker cannot be scraped:
 * over UDP not for all at once.
 */
export async function scrape(
  url: string,
  infoHashes: readonly InfoHash[],
  options: TrackerClientOptions = {},
): Promise<ScrapeEntry[]> {
  const action = `Cannot scrape ${url}`;
  return await timed(action, options, async (signal) => {
    if (schemeOf(url) === "udp") {
      return await scrapeOverUdp(url, infoHashes, signal);
    }
    const target = scrapeUrl(url, infoHashes);
    if (target === undefined) {
      throw new TrackerError(
        `the last part of its path does not begin with "announce"`,
      );
    }
    return parseScrapeReply(await get(target, signal));
  });
}

/** @throws {TrackerError} If it is none that a tracker can be asked by. */
function schemeOf(url: string): "http" | "udp" {
  const protocol = URL.parse(url)?.protocol;
  switch (protocol) {
    case "http:":
    case "https:":
      return "http";
    case "udp:":
      return "udp";
    case undefined:
      throw new TrackerError("it is not a URL");
    default:
      throw new TrackerError(`${protocol} is not http:, https: or udp:`);
  }
}

/** Ends an asking in time, and puts what was tried before what went wrong. */
async function timed<T>(
  action: string,
  { signal, timeoutMs = TRACKER_TIMEOUT_MS }: TrackerClientOptions,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    return await ask(signal ? AbortSignal.any([signal, timeout]) : timeout);
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

/** Fetches a body. */
async function get(url: string, signal: AbortSignal): Promise<Uint8Array> {
  try {
    const options = {
      signal,
      maxLength: MAX_REPLY_LENGTH,
      maxRefusalLength: MAX_REFUSAL_LENGTH,
    };
    const { status, isSuccess, body } = await httpGet(url, options);
    if (isSuccess) return body;
    throw new TrackerError(
      findRefusal(body) ?? `the answer is HTTP status ${status}`,
    );
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    throw new TrackerError(error.message, { cause: error });
  }
}
