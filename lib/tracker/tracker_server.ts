/**
 * A tracker on real sockets: listens, passes each request to the tracker's
 * handlers and clears away silent peers. It owns the sockets and the timer, from
 * `openTracker` to `stop`; what is answered is the handlers'.
 *
 * @module
 */
import type { Permits } from "../base/address_filter.ts";
import type { TorrentCatalogue } from "../catalogue/torrent_catalogue.ts";
import { ANNOUNCE_INTERVAL, PEER_TIMEOUT } from "../announce/announce.ts";
import { encodeFailure } from "./announce_answer.ts";
import {
  adaptiveInterval,
  fixedInterval,
  MIN_ANNOUNCE_INTERVAL,
} from "./announce_interval.ts";
import { AnnounceRate } from "./announce_rate.ts";
import { type AnnounceEntry, GuardedStore } from "./guarded_store.ts";
import { createTrackerHandler, type TrackerResponse } from "./handler.ts";
import { ListedStore } from "./listed_store.ts";
import type { PeerStore, SwarmChange } from "./store/peer_store.ts";
import { MemoryStore } from "./store/memory_store.ts";
import { TrackerPage } from "./page/tracker_page.ts";
import { torrentRoutes } from "./torrent_routes.ts";
import { cleanUpEvery } from "./clean_up.ts";
import { serveHttp } from "../http/http_server.ts";
import { DEFAULT_TRACKER_PORT, urlHostname } from "./listen_for_tracker.ts";
import { openTrackerSockets } from "./tracker_sockets.ts";

/** Longest time between two searches for silent peers, in milliseconds. */
const MAX_CLEANUP_INTERVAL_MS = 10_000;

/** The share of the timeout that peers wait at most, so that none is forgotten who is there. */
const LONGEST_SHARE_OF_TIMEOUT = 2 / 3;

/** Time between two looks at the swarms for the page, in milliseconds. */
const PAGE_SAMPLE_INTERVAL_MS = 1_000;

/** What an asker hears of a fault of ours. */
const TRACKER_FAILED: TrackerResponse = {
  status: 200,
  headers: { "content-type": "text/plain", "cache-control": "no-store" },
  body: encodeFailure("the tracker failed"),
};

/** How to run a tracker. */
export interface StartTrackerOptions {
  /** One address to listen on. @default every address, IPv4 and IPv6 */
  readonly hostname?: string;
  /** 0 for any free one. @default DEFAULT_TRACKER_PORT */
  readonly port?: number;
  /** Whether it answers over UDP as well, by the same port. @default {false} */
  readonly udp?: boolean;
  /** Whether a host is answered, by its IP address; see `createAddressFilter`. @default everybody */
  readonly permits?: Permits;
  /**
   * Time between two announces of a peer, in milliseconds. @default short while a
   * swarm is young or incomplete, growing to ANNOUNCE_INTERVAL as far as the timeout allows
   */
  readonly intervalMs?: number;
  /** The least that a peer is to wait, in milliseconds. @default MIN_ANNOUNCE_INTERVAL */
  readonly minIntervalMs?: number;
  /** Silence after which a peer is forgotten, in milliseconds. @default PEER_TIMEOUT */
  readonly peerTimeoutMs?: number;
  /**
   * Where peers are kept. It stays the caller's, to be disposed of after the
   * tracker, and knows its own timeout and who hears of changes.
   * @default memory
   */
  readonly store?: PeerStore;
  /** Torrent files to list on the page and to serve. @default none */
  readonly catalogue?: TorrentCatalogue;
  /** Whether torrents that the catalogue does not list are refused. @default {false} */
  readonly onlyListed?: boolean;
  /** How a peer is run on another machine, for commands to copy. @default {"peer"} */
  readonly peerCommand?: string;
  /** The host that others reach this one by, for commands to copy. @default {"127.0.0.1"} */
  readonly publicHostname?: string;
  /** Whether askers are where a proxy's headers say they are. @default {false} */
  readonly trustProxy?: boolean;
  /** Hears of every announce and of what became of it. */
  readonly onAnnounce?: (entry: AnnounceEntry) => void;
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
  /** The same over UDP, if it answers there. */
  readonly udpAnnounceUrl: string | undefined;
  /** Closes the sockets and every connection; may be called again. */
  stop(): Promise<void>;
}

/** See `startTracker`. */
export function openTracker(options: StartTrackerOptions): RunningTracker {
  const {
    hostname,
    port = DEFAULT_TRACKER_PORT,
    udp = false,
    permits = () => true,
    minIntervalMs = MIN_ANNOUNCE_INTERVAL,
    peerTimeoutMs = PEER_TIMEOUT,
    catalogue,
    peerCommand = "peer",
    publicHostname = hostname,
    trustProxy = false,
    onAnnounce,
    onChange,
    onError = () => {},
  } = options;
  const intervalMs = options.intervalMs === undefined
    ? adaptiveInterval(
      Math.min(ANNOUNCE_INTERVAL, peerTimeoutMs * LONGEST_SHARE_OF_TIMEOUT),
    )
    : fixedInterval(options.intervalMs);
  const peers = options.store ?? new MemoryStore({
    peerTimeoutMs,
    random: Math.random,
    ...(onChange && { onChange }),
  });
  const store = new GuardedStore(asListed(peers, options), {
    rate: new AnnounceRate({ random: Math.random }),
    onAnnounce,
  });
  const page = new TrackerPage({
    store,
    catalogue,
    peerCommand,
    origin: () => `http://${urlHostname(publicHostname)}:${chosenPort}`,
    startedAtMs: performance.now(),
    peerTimeoutMs,
    pause: () => new Promise((resolve) => setTimeout(resolve)),
  });
  const handle = createTrackerHandler({
    store,
    intervalMs,
    minIntervalMs,
    trustProxy,
    routes: new Map([
      ...page.routes,
      ...catalogue === undefined ? [] : torrentRoutes(catalogue),
    ]),
  });
  const sockets = openTrackerSockets(
    { hostname, port },
    udp ? { store, intervalMs, permits, onError } : undefined,
  );
  const server = serveHttp(sockets.listeners, {
    handle,
    permits,
    // All come from the proxy then.
    ...(trustProxy && { maxConnectionsPerAddress: Infinity }),
    onError: (error) => {
      onError(error);
      return TRACKER_FAILED;
    },
  });
  const cleanUp = cleanUpEvery(
    Math.min(peerTimeoutMs / 4, MAX_CLEANUP_INTERVAL_MS),
    store,
  );
  const sampling = setInterval(
    () => void page.sample(performance.now()).catch(onError),
    PAGE_SAMPLE_INTERVAL_MS,
  );
  const stop = async (): Promise<void> => {
    cleanUp[Symbol.dispose]();
    clearInterval(sampling);
    page.close();
    await Promise.all([server.stop(), sockets.udp?.stop()]);
  };
  const chosenPort = sockets.listeners[0]!.addr.port;
  const place = `${urlHostname(hostname)}:${chosenPort}/announce`;
  return {
    port: chosenPort,
    announceUrl: `http://${place}`,
    udpAnnounceUrl: udp ? `udp://${place}` : undefined,
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
