/**
 * Assembles a tracker on real sockets: the store with its limits, the handlers of
 * both protocols, the page, and the timers. Owns the sockets and the timers until
 * `stop`.
 *
 * @module
 */
import { guardListener } from "../base/guard_listener.ts";
import { ANNOUNCE_INTERVAL, PEER_TIMEOUT } from "../announce/announce.ts";
import { isUnicast } from "../base/ip_address.ts";
import { formatPeerAddress } from "../base/peer_address.ts";
import { serveHttp } from "../http/http_server.ts";
import { OwnInterfaces } from "../net/own_interfaces.ts";
import { encodeFailure } from "./announce_answer.ts";
import { bencoded, createTrackerHandler } from "./http_handler.ts";
import { TrackerPage } from "./page/tracker_page.ts";
import { MemoryStore } from "./store/memory_store.ts";
import type { PeerStore } from "./store/peer_store.ts";
import { torrentRoutes } from "./torrent_routes.ts";
import {
  adaptiveInterval,
  AnnounceRate,
  MIN_ANNOUNCE_INTERVAL_MS,
  Tracker,
} from "./tracker.ts";
import {
  DEFAULT_TRACKER_PORT,
  type RunningTracker,
  type StartTrackerOptions,
} from "./tracker_options.ts";
import { openTrackerSockets } from "./tracker_sockets.ts";
import { CONNECTION_KEY_LENGTH, createUdpHandler } from "./udp_handler.ts";

/** Longest time between two searches for silent peers. */
const MAX_CLEANUP_INTERVAL_MS = 10_000;
/** Pause between two parts of one search. */
const CLEANUP_PAUSE_MS = 4;
/** Longest interval as a share of the timeout, so that no announcing peer is forgotten. */
const LONGEST_SHARE_OF_TIMEOUT = 2 / 3;
/** Time between two samples of the swarms for the page. */
const PAGE_SAMPLE_INTERVAL_MS = 1_000;

/** The response where the tracker itself fails. */
const TRACKER_FAILED = bencoded(encodeFailure(
  "the tracker failed because of an error of its own; its output says more",
));

export function openTracker(options: StartTrackerOptions): RunningTracker {
  const {
    hostname,
    permits,
    peerTimeoutMs = PEER_TIMEOUT,
    catalogue,
    publicHostname = hostname ?? "127.0.0.1",
    trustProxy = false,
    onAnnounce,
    onChange,
  } = options;
  const onError = guardListener(options.onError);
  const { intervalMs, extension = {} } = options;
  const longestMs = peerTimeoutMs * LONGEST_SHARE_OF_TIMEOUT;
  if (options.onlyListed && catalogue === undefined) {
    throw new TypeError("Cannot refuse unlisted torrents without a catalogue");
  }
  const store = options.store ?? new MemoryStore({
    peerTimeoutMs,
    random: Math.random,
    onChange: onChange && guardListener(onChange, onError),
  });
  const tracker = new Tracker({
    store,
    intervalMs: intervalMs === undefined
      ? adaptiveInterval(Math.min(longestMs, ANNOUNCE_INTERVAL))
      : () => intervalMs,
    rate: new AnnounceRate({ random: Math.random }),
    onlyListed: options.onlyListed ? catalogue : undefined,
    onAnnounce: onAnnounce && guardListener(onAnnounce, onError),
  });
  const interfaces = new OwnInterfaces();
  const { port, listeners, udp } = openTrackerSockets({
    hostname,
    port: options.port ?? DEFAULT_TRACKER_PORT,
    handle: options.udp
      ? createUdpHandler({
        tracker,
        secret: crypto.getRandomValues(new Uint8Array(CONNECTION_KEY_LENGTH)),
        localHostname: hostname !== undefined && isUnicast(hostname)
          ? () => hostname
          : (remoteHostname) => interfaces.addressFor(remoteHostname),
      })
      : undefined,
    permits,
    onError,
  });
  const page = new TrackerPage({
    store,
    catalogue,
    peerCommand: options.peerCommand ?? "peer",
    intro: extension.intro,
    overview: extension.overview,
    origin: () =>
      `http://${formatPeerAddress({ hostname: publicHostname, port })}`,
    startedAtMs: performance.now(),
    peerTimeoutMs,
    pause: () => new Promise((resolve) => setTimeout(resolve)),
    metrics: extension.metrics,
  });
  const server = serveHttp(listeners, {
    handle: createTrackerHandler({
      tracker,
      minIntervalMs: options.minIntervalMs ?? MIN_ANNOUNCE_INTERVAL_MS,
      trustProxy,
      pageNames: [hostname, publicHostname, ...options.pageNames ?? []]
        .filter((name) => name !== undefined),
      routes: new Map([
        ...page.routes,
        ...catalogue === undefined ? [] : torrentRoutes(catalogue),
        ...extension.routes ?? [],
      ]),
      command: extension.command,
    }),
    // A browser must not take an answer for a script or a page that is none.
    headers: { "x-content-type-options": "nosniff" },
    // All connections come from the proxy then.
    ...(trustProxy && { maxConnectionsPerAddress: Infinity }),
    permits,
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
    await Promise.all([server.stop(), udp?.stop()]);
  };
  const address = { hostname: hostname ?? "127.0.0.1", port };
  const place = `${formatPeerAddress(address)}/announce`;
  return {
    port,
    announceUrl: `http://${place}`,
    udpAnnounceUrl: udp && `udp://${place}`,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/**
 * Removes silent peers, a part at a time: between two parts the tracker answers
 * clients, and the scheduler does not take it for a program that only computes.
 */
function cleanUpEvery(intervalMs: number, store: PeerStore): Disposable {
  const cleanUp = (): void => {
    const hasMore = store.expire(performance.now());
    timer = setTimeout(cleanUp, hasMore ? CLEANUP_PAUSE_MS : intervalMs);
  };
  let timer = setTimeout(cleanUp, intervalMs);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
