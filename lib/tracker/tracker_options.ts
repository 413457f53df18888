/**
 * The options of a tracker, and the handle of a running one. A separate file so
 * that programs can name them before the tracker itself is loaded.
 *
 * @module
 */
import type { Permits } from "../base/address_filter.ts";
import type { TorrentCatalogue } from "../catalogue/torrent_catalogue.ts";
import type { Html } from "./page/html.ts";
import type { MetricFamily } from "./page/metrics.ts";
import type { MainPart } from "./page/table.ts";
import type { PageView } from "./page/view.ts";
import type { PeerStore, SwarmChange } from "./store/peer_store.ts";
import type { CommandHandler, TrackerHandler } from "./http_handler.ts";
import type { AnnounceEntry } from "./tracker.ts";

/** The port that a tracker listens on by default. */
export const DEFAULT_TRACKER_PORT = 8000;

/** The tracker cannot listen there; another port or address may serve. */
export class TrackerStartError extends Error {
  /** Stands before the message when the error is printed. */
  override readonly name = "TrackerStartError";
}

/** Options of `startTracker`. */
export interface StartTrackerOptions {
  /** One address to listen on. @default every address, IPv4 and IPv6 */
  readonly hostname?: string;
  /** 0 for any free port. @default DEFAULT_TRACKER_PORT */
  readonly port?: number;
  /** Serves UDP as well, on the same port number. @default {false} */
  readonly udp?: boolean;
  /** Decides by its IP address whether a host is served; see `createAddressFilter`. @default all are */
  readonly permits?: Permits;
  /**
   * Time between two announces of a peer, in milliseconds. @default short while a
   * swarm is young or incomplete, growing to ANNOUNCE_INTERVAL as far as the timeout allows
   */
  readonly intervalMs?: number;
  /** Least time between two announces, in milliseconds. @default MIN_ANNOUNCE_INTERVAL_MS */
  readonly minIntervalMs?: number;
  /** Silence after which a peer is forgotten, in milliseconds. @default PEER_TIMEOUT */
  readonly peerTimeoutMs?: number;
  /**
   * Keeps the peers. The caller disposes of it after the tracker. It has its own
   * timeout and reports changes to its own listener.
   * @default memory
   */
  readonly store?: PeerStore;
  /** Torrent files to list on the page and to serve. @default none */
  readonly catalogue?: TorrentCatalogue;
  /** Refuses torrents that the catalogue does not list. @default {false} */
  readonly onlyListed?: boolean;
  /** Command that runs a peer on another machine, shown on the page. @default {"peer"} */
  readonly peerCommand?: string;
  /** Host name of this machine for others, shown on the page. @default {"127.0.0.1"} */
  readonly publicHostname?: string;
  /**
   * Names for which the page, the statistics and the torrent files answer, beside
   * every IP address, `localhost`, `hostname` and `publicHostname`. A web site can
   * point any other name at the tracker and read them in a browser of its network.
   * @default none
   */
  readonly pageNames?: readonly string[];
  /**
   * More that the tracker serves.
   * @internal For `startShareServer`.
   * @default nothing
   */
  readonly extension?: TrackerExtension;
  /** Takes the addresses of clients from a proxy's headers. @default {false} */
  readonly trustProxy?: boolean;
  /** Reports every announce and its outcome. Its exceptions go to `onError`. */
  readonly onAnnounce?: (entry: AnnounceEntry) => void;
  /** Reports every peer that joins, completes or leaves. Its exceptions go to `onError`. */
  readonly onChange?: (change: SwarmChange) => void;
  /** Reports errors of the tracker itself; the client gets a failure reason. Its exceptions are ignored. */
  readonly onError?: (error: unknown) => void;
}

/** The share server's part of a tracker; its routes answer under the names of `pageNames`. */
export interface TrackerExtension {
  /** Writes the part above the page of all torrents, for a reader who reaches the tracker at `origin`. */
  readonly intro?: (origin: string) => Html | undefined;
  /** Writes the page in the place of that of all torrents. @default {that of all torrents} */
  readonly overview?: (view: PageView, nowMs: number) => MainPart | undefined;
  /** By path, also in the place of the tracker's own. One that ends with a slash stands for all that begin with it. */
  readonly routes?: ReadonlyMap<string, TrackerHandler>;
  /** Takes POST requests. @default none are taken */
  readonly command?: CommandHandler;
  /** Further numbers for `/metrics`, as they are at a time in milliseconds. */
  readonly metrics?: (nowMs: number) => readonly MetricFamily[];
}

/** A running tracker. */
export interface RunningTracker extends AsyncDisposable {
  /** The port that it listens on. */
  readonly port: number;
  /** An announce URL that works on this machine. */
  readonly announceUrl: string;
  /** The same over UDP, if the tracker serves it. */
  readonly udpAnnounceUrl: string | undefined;
  /** Closes the sockets and every connection. May be called again. */
  stop(): Promise<void>;
}
