/**
 * The routes by which a tracker shows itself: the page with its parts and events,
 * statistics for programs and for Prometheus, and a health check. Everything is
 * read from the store on request; only the speeds of the last minutes are kept.
 *
 * @module
 */
import type { TorrentCatalogue } from "../../catalogue/torrent_catalogue.ts";
import { originOf } from "../../catalogue/torrent_links.ts";
import {
  EVENT_HEADERS,
  type HttpResponse,
  JSON_HEADERS,
  jsonResponse,
  textResponse,
} from "../../http/response.ts";
import type { TrackerHandler, TrackerRequest } from "../http_handler.ts";
import {
  renderDocument,
  type RenderedView,
  renderPage,
  renderView,
  securityHeaders,
} from "./document.ts";
import { EventHub } from "./event_hub.ts";
import { type MetricFamily, renderMetrics } from "./metrics.ts";
import { SpeedHistory } from "./speed_history.ts";
import { renderStats, torrentHostStats } from "./stats.ts";
import {
  findTorrent,
  type PageSources,
  readHosts,
  SnapshotReader,
  type TrackerSnapshot,
} from "./tracker_snapshot.ts";
import { type PageView, readPageView, viewAddress } from "./view.ts";

export interface TrackerPageOptions extends
  Pick<
    PageSources,
    "store" | "startedAtMs" | "peerCommand" | "intro" | "overview"
  > {
  /** The torrent files that are offered. @default none */
  readonly catalogue?: TorrentCatalogue | undefined;
  /** Time without an announce after which a peer is removed, in milliseconds. */
  readonly peerTimeoutMs: number;
  /** Scheme, host and port of the tracker, for requests without a valid `Host`. */
  readonly origin: () => string;
  /** Lets other requests have their turn during long work. */
  readonly pause: () => Promise<void>;
  /** Further numbers for Prometheus. @default none */
  readonly metrics?: (nowMs: number) => readonly MetricFamily[];
}

/** Share of the peers' timeout after which a host is `silent`. */
const SILENT_SHARE = 5 / 6;

/** Views of one snapshot that are kept at most. */
const MAX_KEPT_VIEWS = 20;

type Views = Map<string, RenderedView>;
type StatsBody = ReturnType<typeof renderStats>;

export class TrackerPage {
  readonly routes = new Map(Object.entries<TrackerHandler>({
    "/": (...args) => this.#page(...args),
    "/stats": (...args) => this.#page(...args),
    "/view": (...args) => this.#page(...args),
    "/events": (request) => this.#events(request),
    "/stats.json": (...args) => this.#stats(...args),
    "/metrics": (_, nowMs) => this.#metrics(nowMs),
    "/healthz": () => textResponse(200, "ok\n"),
  }));
  readonly #options: TrackerPageOptions;
  readonly #snapshots: SnapshotReader;
  readonly #history = new SpeedHistory();
  readonly #hub: EventHub;
  /** Views and statistics of a snapshot, for as long as it serves. */
  readonly #views = new WeakMap<TrackerSnapshot, Views>();
  readonly #statsBodies = new WeakMap<TrackerSnapshot, StatsBody>();
  #securityHeaders: Promise<Record<string, string>> | undefined;

