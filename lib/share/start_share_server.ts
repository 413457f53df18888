/**
 * The server of a machine that shares: a tracker with its page, the torrent files,
 * and the list of the shares. A share is listed before its content is hashed, so
 * that machines that want it wait for the torrent file. Invariant: a share is
 * `ready` exactly if the catalogue has its torrent file.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import { formatPeerAddress } from "../base/peer_address.ts";
import { torrentPath } from "../catalogue/torrent_links.ts";
import { isPortTaken } from "../net/listen_everywhere.ts";
import { startTracker } from "../tracker/start_tracker.ts";
import {
  DEFAULT_TRACKER_PORT,
  type RunningTracker,
  type StartTrackerOptions,
  TrackerStartError,
} from "../tracker/tracker_options.ts";
import type { ExecutableFolder } from "./executables.ts";
import type { Rollout } from "./rollout.ts";
import type { ListedShare } from "./share_listing.ts";
import type { SharedTorrent } from "./share_routes.ts";
import type { ShareTable } from "./share_table.ts";

/** Ports tried from the first one on; a machine that asks a host tries as many. */
export const SHARE_PORT_COUNT = 10;
/** Bytes of a new share's id: enough that no two of a network are the same. */
const ID_LENGTH = 8;

/** Options for {@linkcode startShareServer}. */
export interface ShareServerOptions extends
  Omit<
    StartTrackerOptions,
    | "catalogue"
    | "command"
    | "metrics"
    | "onlyListed"
    | "pageIntro"
    | "pageOverview"
    | "routes"
    | "udp"
  > {
  /** Name of this machine, for the list. @default {""} */
  readonly hostName?: string;
  /** The executables for machines with nothing installed. @default none */
  readonly executables?: ExecutableFolder;
  /** Takes the reports of hosts; the caller passes it the announces. @default none */
  readonly rollout?: Rollout;
}

/**
 * Starts a server on the port, or on the next free one of ten.
 * @throws {TrackerStartError} If it cannot listen there.
 */
export async function startShareServer(
  options: ShareServerOptions = {},
): Promise<ShareServer> {
  const { port = DEFAULT_TRACKER_PORT, publicHostname = "127.0.0.1" } = options;
  const { ShareTable } = await import("./share_table.ts");
  const table = new ShareTable(options);
  for (let tried = 1;; tried++) {
    try {
      const tracker = await startTracker({
        ...options,
        port: port === 0 ? 0 : port + tried - 1,
        catalogue: table.catalogue,
        routes: table.routes,
        ...table.command && { command: table.command },
        metrics: (nowMs) => table.metrics(nowMs),
        pageIntro: (origin) => table.renderIntro(origin),
        ...options.rollout && {
          pageOverview: (view, nowMs) => table.renderOverview(view, nowMs),
        },
      });
      const address = { hostname: publicHostname, port: tracker.port };
      table.origin = `http://${formatPeerAddress(address)}`;
      return new ShareServer(tracker, table);
    } catch (error) {
      const isTaken = error instanceof TrackerStartError &&
        isPortTaken(error.cause);
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

  /** Targets for which there is an executable now. */
  get executableTargets(): readonly string[] {
    return this.#table.targets;
  }

  /** Lists the port of this machine's peer, which others may connect to. */
  setPeerPort(peerPort: number): void {
    this.#table.peerPort = peerPort;
  }

  /**
   * Lists a share without its torrent.
   * @param isSource False if this machine has fetched it from another one.
   * @throws {RangeError} If there is one of this name.
   */
  add(name: string, isSource = true): ListedShare {
    if (this.#table.shares.has(name)) {
      throw new RangeError(`Cannot share ${JSON.stringify(name)} twice`);
    }
    const path = torrentPath(`${name.toWellFormed()}.torrent`);
    const share = { id: newId(), name, sizeBytes: undefined, path, isSource };
    return this.#table.set({ ...share, state: "hashing" });
  }

  /** Lists the size of a share, as soon as it is known. */
  setSize(name: string, sizeBytes: number): ListedShare {
    return this.#table.set({ ...this.#table.get(name), sizeBytes });
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
    const share = this.#table.get(name);
    const fileName = `${share.name.toWellFormed()}.torrent`;
    const listed = await this.#table.catalogue.add(fileName, bytes);
    this.#table.contents.set(name, content);
    const { infoHash: id, length: sizeBytes } = listed;
    this.#table.control?.rename(share.id, id);
    return this.#table.set({ ...share, id, sizeBytes, state: "ready" });
  }

  /** Lists a share no longer: its content cannot be sent. */
  remove(name: string): void {
    this.#table.shares.delete(name);
    this.#table.contents.delete(name);
  }

  /** Closes the sockets and every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#table.control?.end();
    await this.#tracker.stop();
  }
}

function newId(): string {
  return encodeHex(crypto.getRandomValues(new Uint8Array(ID_LENGTH)));
}
