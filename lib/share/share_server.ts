/**
 * The server of a machine that shares: a tracker with its page, the torrent files,
 * and the list of the shares. A share is listed before its content is hashed, so
 * that machines that want it wait for the torrent file. Invariant: a share is
 * `ready` exactly if the catalogue has its torrent file.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import { MemoryCatalogue } from "../catalogue/memory_catalogue.ts";
import {
  TORRENT_FOLDER,
  torrentFileNameOf,
  torrentPath,
} from "../catalogue/torrent_links.ts";
import type { HttpResponse } from "../http/response.ts";
import type { TrackerHandler } from "../tracker/http_handler.ts";
import type { Html } from "../tracker/page/html.ts";
import { startTracker } from "../tracker/start_tracker.ts";
import { torrentRoutes } from "../tracker/torrent_routes.ts";
import {
  DEFAULT_TRACKER_PORT,
  type RunningTracker,
  type StartTrackerOptions,
  TrackerStartError,
} from "../tracker/tracker_options.ts";
import { urlHostname } from "../tracker/tracker_sockets.ts";
import type { ExecutableFolder } from "./executables.ts";
import { renderShares } from "./share_page.ts";
import { type SharedTorrent, shareRoutes } from "./share_routes.ts";
import {
  encodeShareListing,
  type ListedShare,
  LISTING_PATH,
} from "./share_listing.ts";

/** Ports tried from the first one on; a machine that asks a host tries as many. */
export const SHARE_PORT_COUNT = 10;
/** Bytes of a new share's id: enough that no two of a network are the same. */
const ID_LENGTH = 8;

/** Options for {@linkcode startShareServer}. */
export interface ShareServerOptions extends
  Omit<
    StartTrackerOptions,
    "catalogue" | "onlyListed" | "pageIntro" | "routes" | "udp"
  > {
  /** Name of this machine, for the list. @default {""} */
  readonly hostName?: string;
  /** The executables for machines with nothing installed. @default none */
  readonly executables?: ExecutableFolder;
}

/** A share to be listed. */
export interface NewShare {
  /** Name of the file or folder. */
  readonly name: string;
  /** The id under which another machine offers it. @default a new one */
  readonly id?: string;
}

/**
 * Starts a server on the port, or on the next free one of ten.
 * @throws {TrackerStartError} If it cannot listen there.
 */
export async function startShareServer(
  options: ShareServerOptions = {},
): Promise<ShareServer> {
  const { port = DEFAULT_TRACKER_PORT, hostName = "" } = options;
  const { publicHostname = "127.0.0.1" } = options;
  const table = new ShareTable(hostName, options.executables);
  for (let tried = 1;; tried++) {
    try {
      const tracker = await startTracker({
        ...options,
        port: port === 0 ? 0 : port + tried - 1,
        catalogue: table.catalogue,
        routes: table.routes,
        pageIntro: (origin) => table.renderIntro(origin),
      });
      table.origin = `http://${urlHostname(publicHostname)}:${tracker.port}`;
      return new ShareServer(tracker, table);
    } catch (error) {
      const isTaken = error instanceof TrackerStartError &&
        error.cause instanceof Deno.errors.AddrInUse;
      const isLast = tried === SHARE_PORT_COUNT || port + tried > 65_535;
      if (!isTaken || isLast || port === 0) throw error;
    }
  }
}

/** A running server of shares; made by {@linkcode startShareServer}. */
export class ShareServer implements AsyncDisposable {
  readonly #tracker: RunningTracker;
  readonly #table: ShareTable;

  /** @internal For {@linkcode startShareServer}. */
  constructor(tracker: RunningTracker, table: ShareTable) {
    this.#tracker = tracker;
    this.#table = table;
  }

  /** The port of tracker, page and list. */
  get port(): number {
    return this.#tracker.port;
  }

  /** Name of this machine; may be empty. */
  get hostName(): string {
    return this.#table.hostName;
  }

  /** The shares, in the order in which they were added. */
  get shares(): readonly ListedShare[] {
    return [...this.#table.shares.values()];
  }

  /** Lists the port of this machine's peer, which others may connect to. */
  setPeerPort(peerPort: number): void {
    this.#table.peerPort = peerPort;
  }

  /**
   * Lists a share without its torrent.
   * @throws {RangeError} If there is one of this name.
   */
  add({ name, id = newId() }: NewShare): ListedShare {
    if (this.shares.some((share) => share.name === name)) {
      throw new RangeError(`Cannot share ${JSON.stringify(name)} twice`);
    }
    const path = torrentPath(`${name.toWellFormed()}.torrent`);
    const share = { id, name, sizeBytes: undefined, path };
    return this.#table.set({ ...share, state: "hashing" });
  }

  /** Lists the size of a share, as soon as it is known. */
  setSize(id: string, sizeBytes: number): ListedShare {
    return this.#table.set({ ...this.#table.get(id), sizeBytes });
  }

  /**
   * Offers the torrent file of a share, and the files themselves to browsers.
   * @throws {MetainfoError} If it is not a valid torrent file.
   */
  async offer(
    id: string,
    { bytes, ...content }: SharedTorrent & { readonly bytes: Uint8Array },
  ): Promise<ListedShare> {
    const share = this.#table.get(id);
    const fileName = `${share.name.toWellFormed()}.torrent`;
    const { length } = await this.#table.catalogue.add(fileName, bytes);
    this.#table.contents.set(id, content);
    return this.#table.set({ ...share, sizeBytes: length, state: "ready" });
  }

  /** Closes the sockets and every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tracker.stop();
  }
}

const LOOPBACK_ORIGIN = /^http:\/\/(localhost|127\.|\[::1\])/;

/** The shares of a server, and the routes that list them. */
class ShareTable {
  readonly catalogue: MemoryCatalogue = new MemoryCatalogue();
  readonly shares: Map<string, ListedShare> = new Map();
  /** The content of the shares that are ready, by their ids. */
  readonly contents: Map<string, SharedTorrent> = new Map();
  readonly hostName: string;
  readonly #executables: ExecutableFolder | undefined;
  peerPort: number | undefined;
  /** Scheme, host and port for other machines. */
  origin = "";

  constructor(hostName: string, executables: ExecutableFolder | undefined) {
    this.hostName = hostName;
    this.#executables = executables;
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

  /** Writes the part of the page that invites other machines. */
  renderIntro(origin: string): Html | undefined {
    const shares = this.shares.values().map(({ id, name }) => ({
      name,
      torrent: this.contents.get(id)?.torrent,
    }));
    // A reader on this machine copies the lines for others.
    const shown = LOOPBACK_ORIGIN.test(origin) ? this.origin : origin;
    return renderShares([...shares], shown);
  }

  #isHashing(path: string): boolean {
    const fileName = torrentFileNameOf(path);
    return this.shares.values().some((share) =>
      share.state === "hashing" && torrentFileNameOf(share.path) === fileName
    );
  }

  get(id: string): ListedShare {
    const share = this.shares.get(id);
    if (share !== undefined) return share;
    throw new RangeError(`Cannot find share ${JSON.stringify(id)}`);
  }

  set(share: ListedShare): ListedShare {
    this.shares.set(share.id, share);
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

function newId(): string {
  return encodeHex(crypto.getRandomValues(new Uint8Array(ID_LENGTH)));
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
