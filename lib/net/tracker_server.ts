/**
 * A tracker on real sockets: listens, passes each HTTP request to the tracker's
 * handler and clears away silent peers. It owns the sockets and the timer, from
 * `startTracker` to `stop`; what is answered is the handler's.
 *
 * @module
 */
import type { TorrentCatalogue } from "../base/torrent_catalogue.ts";
import { bindEverywhere } from "./listen_everywhere.ts";
import { ANNOUNCE_INTERVAL, PEER_TIMEOUT } from "../tracker/announce.ts";
import { encodeFailure } from "../tracker/announce_reply.ts";
import { createTrackerHandler } from "../tracker/handler.ts";
import { ListedStore } from "../tracker/listed_store.ts";
import type { PeerStore, SwarmChange } from "../tracker/peer_store.ts";
import { MemoryStore } from "../tracker/memory_store.ts";
import { TrackerPage } from "../tracker/page/routes.ts";
import { torrentRoutes } from "../tracker/torrent_routes.ts";

/** The port of a tracker that is told none. */
export const DEFAULT_TRACKER_PORT = 8000;

/** Longest time between two searches for silent peers, in milliseconds. */
const MAX_CLEANUP_INTERVAL_MS = 10_000;

/** Time between two looks at the swarms for the page, in milliseconds. */
const PAGE_SAMPLE_INTERVAL_MS = 1_000;

/** The tracker cannot listen: another port or address is to be chosen. */
export class TrackerStartError extends Error {
  /** Stands before the message when the error is printed. */
  override readonly name = "TrackerStartError";
}

/** How to run a tracker. */
export interface StartTrackerOptions {
  /** One address to listen on. @default every address, IPv4 and IPv6 */
  readonly hostname?: string;
  /** 0 for any free one. @default DEFAULT_TRACKER_PORT */
  readonly port?: number;
  /** Time between two announces of a peer, in milliseconds. @default ANNOUNCE_INTERVAL */
  readonly intervalMs?: number;
  /** The least that a peer is to wait, in milliseconds. @default a quarter of the interval */
  readonly minIntervalMs?: number;
  /** Silence after which a peer is forgotten, in milliseconds. @default PEER_TIMEOUT */
  readonly peerTimeoutMs?: number;
  /** Torrent files to list on the page and to serve. @default none */
  readonly catalogue?: TorrentCatalogue;
  /** Whether torrents that the catalogue does not list are refused. @default {false} */
  readonly onlyListed?: boolean;
  /** How a peer is run on another machine, for commands to copy. @default {"peer"} */
  readonly peerCommand?: string;
  /** Hears of every peer that joins, completes or goes. */
  readonly onChange?: (change: SwarmChange) => void;
  /** Hears of faults in the tracker itself; the asker gets a failure reason. */
  readonly onError?: (error: unknown) => void;
}

/** A tracker that runs. */
export interface RunningTracker extends AsyncDisposable {
  /** The port that it listens on. */
  readonly port: number;
  /** An announce URL that works on this machine. */
  readonly announceUrl: string;
  /** Closes the sockets and every connection; may be called again. */
  stop(): Promise<void>;
}

/**
 * Starts a tracker that keeps its peers in memory.
 * @throws {TrackerStartError} If it cannot listen there.
 * @throws {TypeError} If it is for listed torrents only, but has no catalogue.
 */
