/**
 * Several torrents in one process, on one listening port and under one pair of
 * speed limits. Owns the listener and passes each inbound connection to the
 * torrent that its handshake names.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { STOP_TIMEOUT_MS } from "../announce/announcer.ts";
import { BoundedMap } from "../base/bounded_map.ts";
import type { FdPressure } from "../base/fd_pressure.ts";
import { guardListener } from "../base/guard_listener.ts";
import type { InfoHash, PeerId } from "../base/identifier.ts";
import { isLoopback, isUnicast } from "../base/ip_address.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import {
  type LocalServiceDiscovery,
  type LocalServiceDiscoveryOptions,
  openLocalServiceDiscovery,
} from "../discovery/local_service_discovery.ts";
import { multicastRefusal } from "../discovery/multicast_socket.ts";
import { parseMetadata } from "../disk/torrent_file.ts";
import type { MagnetLink } from "../metainfo/magnet_link.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import { MetadataFetch } from "./metadata_fetch.ts";
import type { FetchMetadataOptions } from "./session_report.ts";
import { listenForPeers, PeerListener } from "./peer_listener.ts";
import { SessionContext, type SessionOptions } from "./session_context.ts";
import {
  TorrentSession,
  type TorrentSessionOptions,
} from "./torrent_session.ts";

/** Torrents that are stopped in one turn of the event loop, when a session closes. */
const STOPPED_AT_ONCE = 32;

/** Torrents whose first peers are remembered. */
const MAX_FETCHED = 64;

/** Default listening port of a peer. */
export const PEER_PORT = 6881;

/**
 * Opens the listening port and answers peers from then on.
 * @throws {Deno.errors.AddrInUse} If neither the port nor one of the next is free.
 */
export function openSession(options: SessionOptions = {}): Session {
  const { hostname, localDiscovery = true } = options;
  const sockets = listenForPeers(options.port ?? PEER_PORT, hostname);
  const { port } = sockets[0]!.addr;
  const context = new SessionContext(port, options);
  const isAnnounced = localDiscovery && !isLoopback(hostname ?? "::");
  return new Session(context, { sockets, hostname, isAnnounced });
}

/** Opens local discovery; resolves to the reason if that fails. Never rejects. */
async function openDiscovery(
  hostname: string | undefined,
  options: LocalServiceDiscoveryOptions,
): Promise<LocalServiceDiscovery | string> {
  const refusal = multicastRefusal();
  if (refusal !== undefined) return refusal;
  // A host name, or every address of a family, stands for all interfaces.
  const only = isUnicast(hostname ?? "::") ? { hostname } : {};
  try {
    return await openLocalServiceDiscovery({ ...options, ...only });
  } catch (error) {
    return (error as Error).message;
  }
}

/** Shares torrents until closed; made by {@linkcode openSession}. */
export class Session implements AsyncDisposable {
  readonly #context: SessionContext;
  readonly #listener: PeerListener;
  readonly #torrents = new Map<InfoHash, TorrentSession>();
  readonly #fetches = new Map<InfoHash, MetadataFetch>();
  /** The peers that were connected when the metadata was complete. */
  readonly #fetchPeers = new BoundedMap<InfoHash, PeerAddress[]>(MAX_FETCHED);
  readonly #running: Promise<void>[] = [];
  readonly #onShortage: Disposable;
  /** Resolves to the reason if local discovery failed; `undefined` if it is off. */
  readonly #discovery: Promise<LocalServiceDiscovery | string> | undefined;

