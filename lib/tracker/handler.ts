/**
 * The tracker as a function from request to response: which path does what, and
 * how it answers. It knows HTTP's words and no socket; the peers are the
 * store's. A request that is wrong in any way gets an answer that says so, with
 * status 200 where a BitTorrent client is to read it.
 *
 * @module
 */
import { FIRST_UNPRIVILEGED_PORT } from "../base/peer_address.ts";
import { formatIpAddress, parseIpAddress } from "../base/ip_address.ts";
import {
  believedLeft,
  QueryError,
  type ScrapeEntry,
} from "../announce/announce.ts";
import {
  encodeAnnounceAnswer,
  encodeFailure,
  encodeScrapeReply,
} from "./announce_answer.ts";
import type { AnnounceInterval } from "./announce_interval.ts";
import {
  type AnnounceQuery,
  parseAnnounceQuery,
  parseScrapeQuery,
} from "./announce_query.ts";
import { AnswerCache } from "./answer_cache.ts";
import { forwardedHostname } from "./forwarded_address.ts";
import type { PeerStore } from "./store/peer_store.ts";

/** What the tracker needs of an HTTP request. */
export interface TrackerRequest {
  readonly method: string;
  /** Path of the URL, from its first slash. */
  readonly path: string;
  /** What stands after the `?`, as it was sent; empty if there is none. */
  readonly query: string;
  /** Where the connection comes from: an IP address, perhaps IPv4-mapped IPv6. */
  readonly remoteHostname: string;
  /** The value of a header, whose name is given in lower case. */
  header(name: string): string | undefined;
}

/** What goes back. */
export interface TrackerResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** What is iterated is sent as it comes; `return` is called when the asker has gone. */
  readonly body:
    | string
    | Uint8Array<ArrayBuffer>
    | AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/** How a tracker answers. */
export interface TrackerHandlerOptions {
  readonly store: PeerStore;
  /** Time a peer is asked to wait until its next announce. */
  readonly intervalMs: AnnounceInterval;
  /** Time it is asked to wait at least, in milliseconds. */
  readonly minIntervalMs: number;
  /**
   * Whether an asker's address is what the headers of a proxy say, or else its
   * own `ip`; without a proxy in front anybody could name anybody. @default {false}
   */
  readonly trustProxy?: boolean;
  /**
   * Further paths, before the tracker's own. One that ends with a slash stands
   * for all that begin with it; `/` alone is only itself.
   * @default none
   */
  readonly routes?: ReadonlyMap<string, Route>;
}

/** What is announced by who listens nowhere and may not say 0. */
const DISCARD_PORT = 9;

/** Answers a request at a time in milliseconds. */
export type TrackerHandler = (
  request: TrackerRequest,
  nowMs: number,
) => TrackerResponse | Promise<TrackerResponse>;

/** Answers GET and HEAD on one path; the body of an answer to HEAD is not sent. */
export type Route = TrackerHandler;

/** Makes the handler of one tracker. */
export function createTrackerHandler(
  options: TrackerHandlerOptions,
): TrackerHandler {
  const context = { ...options, answers: new AnswerCache<TrackerResponse>() };
  const routes = new Map<string, Route>([
    [
      "/announce",
      orFailure((request, nowMs) => announce(request, nowMs, context)),
    ],
    ["/scrape", orFailure((request, nowMs) => scrape(request, nowMs, context))],
    ...options.routes ?? [],
  ]);
  return (request, nowMs) => {
    const route = routes.get(request.path) ??
      routes.get(folderOf(request.path));
    if (route === undefined) {
      return plain(404, "Not found. This tracker has /announce and /stats.\n");
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      const response = plain(405, "Only GET and HEAD are understood.\n");
      return {
        ...response,
        headers: { ...response.headers, allow: "GET, HEAD" },
      };
    }
    return route(request, nowMs);
  };
}

/** `/torrents/` for `/torrents/some.torrent`; empty for a path without a second slash. */
function folderOf(path: string): string {
  return path.slice(0, path.indexOf("/", 1) + 1);
}

/** Most torrents that are scraped at once: more would keep the others waiting. */
const MAX_SCRAPED_COUNT = 20_000;

/** What the tracker's own routes share. */
interface RouteContext extends TrackerHandlerOptions {
  readonly answers: AnswerCache<TrackerResponse>;
}