export function startTracker(
  options: StartTrackerOptions = {},
): RunningTracker {
  const {
    hostname,
    port = DEFAULT_TRACKER_PORT,
    intervalMs = ANNOUNCE_INTERVAL,
    minIntervalMs = intervalMs / 4,
    peerTimeoutMs = PEER_TIMEOUT,
    catalogue,
    peerCommand,
    onChange,
    onError = () => {},
  } = options;
  const peers = new MemoryStore({
    peerTimeoutMs,
    random: Math.random,
    ...(onChange && { onChange }),
  });
  const store = asListed(peers, options);
  const page = new TrackerPage({
    store,
    catalogue,
    peerCommand,
    startedAtMs: performance.now(),
    peerTimeoutMs,
    sha256,
  });
  const handle = createTrackerHandler({
    store,
    intervalMs,
    minIntervalMs,
    routes: new Map([
      ...page.routes,
      ...catalogue === undefined ? [] : torrentRoutes(catalogue),
    ]),
  });
  const closing = new AbortController();
  const servers = listen({ hostname, port }, (at) =>
    Deno.serve({
      ...at,
      signal: closing.signal,
      // Instead of the line that Deno prints.
      onListen: () => {},
      onError: (error) => {
        onError(error);
        return new Response(encodeFailure("the tracker failed"));
      },
    }, async (request, { remoteAddr }) => {
      const { status, headers, body } = await handle({
        method: request.method,
        ...splitUrl(request.url),
        remoteHostname: remoteAddr.hostname,
        header: (name) => request.headers.get(name) ?? undefined,
      }, performance.now());
      const content = typeof body === "string" || body instanceof Uint8Array
        ? body
        : ReadableStream.from(body);
      return new Response(content, { status, headers });
    }));
  const cleanup = setInterval(
    () => store.expire(performance.now()),
    Math.min(peerTimeoutMs / 4, MAX_CLEANUP_INTERVAL_MS),
  );
  const sampling = setInterval(
    () => void page.sample(performance.now()).catch(onError),
    PAGE_SAMPLE_INTERVAL_MS,
  );
  const stop = async (): Promise<void> => {
    clearInterval(cleanup);
    clearInterval(sampling);
    page.close();
    // Not `shutdown()`: in Deno 2.4 it waits for connections that say nothing.
    closing.abort();
    await Promise.all(servers.map((server) => server.finished));
  };
  const chosenPort = servers[0]!.addr.port;
  return {
    port: chosenPort,
    announceUrl: `http://${urlHostname(hostname)}:${chosenPort}/announce`,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** The store, for listed torrents alone if that is asked for. */
function asListed(
  store: PeerStore,
  { catalogue, onlyListed = false }: StartTrackerOptions,
): PeerStore {
  if (!onlyListed) return store;
  if (catalogue !== undefined) return new ListedStore(store, catalogue);
  throw new TypeError("Cannot refuse unlisted torrents without a catalogue");
}

async function sha256(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

type TrackerSocket = Deno.HttpServer<Deno.NetAddr>;

/** Where to listen; without a host name on every address. */
interface ListenAt {
  readonly hostname: string | undefined;
  readonly port: number;
}

/** Listens on one address, or on all. */
function listen(
  at: ListenAt,
  serve: (at: { hostname: string; port: number }) => TrackerSocket,
): TrackerSocket[] {
  try {
    if (at.hostname !== undefined) {
      return [serve({ hostname: at.hostname, port: at.port })];
    }
    return bindEverywhere(at.port, {
      bind: (hostname, port) => serve({ hostname, port }),
      portOf: (server) => server.addr.port,
      // Nobody was told of it yet, so nobody waits for its end.
      close: (server) => void server.shutdown(),
    });
  } catch (error) {
    throw new TrackerStartError(
      `Cannot listen on ${describe(at)}: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) return "the port is taken";
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return "this machine has no such address";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return "the system does not allow it";
  }
  return error instanceof Error ? error.message : String(error);
}

function describe({ hostname, port }: ListenAt): string {
  return hostname === undefined
    ? `port ${port}`
    : `${urlHostname(hostname)}:${port}`;
}

function urlHostname(hostname = "127.0.0.1"): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

/** Path and raw query of a URL; `URL` would rewrite the query's bytes. */
function splitUrl(url: string): { path: string; query: string } {
  const pathStart = url.indexOf("/", url.indexOf("://") + 3);
  const queryStart = url.indexOf("?", pathStart);
  return queryStart === -1 ? { path: url.slice(pathStart), query: "" } : {
    path: url.slice(pathStart, queryStart),
    query: url.slice(queryStart + 1),
  };
}