  constructor(options: TrackerPageOptions) {
    const { store, catalogue, pause } = options;
    this.#options = options;
    this.#snapshots = new SnapshotReader(store, catalogue);
    this.#hub = new EventHub((view, nowMs) => {
      const snapshot = this.#snapshots.read("shared", nowMs);
      return this.#render(view, snapshot, nowMs);
    }, pause);
  }

  /** Records the speeds and tells open pages what changed; to be called once a second. */
  async sample(nowMs: number): Promise<void> {
    if (this.#history.isDue(nowMs)) {
      const { store } = this.#options;
      // The swarms of an idle tracker need not be read.
      const { bytesPerSecond } = store.totals();
      const swarms = bytesPerSecond > 0 ? store.swarms() : [];
      this.#history.sample(swarms, nowMs);
    }
    await this.#hub.sample(nowMs);
  }

  /** Ends the event streams. */
  close(): void {
    this.#hub.close();
  }

  /** The page as a document or, for its script, in parts of a shared snapshot. */
  async #page(
    request: TrackerRequest,
    nowMs: number,
  ): Promise<HttpResponse> {
    const view = this.#viewOf(request);
    if (view === undefined) return NO_SUCH_TORRENT;
    const isPart = request.path === "/view";
    const wanted = isPart ? "shared" : "fresh";
    const snapshot = this.#snapshots.read(wanted, nowMs);
    await this.#options.pause();
    const rendered = this.#render(view, snapshot, nowMs);
    const isKnown = view.infoHash === undefined ||
      findTorrent(view.infoHash, snapshot) !== undefined;
    const page = /(?:^|&)page=(\d{1,3})(?:&|$)/.exec(request.query)?.[1] ?? 0;
    const body = isPart
      ? renderPage(rendered, Number(page))
      : renderDocument(rendered);
    return textResponse(isKnown ? 200 : 404, body, {
      "content-type": "text/html; charset=utf-8",
      "snapshot-version": String(rendered.version),
      ...await (this.#securityHeaders ??= securityHeaders()),
    });
  }

  async #stats(
    request: TrackerRequest,
    nowMs: number,
  ): Promise<HttpResponse> {
    const view = this.#viewOf(request);
    if (view === undefined) return NO_SUCH_TORRENT;
    const snapshot = this.#snapshots.read("fresh", nowMs);
    if (view.infoHash === undefined) {
      const uptimeSeconds = this.#uptimeSeconds(nowMs);
      const { pause } = this.#options;
      const body = this.#statsBodies.get(snapshot) ??
        renderStats(snapshot, { uptimeSeconds, pause });
      this.#statsBodies.set(snapshot, body);
      return { status: 200, headers: JSON_HEADERS, body: await body };
    }
    const torrent = findTorrent(view.infoHash, snapshot);
    if (torrent === undefined) return NO_SUCH_TORRENT;
    const hosts = readHosts(torrent, this.#sourcesOf(snapshot, nowMs));
    const speeds = this.#history.of(torrent.infoHash);
    return jsonResponse(torrentHostStats(torrent, hosts, speeds));
  }

  #events(request: TrackerRequest): HttpResponse {
    const view = this.#viewOf(request);
    if (view === undefined) return NO_SUCH_TORRENT;
    const stream = request.method === "HEAD"
      ? ""
      : this.#hub.listen(view, request.remoteHostname);
    if (stream === undefined) {
      return textResponse(
        503,
        "Too many pages are open. Reload this one instead.\n",
      );
    }
    return { status: 200, headers: EVENT_HEADERS, body: stream };
  }

  async #metrics(nowMs: number): Promise<HttpResponse> {
    const snapshot = this.#snapshots.read("fresh", nowMs);
    const { body, type } = await renderMetrics(snapshot, {
      uptimeSeconds: this.#uptimeSeconds(nowMs),
      streamCount: this.#hub.streamCount,
    }, this.#options.metrics?.(nowMs));
    return textResponse(200, body, { "content-type": type });
  }

  /** Renders a view of a snapshot, once for all who ask for it. */
  #render(
    view: PageView,
    snapshot: TrackerSnapshot,
    nowMs: number,
  ): RenderedView {
    const views: Views = this.#views.get(snapshot) ?? new Map();
    this.#views.set(snapshot, views);
    const key = `${view.origin}${viewAddress(view)}`;
    const rendered = views.get(key) ??
      renderView(view, this.#sourcesOf(snapshot, nowMs));
    if (views.size < MAX_KEPT_VIEWS) views.set(key, rendered);
    return rendered;
  }

  #sourcesOf(snapshot: TrackerSnapshot, nowMs: number): PageSources {
    const silentAfterMs = this.#options.peerTimeoutMs * SILENT_SHARE;
    const history = this.#history;
    return { ...this.#options, snapshot, nowMs, history, silentAfterMs };
  }

  #viewOf(request: TrackerRequest): PageView | undefined {
    const fallback = this.#options.origin();
    const origin = originOf(request.header("host"), fallback);
    return readPageView(request.query, origin);
  }

  #uptimeSeconds(nowMs: number): number {
    return Math.floor((nowMs - this.#options.startedAtMs) / 1000);
  }
}

const NO_SUCH_TORRENT = textResponse(
  404,
  "Not found. A torrent is named by its info hash, 40 hex digits.\n",
);
