/**
 * What a tracker shows, by path: the page and its events, the same for scripts
 * and for Prometheus, and a sign of life. All of it is read from the store when
 * it is asked for; in between only the speeds are kept, for the curves.
 *
 * @module
 */
import type { TorrentCatalogue } from "../../catalogue/torrent_catalogue.ts";
import type { Route, TrackerRequest, TrackerResponse } from "../handler.ts";
import type { PeerStore } from "../store/peer_store.ts";
import { originOf } from "../../catalogue/torrent_links.ts";
import { SLICE_LENGTH, statsSlices, torrentHostStats } from "./stats.ts";
import type { Content } from "./content.ts";
import { renderDocument } from "./document.ts";
import { EventHub } from "./event_hub.ts";
import { renderMetrics } from "./metrics.ts";
import { overviewContent } from "./overview_content.ts";
import { type Reading, TrackerReader } from "./tracker_snapshot.ts";
import { SCRIPT } from "./script.ts";
import { securityHeaders, type Sha256 } from "./security_headers.ts";
import { SharedBody } from "./shared_body.ts";
import { type Pause, readHosts, type Sources } from "./sources.ts";
import { SpeedHistory } from "./speed_history.ts";
import { STYLE } from "./style.ts";
import { findTorrent, torrentContent } from "./torrent_content.ts";
import { type PageView, readPageView, viewAddress } from "./view.ts";

/** What is shown. */
export interface TrackerPageOptions {
  readonly store: PeerStore;
  /** The torrent files that are offered. @default none */
  readonly catalogue?: TorrentCatalogue | undefined;
  /** When the tracker started, on the clock of its handler, in milliseconds. */
  readonly startedAtMs: number;
  /** Silence after which a peer is forgotten, in milliseconds. */
  readonly peerTimeoutMs: number;
  /** How a peer is run on another machine. @default {"peer"} */
  readonly peerCommand?: string | undefined;
  /** Lets others have their turn, between two parts of a long answer. @default no pause */
  readonly pause?: Pause | undefined;
  /**
   * Scheme, host and port of the tracker, for who asks without a `Host`.
   * @default a word for people to replace
   */
  readonly origin?: (() => string) | undefined;
  /** SHA-256, for the policy that tells browsers which script is ours. */
  readonly sha256: Sha256;
}

/** Share of its timeout after which a peer's silence is shown. */
const SILENT_SHARE = 5 / 6;

/** Written views of one reading that are kept at most. */
const MAX_KEPT_VIEWS = 20;

/** The page of one tracker. */
export class TrackerPage {
  /** For the tracker's handler. */
  readonly routes: ReadonlyMap<string, Route> = new Map<string, Route>([
    ["/", (...asked) => this.#page(...asked)],
    ["/stats", (...asked) => this.#page(...asked)],
    ["/stats.json", (...asked) => this.#stats(...asked)],
    ["/events", (request) => this.#events(request)],
    ["/metrics", (...asked) => this.#metrics(...asked)],
    ["/healthz", () => this.#health()],
  ]);
  readonly #options: TrackerPageOptions;
  readonly #pause: Pause;
  readonly #reader: TrackerReader;
  readonly #history = new SpeedHistory();
  readonly #hub: EventHub;
  /** Views and bodies that were written of a reading, for as long as it serves. */
  readonly #views = new WeakMap<Reading, Map<string, Promise<Content>>>();
  readonly #bodies = new WeakMap<Reading, SharedBody>();
  #headers: Promise<Record<string, string>> | undefined;

  constructor(options: TrackerPageOptions) {
    const { store, catalogue } = options;
    this.#options = options;
    this.#pause = options.pause ?? (() => Promise.resolve());
    this.#reader = new TrackerReader({ store, catalogue });
    this.#hub = new EventHub(async (view, nowMs) => {
      const reading = await this.#reader.read(nowMs);
      await this.#pause();
      const content = await this.#write(view, reading, nowMs);
      await this.#pause();
      return { content, torrentCount: reading.torrents.length };
    });
  }

  /** To be called every second: keeps the curves and the open pages up to date. */
  async sample(nowMs: number): Promise<void> {
    if (this.#history.isDue(nowMs)) await this.#remember(nowMs);
    await this.#hub.sample(nowMs);
  }

  /** Ends the event streams. */
  close(): void {
    this.#hub.close();
  }

  /** Takes a sample of the speeds; where all are idle nothing needs to be gone through. */
  async #remember(nowMs: number): Promise<void> {
    const { store } = this.#options;
    const { bytesPerSecond } = await store.totals();
    const swarms = bytesPerSecond > 0 ? await store.swarms() : [];
    this.#history.sample(swarms, nowMs);
  }

  async #page(
    request: TrackerRequest,
    nowMs: number,
  ): Promise<TrackerResponse> {
    const view = this.#view(request);
    if (view === undefined) return NO_SUCH_TORRENT;
    const reading = await this.#reader.read(nowMs);
    await this.#pause();
    const content = await this.#write(view, reading, nowMs);
    await this.#pause();
    this.#headers ??= securityHeaders({
      scripts: [SCRIPT],
      styles: [STYLE],
      sha256: this.#options.sha256,
    });
    const isKnown = view.type === "overview" ||
      findTorrent(view.infoHash, { reading }) !== undefined;
    return {
      status: isKnown ? 200 : 404,
      headers: {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        ...await this.#headers,
      },
      body: renderDocument(content, view),
    };
  }

  async #stats(
    request: TrackerRequest,
    nowMs: number,
  ): Promise<TrackerResponse> {
    const view = this.#view(request);
    const reading = await this.#reader.read(nowMs);
    if (view?.type === "overview") {
      const { torrents } = reading;
      const uptimeSeconds = this.#uptimeSeconds(nowMs);
      if (torrents.length <= SLICE_LENGTH) {
        return json([...statsSlices(reading, uptimeSeconds)].join(""));
      }
      const body = this.#bodies.get(reading) ??
        new SharedBody(statsSlices(reading, uptimeSeconds));
      this.#bodies.set(reading, body);
      return json(body);
    }
    const torrent = view && findTorrent(view.infoHash, { reading });
    if (torrent === undefined) return NO_SUCH_TORRENT;
    const hosts = await readHosts(torrent, this.#sources(reading, nowMs));
    const speeds = this.#history.of(torrent.infoHash);
    return json(
      `${JSON.stringify(torrentHostStats(torrent, hosts, speeds))}\n`,
    );
  }

  #events(request: TrackerRequest): TrackerResponse {
    const view = this.#view(request);
    if (view === undefined) return NO_SUCH_TORRENT;
    const headers = {
      "content-type": "text/event-stream",
      // A proxy between is to pass events on as they come.
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    };
    if (request.method === "HEAD") return { status: 200, headers, body: "" };
    const stream = this.#hub.listen(view, request.remoteHostname);
    return stream === undefined
      ? plain(503, "Too many pages are open. Reload this one instead.\n")
      : { status: 200, headers, body: stream };
  }

