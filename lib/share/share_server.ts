/**
 * The shares of a server, the routes that list them, and their part of the page.
 * Loaded when a server starts: a peer starts sooner without the page.
 *
 * @module
 */
import type { InfoHash } from "../base/identifier.ts";
import { MemoryCatalogue } from "../catalogue/memory_catalogue.ts";
import {
  TORRENT_FOLDER,
  torrentFileNameOf,
} from "../catalogue/torrent_links.ts";
import type { HttpResponse } from "../http/response.ts";
import type {
  CommandHandler,
  TrackerHandler,
} from "../tracker/http_handler.ts";
import type { Html } from "../tracker/page/html.ts";
import type { MainPart } from "../tracker/page/table.ts";
import type { PageView } from "../tracker/page/view.ts";
import type { MetricFamily } from "../tracker/page/metrics.ts";
import { torrentRoutes } from "../tracker/torrent_routes.ts";
import type { ExecutableFolder } from "./executables.ts";
import {
  encodeShareListing,
  type ListedShare,
  LISTING_PATH,
} from "./share_listing.ts";
import { renderRollout } from "./rollout_page.ts";
import { renderShares } from "./share_page.ts";
import type { Rollout } from "./rollout.ts";
import type { RolloutControl } from "./rollout_control.ts";
import { controlRoutes } from "./control_routes.ts";
import { rolloutMetrics, rolloutRoutes } from "./rollout_routes.ts";
import { type SharedTorrent, shareRoutes } from "./share_routes.ts";

const LOOPBACK_ORIGIN = /^http:\/\/(localhost|127\.|\[::1\])/;

/** The shares of a server, and the routes that list them. */
export class ShareTable {
  readonly catalogue: MemoryCatalogue = new MemoryCatalogue();
  readonly shares: Map<string, ListedShare> = new Map();
  /** The content of the shares that are ready, by their names. */
  readonly contents: Map<string, SharedTorrent> = new Map();
  readonly hostName: string;
  readonly #executables: ExecutableFolder | undefined;
  readonly #rollout: Rollout | undefined;
  peerPort: number | undefined;
  /** Scheme, host and port for other machines. */
  origin = "";

  constructor(
    { hostName = "", executables, rollout }: {
      readonly hostName?: string;
      readonly executables?: ExecutableFolder;
      readonly rollout?: Rollout;
    },
  ) {
    this.hostName = hostName;
    this.#executables = executables;
    this.#rollout = rollout;
  }

  /** Takes the commands; `undefined` without a rollout. */
  get command(): CommandHandler | undefined {
    return this.#rollout && controlRoutes(
      this.#rollout.control,
      () => [...this.shares.values()],
    );
  }

  /** The numbers of the rollout for Prometheus. */
  metrics(nowMs: number): MetricFamily[] {
    return this.#rollout === undefined
      ? []
      : rolloutMetrics(this.#rollout, nowMs);
  }

  /** The control of the rollout, if there is one. */
  get control(): RolloutControl | undefined {
    return this.#rollout?.control;
  }

  get routes(): ReadonlyMap<string, TrackerHandler> {
    const torrents = torrentRoutes(this.catalogue).get(TORRENT_FOLDER)!;
    return new Map<string, TrackerHandler>([
      [LISTING_PATH, () => this.#list()],
      [
        TORRENT_FOLDER,
        (request, nowMs) =>
          this.#isHashing(request.path) ? NOT_YET : torrents(request, nowMs),
      ],
      ...this.#rollout === undefined ? [] : rolloutRoutes(
        this.#rollout,
        () => [...this.shares.values()],
      ),
      ...shareRoutes({
        find: (infoHash) =>
          this.contents.values().find(({ torrent }) =>
            torrent.infoHash === infoHash
          ),
        executables: this.#executables,
        origin: () => this.origin,
      }),
    ]);
  }

  /** Targets for which there is an executable now. */
  get targets(): readonly string[] {
    return this.#executables?.targets() ?? [];
  }

  /** Writes the part of the page that invites other machines. */
  renderIntro(origin: string): Html | undefined {
    const shares = this.shares.values().map(({ name }) => ({
      name,
      torrent: this.contents.get(name)?.torrent,
    }));
    // A reader on this machine copies the lines for others.
    const shown = LOOPBACK_ORIGIN.test(origin) ? this.origin : origin;
    return renderShares([...shares], {
      origin: shown,
      targets: this.targets,
    });
  }

  /** Writes the page of the rollout; `undefined` without one. */
  renderOverview(view: PageView, nowMs: number): MainPart | undefined {
    const rollout = this.#rollout;
    if (rollout === undefined) return undefined;
    const hosts = rollout.hosts(nowMs);
    const shares = Array.from(this.shares.values(), ({ id, name }) => ({
      name,
      light: rollout.light(nowMs, id as InfoHash),
      finish: rollout.finish(nowMs, id as InfoHash),
      isPaused: rollout.control.of(id).isPaused,
    }));
    const verdict = rollout.verdict(hosts);
    const invitation = this.renderIntro(view.origin);
    const clocks = { nowMs, wallMs: Date.now() };
    return renderRollout(view, { hosts, verdict, shares, invitation }, clocks);
  }

  #isHashing(path: string): boolean {
    const fileName = torrentFileNameOf(path);
    return this.shares.values().some((share) =>
      share.state === "hashing" && torrentFileNameOf(share.path) === fileName
    );
  }

  get(name: string): ListedShare {
    const share = this.shares.get(name);
    if (share !== undefined) return share;
    throw new RangeError(`Cannot find share ${JSON.stringify(name)}`);
  }

  set(share: ListedShare): ListedShare {
    this.shares.set(share.name, share);
    return share;
  }

  #list(): HttpResponse {
    const { hostName, peerPort } = this;
    const shares = [...this.shares.values()];
    const headers = {
      "content-type": "application/json",
      "cache-control": "no-store",
    };
    const listing = { hostName, peerPort, shares };
    return { status: 200, headers, body: encodeShareListing(listing) };
  }
}

const NOT_YET: HttpResponse = {
  status: 503,
  headers: {
    "content-type": "text/plain; charset=utf-8",
    "retry-after": "1",
    "cache-control": "no-store",
  },
  body: "The content is still being hashed. Try again in a second.\n",
};