  /** @internal For {@linkcode openSession}. */
  constructor(context: SessionContext, options: {
    readonly sockets: readonly Deno.TcpListener[];
    readonly hostname: string | undefined;
    /** True to use local discovery. */
    readonly isAnnounced: boolean;
  }) {
    this.#context = context;
    const { port, fdPressure, handleLimit } = context;
    if (options.isAnnounced) {
      this.#discovery = openDiscovery(options.hostname, {
        port,
        onPeer: (infoHash, address) =>
          this.#find(infoHash)?.addPeers([address], "local"),
      });
    }
    this.#listener = new PeerListener(context, {
      sockets: options.sockets,
      find: (infoHash) => this.#find(infoHash),
    });
    this.#running.push(this.#listener.run());
    this.#onShortage = fdPressure.onShortage((now) => handleLimit.release(now));
  }

  /** The port on which peers reach us. */
  get port(): number {
    return this.#context.port;
  }

  /** Our peer id, the same until the session is closed. */
  get peerId(): PeerId {
    return this.#context.ownId;
  }

  /** For storages whose files compete with this session's connections. */
  get fdPressure(): FdPressure {
    return this.#context.fdPressure;
  }

  /**
   * Starts to share a torrent.
   * @throws {TypeError} If it is shared already.
   */
  addTorrent(torrent: Torrent, options: TorrentSessionOptions): TorrentSession {
    if (this.#torrents.has(torrent.infoHash)) {
      throw new TypeError(
        `Cannot add torrent: ${torrent.infoHash} is shared already`,
      );
    }
    const session = new TorrentSession(torrent, this.#context, options);
    session.addPeers(this.#fetchPeers.get(torrent.infoHash) ?? []);
    this.#torrents.set(torrent.infoHash, session);
    this.#running.push(this.#run(session, options));
    return session;
  }

  async #run(
    session: TorrentSession,
    { onEvent }: TorrentSessionOptions,
  ): Promise<void> {
    const { infoHash, isPrivate } = session.torrent;
    if (isPrivate) return await session.run();
    void this.#discover(infoHash, session).then((reason) => {
      if (reason === undefined) return;
      guardListener(onEvent)({ type: "localDiscoveryOff", reason });
    });
    await session.run();
    await this.#endDiscovery(infoHash, session);
  }

  /** Announces a torrent to the local network; the reason if that is not possible. */
  async #discover(
    infoHash: InfoHash,
    user: TorrentSession | MetadataFetch,
  ): Promise<string | undefined> {
    const discovery = await this.#discovery;
    // The torrent may have ended meanwhile.
    if (this.#find(infoHash) !== user) return undefined;
    if (typeof discovery === "string") return discovery;
    discovery?.add(infoHash);
    return undefined;
  }

  async #endDiscovery(
    infoHash: InfoHash,
    user: TorrentSession | MetadataFetch,
  ): Promise<void> {
    const discovery = await this.#discovery;
    // The torrent may have been added again meanwhile.
    const isOver = (this.#find(infoHash) ?? user) === user;
    if (isOver && typeof discovery === "object") discovery.remove(infoHash);
  }

  /**
   * Fetches the torrent of a magnet link from its peers, for {@linkcode addTorrent}. A
   * torrent that is shared already is returned at once.
   * @throws {FetchError} If no peer sent its metadata in time.
   * @throws {MetainfoError} If its metadata is invalid.
   * @throws {TypeError} If the same metadata is being fetched already.
   */
  async fetchMetadata(
    link: MagnetLink,
    options: FetchMetadataOptions = {},
  ): Promise<Torrent> {
    const { infoHash, trackers } = link;
    const known = this.#torrents.get(infoHash);
    if (known !== undefined) return known.torrent;
    if (this.#fetches.has(infoHash)) {
      throw new TypeError(
        `Cannot fetch metadata: ${infoHash} is fetched already`,
      );
    }
    const fetch = new MetadataFetch(link, this.#context, options);
    this.#fetches.set(infoHash, fetch);
    const info = fetch.run(options);
    this.#running.push(info.then(() => {}, () => {}));
    void this.#discover(infoHash, fetch);
    try {
      const torrent = await parseMetadata(await info, trackers);
      // Only trackers may name the peers of a private torrent. [BEP 27]
      if (!torrent.isPrivate) this.#fetchPeers.set(infoHash, fetch.peers);
      return torrent;
    } finally {
      this.#fetches.delete(infoHash);
      await this.#endDiscovery(infoHash, fetch);
    }
  }

  #find(infoHash: InfoHash): TorrentSession | MetadataFetch | undefined {
    return this.#torrents.get(infoHash) ?? this.#fetches.get(infoHash);
  }

  /**
   * Stops sharing a torrent and announces that; it may be added again then. A
   * torrent that its storage stopped is removed in the same way.
   */
  async removeTorrent(transfer: TorrentSession): Promise<void> {
    await transfer.stop();
    const { infoHash } = transfer.torrent;
    if (this.#torrents.get(infoHash) === transfer) {
      this.#torrents.delete(infoHash);
    }
  }

  /** Stops all torrents and announces `stopped`, in at most 1.2 s. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    const discovery = await this.#discovery;
    if (typeof discovery === "object") discovery[Symbol.dispose]();
    this.#onShortage[Symbol.dispose]();
    for (const fetch of this.#fetches.values()) fetch.stop();
    const endMs = performance.now() + STOP_TIMEOUT_MS;
    const stopping: Promise<void>[] = [];
    for (const torrent of this.#torrents.values()) {
      stopping.push(torrent.stop(endMs - performance.now()));
      // The announces of the first torrents leave before the last torrents are stopped.
      if (stopping.length % STOPPED_AT_ONCE === 0) await delay(0);
    }
    await Promise.all(stopping);
    await Promise.all(this.#running);
  }
}