  async #metrics(
    _request: TrackerRequest,
    nowMs: number,
  ): Promise<TrackerResponse> {
    const { text, contentType } = await renderMetrics({
      reading: await this.#reader.read(nowMs),
      uptimeSeconds: this.#uptimeSeconds(nowMs),
      listenerCount: this.#hub.listenerCount,
    });
    return {
      status: 200,
      headers: { "content-type": contentType, "cache-control": "no-store" },
      body: text,
    };
  }

  /** Whether the store answers; what keeps it from that is told elsewhere. */
  async #health(): Promise<TrackerResponse> {
    try {
      await this.#options.store.totals();
      return plain(200, "ok\n");
    } catch {
      return plain(503, "the store does not answer\n");
    }
  }

  /** A view of a reading; of one reading each is written once. */
  async #write(
    view: PageView,
    reading: Reading,
    nowMs: number,
  ): Promise<Content> {
    const views = this.#views.get(reading) ?? new Map();
    this.#views.set(reading, views);
    const key = `${view.origin}${viewAddress(view)}`;
    const known = views.get(key);
    if (known !== undefined) return await known;
    const sources = this.#sources(reading, nowMs);
    const content = view.type === "overview"
      ? overviewContent(view, sources)
      : torrentContent(view, sources);
    if (views.size < MAX_KEPT_VIEWS) views.set(key, content);
    return await content;
  }

  #sources(reading: Reading, nowMs: number): Sources {
    const { store, startedAtMs, peerTimeoutMs, peerCommand = "peer" } =
      this.#options;
    return {
      reading,
      store,
      history: this.#history,
      silentAfterMs: peerTimeoutMs * SILENT_SHARE,
      peerCommand,
      startedAtMs,
      nowMs,
      pause: this.#pause,
    };
  }

  #view(request: TrackerRequest): PageView | undefined {
    const { origin = () => UNKNOWN_ORIGIN } = this.#options;
    return readPageView(
      request.query,
      originOf(request.header("host"), origin()),
    );
  }

  #uptimeSeconds(nowMs: number): number {
    return Math.floor((nowMs - this.#options.startedAtMs) / 1000);
  }
}

/** How the tracker is called in commands if the asker does not say it. */
const UNKNOWN_ORIGIN = "http://TRACKER";

function json(body: TrackerResponse["body"]): TrackerResponse {
  return {
    status: 200,
    headers: {
      "content-type": "application/json",
      "cache-control": "no-store",
    },
    body,
  };
}

function plain(status: number, body: string): TrackerResponse {
  return {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
    },
    body,
  };
}

const NO_SUCH_TORRENT = plain(
  404,
  "Not found. A torrent is named by its info hash, 40 hex digits.\n",
);