/** HEAD changes nothing, so it does not announce. [RFC 9110, 9.3.2] */
function announce(
  request: TrackerRequest,
  nowMs: number,
  context: RouteContext,
): TrackerResponse {
  if (request.method === "HEAD") return bencoded(NO_BYTES);
  const query = parseAnnounceQuery(request.query);
  const { uploaded, downloaded, left, peerForm, port } = query;
  const hostname = canonicalHostname(
    askerHostname(request, query, context),
  );
  const outcome = context.store.announce({
    infoHash: query.infoHash,
    peerId: query.peerId,
    address: { hostname, port },
    progress: { uploaded, downloaded, left: believedLeft(left) },
    isSeeder: left === 0,
    event: query.event,
    numwant: query.numwant,
    key: query.key,
    wantsIds: peerForm === "dictionaries",
  }, nowMs);
  switch (outcome.type) {
    case "refused":
      return bencoded(encodeFailure(outcome.reason, outcome.retryInMs));
    case "accepted": {
      const intervalMs = context.intervalMs(outcome);
      return bencoded(encodeAnnounceAnswer({
        intervalMs,
        minIntervalMs: Math.min(context.minIntervalMs, intervalMs),
        swarm: outcome.swarm,
        peers: outcome.peers,
        peerForm,
        externalHostname: hostname,
        warning: outcome.warning ?? portWarning(port),
      }));
    }
    default:
      return outcome satisfies never;
  }
}

/** The address that an announce counts for. */
function askerHostname(
  request: TrackerRequest,
  { ip }: AnnounceQuery,
  { trustProxy = false }: RouteContext,
): string {
  if (!trustProxy) return request.remoteHostname;
  const claimed = forwardedHostname((name) => request.header(name)) ?? ip;
  return claimed !== undefined && parseIpAddress(claimed) !== undefined
    ? claimed
    : request.remoteHostname;
}

/** Clients that listen there are few, and wonder why nobody comes. */
function portWarning(port: number): string | undefined {
  if (port >= FIRST_UNPRIVILEGED_PORT || port === 0 || port === DISCARD_PORT) {
    return undefined;
  }
  return `port ${port} is below ${FIRST_UNPRIVILEGED_PORT}: nobody is told of you`;
}

/** Without an info hash the reply lists every torrent; unknown ones are left out. */
function scrape(
  request: TrackerRequest,
  nowMs: number,
  context: RouteContext,
): TrackerResponse {
  const { store } = context;
  const infoHashes = new Set(parseScrapeQuery(request.query));
  const reply = (entries: Iterable<ScrapeEntry>): TrackerResponse =>
    bencoded(encodeScrapeReply(entries));
  if (infoHashes.size > 0) return reply(store.scrape([...infoHashes]));
  const { activeSwarmCount: swarmCount } = store.totals();
  if (swarmCount > MAX_SCRAPED_COUNT) {
    const reason = `there are more than ${MAX_SCRAPED_COUNT} torrents: ` +
      "name those that you want by info_hash";
    return bencoded(encodeFailure(reason));
  }
  return context.answers.get(
    { name: "scrape", swarmCount, nowMs },
    () => reply(store.swarms()),
  );
}

/** A query that cannot be read is answered with a failure reason. [BEP 3] */
function orFailure(route: Route): Route {
  return (request, nowMs) => {
    try {
      return route(request, nowMs);
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      return bencoded(encodeFailure(error.message));
    }
  };
}

/**
 * One spelling for each address; what is no IP address stays as it is and is told
 * to nobody. Text without a colon is of IPv4 and has no other spelling, or none.
 */
function canonicalHostname(hostname: string): string {
  if (!hostname.includes(":")) return hostname;
  const bytes = parseIpAddress(hostname);
  return bytes === undefined ? hostname : formatIpAddress(bytes);
}

const NO_BYTES = new Uint8Array();

/** The same object for all, as the server writes headers that it knows more quickly. */
const BENCODED_HEADERS: TrackerResponse["headers"] = {
  "content-type": "text/plain",
  // No compression: on a LAN it only costs time.
  "cache-control": "no-store, no-transform",
};

function bencoded(body: Uint8Array<ArrayBuffer>): TrackerResponse {
  return { status: 200, headers: BENCODED_HEADERS, body };
}

function plain(status: number, body: string): TrackerResponse {
  return {
    status,
    headers: { "content-type": "text/plain; charset=utf-8" },
    body,
  };
}
