/**
 * The tracker as a function from request to response: which path does what, and
 * how it answers. It knows HTTP's words and no socket; the peers are the
 * store's. A request that is wrong in any way gets an answer that says so, with
 * status 200 where a BitTorrent client is to read it.
 *
 * @module
 */
import { formatIpAddress, parseIpAddress } from "../base/ip_address.ts";
import { parseAnnounceQuery, parseScrapeQuery } from "./announce_query.ts";
import { encodeAnnounceReply, encodeFailure } from "./announce_reply.ts";
import { AnswerCache } from "./answer_cache.ts";
import { renderDashboard } from "./dashboard.ts";
import type { PeerStore } from "./peer_store.ts";
import { QueryError } from "./query.ts";
import { encodeScrapeReply } from "./scrape_reply.ts";
import { trackerStats } from "./stats.ts";

/** What the tracker needs of an HTTP request. */
export interface TrackerRequest {
  readonly method: string;
  /** Path of the URL, from its first slash. */
  readonly path: string;
  /** What stands after the `?`, as it was sent; empty if there is none. */
  readonly query: string;
  /** Where the connection comes from: an IP address, perhaps IPv4-mapped IPv6. */
  readonly remoteHostname: string;
}

/** What goes back. */
export interface TrackerResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

/** How a tracker answers. */
export interface TrackerHandlerOptions {
  readonly store: PeerStore;
  /** Time peers are asked to wait between two announces, in milliseconds. */
  readonly intervalMs: number;
  /** Time they are asked to wait at least, in milliseconds. */
  readonly minIntervalMs: number;
  /** When the tracker started, on the clock of `handle`. */
  readonly startedAtMs: number;
}

/** Answers a request at a time in milliseconds. */
export type TrackerHandler = (
  request: TrackerRequest,
  nowMs: number,
) => TrackerResponse;

/** Makes the handler of one tracker. */
export function createTrackerHandler(
  options: TrackerHandlerOptions,
): TrackerHandler {
  const context = { ...options, answers: new AnswerCache<TrackerResponse>() };
  return (request, nowMs) => {
    const route = ROUTES.get(request.path);
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
    return route(request, nowMs, context);
  };
}

/** What routes share. */
interface RouteContext extends TrackerHandlerOptions {
  readonly answers: AnswerCache<TrackerResponse>;
}

type Route = (
  request: TrackerRequest,
  nowMs: number,
  context: RouteContext,
) => TrackerResponse;

const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["/announce", orFailure(announce)],
  ["/scrape", orFailure(scrape)],
  ["/stats", statsPage],
  ["/stats.json", statsJson],
  ["/", () => ({ status: 302, headers: { location: "/stats" }, body: "" })],
]);

function announce(
  request: TrackerRequest,
  nowMs: number,
  { store, intervalMs, minIntervalMs }: TrackerHandlerOptions,
): TrackerResponse {
  const { port, peerForm, ...announced } = parseAnnounceQuery(request.query);
  const hostname = canonicalHostname(request.remoteHostname);
  const outcome = store.announce(
    { ...announced, address: { hostname, port } },
    nowMs,
  );
  switch (outcome.type) {
    case "refused":
      return bencoded(encodeFailure(outcome.reason));
    case "accepted":
      return bencoded(encodeAnnounceReply({
        intervalMs,
        minIntervalMs,
        swarm: outcome.swarm,
        peers: outcome.peers,
        peerForm,
      }));
    default:
      return outcome satisfies never;
  }
}

/** Without an info hash the reply lists every torrent; unknown ones are left out. */
function scrape(
  request: TrackerRequest,
  nowMs: number,
  context: RouteContext,
): TrackerResponse {
  const { store } = context;
  const infoHashes = new Set(parseScrapeQuery(request.query));
  if (infoHashes.size === 0) {
    return ofAll(
      "scrape",
      nowMs,
      context,
      () => bencoded(encodeScrapeReply(store.swarms())),
    );
  }
  const entries = [...infoHashes].map((infoHash) => store.swarm(infoHash))
    .filter((entry) => entry !== undefined);
  return bencoded(encodeScrapeReply(entries));
}

function statsPage(
  _request: TrackerRequest,
  nowMs: number,
  context: RouteContext,
): TrackerResponse {
  return ofAll("stats page", nowMs, context, () => ({
    status: 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy":
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    },
    body: renderDashboard(statsAt(nowMs, context)),
  }));
}

function statsJson(
  _request: TrackerRequest,
  nowMs: number,
  context: RouteContext,
): TrackerResponse {
  return ofAll("stats", nowMs, context, () => ({
    status: 200,
    headers: {
      "content-type": "application/json",
      "cache-control": "no-store",
    },
    body: `${JSON.stringify(statsAt(nowMs, context))}\n`,
  }));
}

/** An answer that tells of every torrent. */
function ofAll(
  name: string,
  nowMs: number,
  { answers, store }: RouteContext,
  make: () => TrackerResponse,
): TrackerResponse {
  const swarmCount = store.totals().activeSwarmCount;
  return answers.get({ name, swarmCount, nowMs }, make);
}

function statsAt(
  nowMs: number,
  { store, startedAtMs }: TrackerHandlerOptions,
): ReturnType<typeof trackerStats> {
  return trackerStats(store, Math.floor((nowMs - startedAtMs) / 1000));
}

/** A query that cannot be read is answered with a failure reason. [BEP 3] */
function orFailure(route: Route): Route {
  return (request, nowMs, context) => {
    try {
      return route(request, nowMs, context);
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      return bencoded(encodeFailure(error.message));
    }
  };
}

/** One spelling for each address; what is no IP address stays as it is and is listed to nobody. */
function canonicalHostname(hostname: string): string {
  const bytes = parseIpAddress(hostname);
  return bytes === undefined ? hostname : formatIpAddress(bytes);
}

function bencoded(body: Uint8Array<ArrayBuffer>): TrackerResponse {
  const headers = {
    "content-type": "text/plain",
    // No compression: on a LAN it only costs time.
    "cache-control": "no-store, no-transform",
  };
  return { status: 200, headers, body };
}

function plain(status: number, body: string): TrackerResponse {
  return {
    status,
    headers: { "content-type": "text/plain; charset=utf-8" },
    body,
  };
}
