/**
 * The HTTP side of a tracker, as a function from request to response: routes,
 * announces and scrapes. It knows no socket, and the store keeps the peers. A
 * malformed announce gets a failure reason with status 200, because BitTorrent
 * clients show only that to their users. Web sites reach a tracker through the
 * browsers of its network: none of them may announce, nor read a route under a
 * name that its owner has pointed at the tracker (DNS rebinding).
 *
 * @module
 */
import { formatIpAddress, parseIpAddress } from "../base/ip_address.ts";
import { FIRST_UNPRIVILEGED_PORT } from "../base/peer_address.ts";
import type { HttpRequest } from "../http/request.ts";
import { type HttpResponse, TEXT_HEADERS } from "../http/response.ts";
import {
  encodeAnnounceAnswer,
  encodeFailure,
  encodeScrapeReply,
  ReplyWriter,
} from "./announce_answer.ts";
import {
  parseAnnounceQuery,
  parseScrapeQuery,
  QueryReader,
} from "./announce_query.ts";
import { reasonOfRefusal, type Tracker } from "./tracker.ts";

/** A request, as far as the tracker reads it. */
export type TrackerRequest =
  & Pick<
    HttpRequest,
    "method" | "path" | "query" | "remoteHostname" | "header" | "isFromBrowser"
  >
  & Partial<Pick<HttpRequest, "localHostname">>;

/** Answers GET and HEAD at a time in milliseconds; the body of a response to HEAD is not sent. */
export type TrackerHandler = (
  request: TrackerRequest,
  nowMs: number,
) => HttpResponse | Promise<HttpResponse>;

/** Performs a POST request and answers it; `undefined` if the path accepts no POST. */
export type CommandHandler = (
  request: TrackerRequest,
  nowMs: number,
) => HttpResponse | undefined;

export interface TrackerHandlerOptions {
  readonly tracker: Tracker;
  /** Least time between two announces of a peer. */
  readonly minIntervalMs: number;
  /**
   * Takes a client's address from a proxy's headers, or else from its `ip`
   * parameter. Without a proxy any client could name any address. @default {false}
   */
  readonly trustProxy?: boolean;
  /**
   * Further routes. A path that ends with a slash stands for all that begin with
   * it; `/` alone is only itself.
   * @default none
   */
  readonly routes?: ReadonlyMap<string, TrackerHandler>;
  /** Takes POST requests. @default none are taken */
  readonly command?: CommandHandler;
  /**
   * Names for which the further routes answer, beside `localhost` and every IP
   * address. @default none
   */
  readonly pageNames?: readonly string[];
}

/** Port of clients that do not listen but cannot announce 0. */
const DISCARD_PORT = 9;
/** Most torrents in one scrape; more would delay the other clients. */
const MAX_SCRAPED_COUNT = 20_000;
/** Most torrents for which a scrape of all torrents is never cached. */
const FEW_TORRENTS = 200;
/** Time for which a longer scrape is cached: a scrape of 20,000 torrents takes 30 ms. */
const KEEP_SCRAPE_MS = 5_000;

interface Context extends TrackerHandlerOptions {
  /** The last long scrape of all torrents. */
  keptScrape: { readonly response: HttpResponse; readonly madeAtMs: number };
  readonly reader: QueryReader;
  readonly writer: ReplyWriter;
}

export function createTrackerHandler(
  options: TrackerHandlerOptions,
): TrackerHandler {
  const context: Context = {
    ...options,
    keptScrape: { response: NOT_FOUND, madeAtMs: -Infinity },
    reader: new QueryReader(),
    writer: new ReplyWriter(),
  };
  const names = new Set(
    ["localhost", ...options.pageNames ?? []].map(canonicalName),
  );
  const routes = new Map<string, TrackerHandler>([
    ["/announce", orFailure((...asked) => announce(...asked, context))],
    ["/scrape", orFailure((...asked) => scrape(...asked, context))],
    ...options.routes ?? [],
  ]);
  return (request, nowMs) => {
    const isOpen = OPEN_PATHS.has(request.path);
    if (!isOpen && !isNamed(request, names)) return misdirected(request);
    const route = routes.get(request.path) ??
      routes.get(folderOf(request.path));
    if (route === undefined) return NOT_FOUND;
    if (request.method === "GET" || request.method === "HEAD") {
      return route(request, nowMs);
    }
    const answer = request.method === "POST"
      ? options.command?.(request, nowMs)
      : undefined;
    return answer ?? METHOD_NOT_ALLOWED;
  };
}

