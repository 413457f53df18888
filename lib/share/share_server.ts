/**
 * The server of a machine that shares: a tracker with its page, the torrent files,
 * and the list of the shares. A share is listed before its content is hashed, so
 * that machines that want it wait for the torrent file. Invariant: a share is
 * `ready` exactly if the catalogue has its torrent file.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import type { InfoHash } from "../base/identifier.ts";
import { formatPeerAddress } from "../base/peer_address.ts";
import { MemoryCatalogue } from "../catalogue/memory_catalogue.ts";
import {
  TORRENT_FOLDER,
  torrentFileNameOf,
  torrentPath,
} from "../catalogue/torrent_links.ts";
import { jsonResponse, textResponse } from "../http/response.ts";
import type { TrackerHandler } from "../tracker/http_handler.ts";
import type { Html } from "../tracker/page/html.ts";
import type { MainPart } from "../tracker/page/table.ts";
import type { PageView } from "../tracker/page/view.ts";
import { torrentRoutes } from "../tracker/torrent_routes.ts";
import type {
  RunningTracker,
  StartTrackerOptions,
} from "../tracker/tracker_options.ts";
import type { ExecutableFolder } from "./executables.ts";
import type { Rollout } from "../rollout/rollout.ts";
import { RolloutApi } from "./rollout_api.ts";
import { rolloutMetrics } from "../rollout/rollout_document.ts";
import { renderRollout } from "./rollout_page.ts";
import {
  type ListedShare,
  LISTING_PATH,
  type ShareListing,
} from "./share_listing.ts";
import { renderShares } from "./share_page.ts";
import { type SharedTorrent, shareRoutes } from "./share_routes.ts";

/** Bytes of a new share's id: enough to be unique in a network. */
const ID_LENGTH = 8;
const LOOPBACK_ORIGIN = /^http:\/\/(localhost|127\.|\[::1\])/;

/** Options for `startShareServer`. */
export interface ShareServerOptions extends
  Omit<
    StartTrackerOptions,
    "catalogue" | "extension" | "onlyListed" | "udp"
  > {
  /** Name of this machine, for the list. @default {""} */
  readonly hostName?: string;
  /** The executables for machines with nothing installed. @default none */
  readonly executables?: ExecutableFolder;
  /** Takes the reports of hosts; the caller passes it the announces. @default none */
  readonly rollout?: Rollout;
}

/** A running server of shares; made by `startShareServer`. */
export class ShareServer implements AsyncDisposable {
  readonly #options: ShareServerOptions;
  readonly #catalogue = new MemoryCatalogue();
  readonly #shares = new Map<string, ListedShare>();
  /** The content of the shares that are ready, by their names. */
  readonly #contents = new Map<string, SharedTorrent>();
  #peerPort: number | undefined;
  /** @internal Set by `startShareServer`. */
  tracker!: RunningTracker;

  /** @internal For `startShareServer`. */
  constructor(options: ShareServerOptions) {
    this.#options = options;
  }

