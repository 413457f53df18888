/**
 * Asks a tracker over HTTP or HTTPS. It owns the request, its time limit and its
 * size limit; what is asked and what the answer means are the codecs'. Whatever
 * goes wrong is a `TrackerError` that says why.
 *
 * @module
 */
import { TrackerError } from "../base/errors.ts";
import type { InfoHash } from "../base/identifier.ts";
import type {
  AnnounceReply,
  AnnounceRequest,
  ScrapeEntry,
} from "../tracker/announce.ts";
import { parseAnnounceReply } from "../tracker/announce_reply.ts";
import { announceUrl, scrapeUrl } from "../tracker/announce_url.ts";
import { parseScrapeReply } from "../tracker/scrape_reply.ts";

/** Longest wait for a whole answer, in milliseconds. */
export const TRACKER_TIMEOUT_MS = 15_000;

/** Longest answer that is read, in bytes. */
const MAX_REPLY_LENGTH = 1024 * 1024;

const MAX_REDIRECT_COUNT = 5;

/** How long to wait for a tracker. */
export interface TrackerClientOptions {
  /** Ends the request; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Time for the whole request, in milliseconds. @default TRACKER_TIMEOUT_MS */
  readonly timeoutMs?: number;
}

/**
 * Announces to one tracker. [BEP 3]
 * @throws {TrackerError} If it cannot be reached, answers too late, with an HTTP
 * error or with something else than a reply, or refuses.
 */
export async function announce(
  url: string,
  request: AnnounceRequest,
  options: TrackerClientOptions = {},
): Promise<AnnounceReply> {
  const action = `Cannot announce to ${url}`;
  checkScheme(url, action);
  const body = await get(announceUrl(url, request), action, options);
  return explain(action, () => parseAnnounceReply(body));
}

/**
 * Asks a tracker for the state of some swarms, or of all with an empty list.
 * @param url The tracker's announce URL. [BEP 48]
 * @returns The swarms that the tracker knows, in its order.
 * @throws {TrackerError} As `announce`, and if the tracker cannot be scraped.
 */
export async function scrape(
  url: string,
  infoHashes: readonly InfoHash[],
  options: TrackerClientOptions = {},
): Promise<ScrapeEntry[]> {
  const action = `Cannot scrape ${url}`;
  checkScheme(url, action);
  const target = scrapeUrl(url, infoHashes);
  if (target === undefined) {
    throw new TrackerError(
      `${action}: the last part of its path does not begin with "announce"`,
    );
  }
  const body = await get(target, action, options);
  return explain(action, () => parseScrapeReply(body));
}

function checkScheme(url: string, action: string): void {
  const protocol = URL.canParse(url) ? new URL(url).protocol : undefined;
  switch (protocol) {
    case "http:":
    case "https:":
      return;
    case undefined:
      throw new TrackerError(`${action}: it is not a URL`);
    case "udp:":
      throw new TrackerError(
        `${action}: UDP trackers are not supported yet; use the tracker's http URL`,
      );
    default:
      throw new TrackerError(`${action}: ${protocol} is not http: or https:`);
  }
}

/** Fetches a body, following a few redirects. */
async function get(
  url: string,
  action: string,
  { signal, timeoutMs = TRACKER_TIMEOUT_MS }: TrackerClientOptions,
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const timeout = AbortSignal.timeout(timeoutMs);
  const ending = signal ? AbortSignal.any([signal, timeout]) : timeout;
  try {
    const response = await fetchFollowing(url, action, ending);
    if (!response.ok) {
      await response.body?.cancel();
      throw new TrackerError(
        `${action}: the answer is HTTP status ${response.status}`,
      );
    }
    return await readCapped(response, action);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof TrackerError) throw error;
    const reason = timeout.aborted
      ? `no answer within ${timeoutMs} ms`
      : reasonOf(error);
    throw new TrackerError(`${action}: ${reason}`, { cause: error });
  }
}

async function fetchFollowing(
  url: string,
  action: string,
  signal: AbortSignal,
): Promise<Response> {
  for (let redirects = 0; redirects <= MAX_REDIRECT_COUNT; redirects++) {
    const response = await fetch(url, { signal, redirect: "manual" });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null) {
      return response;
    }
    await response.body?.cancel();
    url = new URL(location, url).href;
    checkScheme(url, action);
  }
  throw new TrackerError(
    `${action}: more than ${MAX_REDIRECT_COUNT} redirects`,
  );
}

/** Reads the body in one piece, but never more than the limit. */
async function readCapped(
  response: Response,
  action: string,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_REPLY_LENGTH) {
      throw new TrackerError(
        `${action}: the answer exceeds the limit of ${MAX_REPLY_LENGTH} bytes`,
      );
    }
    chunks.push(chunk);
  }
  const body = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  return body;
}

/** Puts the action before what a codec found wrong. */
function explain<T>(action: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TrackerError)) throw error;
    throw new TrackerError(`${action}: ${error.message}`, { cause: error });
  }
}

/** The innermost reason that the runtime gives: "Connection refused (os error 111)". */
function reasonOf(error: unknown): string {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause instanceof Error) {
    innermost = innermost.cause;
  }
  const message = innermost instanceof Error
    ? innermost.message
    : String(innermost);
  return message.slice(message.lastIndexOf(": ") + 1).trim();
}