/** Paths that answer under any name, as a web page learns nothing from them. */
const OPEN_PATHS: ReadonlySet<string> = new Set([
  "/announce",
  "/scrape",
  "/healthz",
]);

/** A name as it is compared: in lower case, without the dot of the root. */
function canonicalName(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

/** The name in the `Host` header; `undefined` without one, as browsers never are. */
function nameOf(request: TrackerRequest): string | undefined {
  return request.header("host")?.replace(/:\d*$/, "");
}

/** True if the client names the tracker by an IP address or by one of the names. */
function isNamed(request: TrackerRequest, names: ReadonlySet<string>): boolean {
  const name = nameOf(request);
  if (name === undefined || names.has(canonicalName(name))) return true;
  // The zone of a link-local address matters to the client alone.
  const [, ipv6] = /^\[([^%\]]*)(?:%.*)?\]$/.exec(name) ?? [];
  return parseIpAddress(ipv6 ?? name) !== undefined;
}

/** Names the remedy, with the name only if it can be one. */
function misdirected(request: TrackerRequest): HttpResponse {
  const name = /^[\w.-]{1,253}$/.exec(nameOf(request) ?? "")?.[0] ?? "NAME";
  const body =
    `This tracker does not answer to that name. Open it by its IP address, ` +
    `or start the tracker with --page-name ${name}.\n`;
  return { status: 421, headers: TEXT_HEADERS, body };
}

/** `/torrents/` for `/torrents/some.torrent`; empty for a path without a second slash. */
function folderOf(path: string): string {
  return path.slice(0, path.indexOf("/", 1) + 1);
}

/** Turns a malformed query into a failure reason. [BEP 3] Refuses browsers. */
function orFailure(
  route: (request: TrackerRequest, nowMs: number) => HttpResponse,
): TrackerHandler {
  return (request, nowMs) => {
    if (request.isFromBrowser) return bencoded(encodeFailure(NO_BROWSERS));
    try {
      return route(request, nowMs);
    } catch (error) {
      return bencoded(encodeFailure(reasonOfRefusal(error)));
    }
  };
}

const NO_BROWSERS = "the tracker does not answer web browsers here: " +
  "announce without Origin, Referer and Sec-Fetch headers, " +
  "and with a user agent that does not begin with Mozilla/";

/** HEAD must not change anything, so it does not announce. [RFC 9110, 9.3.2] */
function announce(
  request: TrackerRequest,
  nowMs: number,
  context: Context,
): HttpResponse {
  if (request.method === "HEAD") return bencoded(new Uint8Array());
  const query = parseAnnounceQuery(request.query, context.reader);
  const { peerForm, port } = query;
  const hostname = context.trustProxy
    ? forwardedHostname(request, query.ip) ?? request.remoteHostname
    : request.remoteHostname;
  const wantsIds = peerForm === "dictionaries";
  // Behind a proxy, the local address is the one that the proxy connected to.
  const localHostname = context.trustProxy
    ? undefined
    : () => request.localHostname;
  const announce = { ...query, hostname, localHostname, wantsIds };
  const outcome = context.tracker.announce(announce, nowMs);
  if (outcome.type === "refused") {
    return bencoded(encodeFailure(outcome.reason, outcome.retryInMs));
  }
  const intervalMs = context.tracker.options.intervalMs(outcome);
  const answer = {
    intervalMs,
    minIntervalMs: Math.min(context.minIntervalMs, intervalMs),
    swarm: outcome.swarm,
    peers: outcome.peers,
    peerForm,
    externalHostname: hostname,
    warning: outcome.warning ?? portWarning(port),
  };
  return bencoded(encodeAnnounceAnswer(answer, context.writer));
}