  /** @internal Options of its tracker. */
  get trackerOptions(): StartTrackerOptions {
    const { rollout, executables } = this.#options;
    const api = rollout &&
      new RolloutApi(rollout, () => [...this.#shares.values()]);
    const torrents = torrentRoutes(this.#catalogue).get(TORRENT_FOLDER)!;
    const routes = new Map<string, TrackerHandler>([
      [LISTING_PATH, () => jsonResponse({ version: 1, ...this.#listing() })],
      [
        TORRENT_FOLDER,
        (request, nowMs) =>
          this.#isHashing(request.path) ? NOT_YET : torrents(request, nowMs),
      ],
      ...api?.routes ?? [],
      ...shareRoutes({
        find: (infoHash) =>
          this.#contents.values()
            .find(({ torrent }) => torrent.infoHash === infoHash),
        executables,
        origin: () => this.#origin,
      }),
    ]);
    return {
      catalogue: this.#catalogue,
      extension: {
        routes,
        intro: (origin) => this.#renderShares(origin),
        ...rollout && {
          command: api?.command,
          metrics: (nowMs) => rolloutMetrics(rollout, nowMs),
          overview: (view, nowMs) => this.#renderRollout(view, nowMs),
        },
      },
    };
  }

  /** The port of tracker, page and list. */
  get port(): number {
    return this.tracker.port;
  }

  /** Name of this machine; may be empty. */
  get hostName(): string {
    return this.#options.hostName ?? "";
  }

  /** Targets for which there is an executable now. */
  get executableTargets(): readonly string[] {
    return this.#options.executables?.targets() ?? [];
  }

  /** Lists the port of this machine's peer, which others may connect to. */
  setPeerPort(peerPort: number): void {
    this.#peerPort = peerPort;
  }

  /**
   * Lists a share without its torrent.
   * @param isSource False if this machine has fetched it from another one.
   * @throws {RangeError} If a share of this name is listed already.
   */
  add(name: string, isSource = true): ListedShare {
    if (this.#shares.has(name)) {
      throw new RangeError(`Cannot share ${JSON.stringify(name)} twice`);
    }
    const id = encodeHex(crypto.getRandomValues(new Uint8Array(ID_LENGTH)));
    const path = torrentPath(fileNameOf(name));
    const share = { id, name, sizeBytes: undefined, path, isSource };
    return this.#set({ ...share, state: "hashing" });
  }

  /** Lists the size of a share, as soon as it is known. */
  setSize(name: string, sizeBytes: number): ListedShare {
    return this.#set({ ...this.#get(name), sizeBytes });
  }

  /**
   * Offers the torrent file of a share, and the files themselves to browsers. The
   * share's id is the info hash from then on.
   * @throws {MetainfoError} If it is not a valid torrent file.
   */
  async offer(
    name: string,
    { bytes, ...content }: SharedTorrent & { readonly bytes: Uint8Array },
  ): Promise<ListedShare> {
    const share = this.#get(name);
    const listed = await this.#catalogue.add(fileNameOf(name), bytes);
    this.#contents.set(name, content);
    const { infoHash: id, length: sizeBytes } = listed;
    this.#options.rollout?.control.rename(share.id, id);
    return this.#set({ ...share, id, sizeBytes, state: "ready" });
  }

  /** Lists a share no longer: its content cannot be sent. */
  remove(name: string): void {
    this.#catalogue.remove(fileNameOf(name));
    this.#shares.delete(name);
    this.#contents.delete(name);
  }

  /** Closes the sockets and every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.rollout?.control.end();
    await this.tracker.stop();
  }

  #listing(): ShareListing {
    const shares = [...this.#shares.values()];
    return { hostName: this.hostName, peerPort: this.#peerPort, shares };
  }

  #get(name: string): ListedShare {
    const share = this.#shares.get(name);
    if (share !== undefined) return share;
    throw new RangeError(`Cannot find share ${JSON.stringify(name)}`);
  }

  #set(share: ListedShare): ListedShare {
    this.#shares.set(share.name, share);
    return share;
  }

  /** Scheme, host and port for other machines. */
  get #origin(): string {
    const { publicHostname: hostname = "127.0.0.1" } = this.#options;
    return `http://${formatPeerAddress({ hostname, port: this.port })}`;
  }

  #isHashing(path: string): boolean {
    const fileName = torrentFileNameOf(path);
    return this.#shares.values().some(({ name, state }) =>
      state === "hashing" && fileNameOf(name) === fileName
    );
  }

  #renderShares(origin: string): Html | undefined {
    const shares = Array.from(this.#shares.keys(), (name) => ({
      name,
      torrent: this.#contents.get(name)?.torrent,
    }));
    return renderShares(shares, {
      // A reader on this machine copies the lines for others.
      origin: LOOPBACK_ORIGIN.test(origin) ? this.#origin : origin,
      targets: this.executableTargets,
    });
  }

  #renderRollout(view: PageView, nowMs: number): MainPart | undefined {
    const { rollout } = this.#options;
    if (rollout === undefined) return undefined;
    const hosts = rollout.hosts(nowMs);
    const shares = Array.from(this.#shares.values(), ({ id, name }) => ({
      name,
      light: rollout.light(nowMs, id as InfoHash),
      finish: rollout.finish(nowMs, id as InfoHash),
      isPaused: rollout.control.of(id).isPaused,
    }));
    const verdict = rollout.verdict(hosts);
    const invitation = this.#renderShares(view.origin);
    const clocks = { nowMs, wallMs: Date.now() };
    return renderRollout(view, { hosts, verdict, shares, invitation }, clocks);
  }
}

function fileNameOf(name: string): string {
  return `${name.toWellFormed()}.torrent`;
}

const NOT_YET = textResponse(
  503,
  "The content is still being hashed. Try again in a second.\n",
  { "retry-after": "1" },
);