/** Explains to the few clients that listen on a system port why no peer connects. */
function portWarning(port: number): string | undefined {
  if (port >= FIRST_UNPRIVILEGED_PORT || port === 0 || port === DISCARD_PORT) {
    return undefined;
  }
  return `port ${port} is below ${FIRST_UNPRIVILEGED_PORT}: ` +
    "other peers will not be given your address; " +
    "choose a higher port in your client's settings";
}

/** Answers a scrape. Leaves out unknown torrents. */
function scrape(
  request: TrackerRequest,
  nowMs: number,
  context: Context,
): HttpResponse {
  const infoHashes = parseScrapeQuery(request.query, context.reader);
  if (infoHashes.length === 0) return scrapeAll(nowMs, context);
  const outcome = context.tracker.scrape([...new Set(infoHashes)]);
  return bencoded(
    outcome.type === "refused"
      ? encodeFailure(outcome.reason)
      : encodeScrapeReply(outcome.entries, context.writer),
  );
}

function scrapeAll(nowMs: number, context: Context): HttpResponse {
  const { keptScrape, tracker: { options: { store } }, writer } = context;
  const { activeSwarmCount } = store.totals();
  if (activeSwarmCount > MAX_SCRAPED_COUNT) {
    const reason = `the tracker has more than ${MAX_SCRAPED_COUNT} torrents: ` +
      "name the torrents that you want by info_hash";
    return bencoded(encodeFailure(reason));
  }
  const isLong = activeSwarmCount > FEW_TORRENTS;
  if (isLong && nowMs - keptScrape.madeAtMs < KEEP_SCRAPE_MS) {
    return keptScrape.response;
  }
  const response = bencoded(encodeScrapeReply(store.swarms(), writer));
  context.keptScrape = { response, madeAtMs: isLong ? nowMs : -Infinity };
  return response;
}

/**
 * The client's address behind a proxy, in canonical text: the first IP address of
 * `Forwarded` [RFC 7239], `X-Forwarded-For`, `X-Real-IP` and the `ip` parameter.
 * The last address in a header counts: the proxy added that address, the others came
 * with the request.
 */
export function forwardedHostname(
  request: Pick<TrackerRequest, "header">,
  ip?: string,
): string | undefined {
  const forwarded = lastOf(request.header("forwarded")) ?? "";
  const node = /(?:^|;)\s*for=("?)([^";]*)\1\s*(?:;|$)/i.exec(forwarded)?.[2];
  return canonicalHostname(node) ??
    canonicalHostname(lastOf(request.header("x-forwarded-for"))) ??
    canonicalHostname(request.header("x-real-ip")) ??
    canonicalHostname(ip);
}

function lastOf(list: string | undefined): string | undefined {
  return list?.slice(list.lastIndexOf(",") + 1).trim();
}

/** Reads `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`. */
function canonicalHostname(node = ""): string | undefined {
  const [, bracketed, ipv4] = /^\[(.*)\](?::\d+)?$|^([\d.]+):\d+$/
    .exec(node.trim()) ?? [];
  const bytes = parseIpAddress(bracketed ?? ipv4 ?? node.trim());
  return bytes && formatIpAddress(bytes);
}

/** One object for all, because the server writes known headers faster. */
const BENCODED_HEADERS: HttpResponse["headers"] = {
  "content-type": "text/plain",
  // No compression: on a LAN it only costs time.
  "cache-control": "no-store, no-transform",
};

export function bencoded(body: Uint8Array<ArrayBuffer>): HttpResponse {
  return { status: 200, headers: BENCODED_HEADERS, body };
}

const NOT_FOUND: HttpResponse = {
  status: 404,
  headers: TEXT_HEADERS,
  body: "Not found. Clients announce to /announce; the page is at /.\n",
};

const METHOD_NOT_ALLOWED: HttpResponse = {
  status: 405,
  headers: { ...TEXT_HEADERS, allow: "GET, HEAD" },
  body: "Only GET and HEAD are supported.\n",
};
