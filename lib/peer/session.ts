/**
 * Several torrents in one process, behind one listening port and one pair of
 * speed limits. Owns the listener and hands each caller to the torrent it asks
 * for.
 *
 * @module
 */
import type { Permits } from "../base/address_filter.ts";
import { FdPressure } from "../base/fd_pressure.ts";
import {
  createPeerId,
  type InfoHash,
  type PeerId,
} from "../base/identifier.ts";
import { openWorkerHasher, type PieceHasher } from "../disk/worker_hasher.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import { HANDSHAKE_TIMEOUT_MS } from "./dial_peer.ts";
import { listenForPeers } from "./listen_for_peers.ts";
import { PeerListener } from "./peer_listener.ts";
import { createAnnounceKey } from "../announce/announce.ts";
import type { AnnounceFunction } from "../announce/announcer.ts";
import { DialLimiter } from "../dialing/dial_limiter.ts";
import { MAX_PEERS } from "../dialing/dialer.ts";
import { ConnectionLimit } from "./handle_limit.ts";
import { Pacer } from "./pacer.ts";
import type { SharedBySession } from "./session_context.ts";
import {
  TorrentSession,
  type TorrentSessionOptions,
} from "./torrent_session.ts";

/** Default listening port of a peer. */
export const PEER_PORT = 6881;

/** Options for {@linkcode openSession}. */
export interface SessionOptions {
  /** Listening port; the next free one if it is taken, 0 for any. @default {6881} */
  readonly port?: number;
  /** Address to listen on. @default all interfaces, IPv4 and IPv6 */
  readonly hostname?: string;
  /** Connections for each torrent. @default {50} */
  readonly maxPeers?: number;
  /** In bytes a second, for all torrents together; 0 for no limit. @default {0} */
  readonly maxUploadBytesPerSecond?: number;
  /** In bytes a second, for all torrents together; 0 for no limit. @default {0} */
  readonly maxDownloadBytesPerSecond?: number;
  /** Whether a host is talked to, by its IP address; see `createAddressFilter`. @default everybody */
  readonly permits?: Permits;
  /** Time for a peer to connect and say who it is, in milliseconds. @default {8000} */
  readonly handshakeTimeoutMs?: number;
  /** How to announce. @default over HTTP or UDP, as the URL says */
  readonly announce?: AnnounceFunction;
  /** What hashes the pieces that arrive; the caller disposes of it. @default {this thread} */
  readonly hasher?: PieceHasher;
}

/**
 * Opens the listening port and answers peers from then on.
 * @throws {Deno.errors.AddrInUse} If no port from the one asked for on is free.
 */
export function openSession(options: SessionOptions = {}): Session {
  const { port, sockets } = listenForPeers({
    port: options.port ?? PEER_PORT,
    hostname: options.hostname,
  });
  let lastPeerKey = 0;
  const shared: SharedBySession = {
    ownId: createPeerId(Math.random),
    key: createAnnounceKey(Math.random),
    port,
    maxPeers: options.maxPeers ?? MAX_PEERS,
    permits: options.permits ?? (() => true),
    uploadPacer: new Pacer(options.maxUploadBytesPerSecond ?? 0),
    downloadPacer: new Pacer(options.maxDownloadBytesPerSecond ?? 0),
    dialLimiter: new DialLimiter(),
    connectionLimit: new ConnectionLimit(),
    fdPressure: new FdPressure(),
    createPeerKey: () => ++lastPeerKey,
    handshakeTimeoutMs: options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS,
    announce: options.announce,
    hasher: options.hasher ?? openWorkerHasher({ maxWorkers: 0 }),
  };
  return new Session(shared, sockets);
}

/** Shares torrents until closed; made by {@linkcode openSession}. */
export class Session implements AsyncDisposable {
  readonly #shared: SharedBySession;
  readonly #listener: PeerListener;
  readonly #torrents = new Map<InfoHash, TorrentSession>();
  readonly #running: Promise<void>[] = [];
  readonly #givingWay: Disposable;

  /** @internal For {@linkcode openSession}. */
  constructor(shared: SharedBySession, sockets: readonly Deno.TcpListener[]) {
    this.#shared = shared;
    this.#listener = new PeerListener(sockets, {
      ownId: shared.ownId,
      timeoutMs: shared.handshakeTimeoutMs,
      permits: shared.permits,
      fdPressure: shared.fdPressure,
      shares: (infoHash) => this.#torrents.has(infoHash),
      onPeer: (greeted) => {
        const torrent = this.#torrents.get(greeted.handshake.infoHash);
        if (torrent === undefined) greeted.channel.close();
        else torrent.adopt(greeted);
      },
    });
    this.#running.push(this.#listener.run());
    this.#givingWay = shared.fdPressure.onShortage((now) =>
      shared.connectionLimit.giveWay(now)
    );
  }

  /** The port that peers reach us on. */
  get port(): number {
    return this.#shared.port;
  }

  /** For storages whose files compete with this session's connections. */
  get fdPressure(): FdPressure {
    return this.#shared.fdPressure;
  }

  /** Who we are to peers and trackers, until it is closed. */
  get peerId(): PeerId {
    return this.#shared.ownId;
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
    const session = new TorrentSession(torrent, this.#shared, options);
    this.#torrents.set(torrent.infoHash, session);
    this.#running.push(session.run());
    return session;
  }

  /**
   * Stops sharing a torrent and tells its trackers; it may be added again then.
   * A torrent that the disk stopped is removed so as well.
   */
  async removeTorrent(transfer: TorrentSession): Promise<void> {
    await transfer.stop();
    const { infoHash } = transfer.torrent;
    if (this.#torrents.get(infoHash) === transfer) {
      this.#torrents.delete(infoHash);
    }
  }

  /** Stops everything and tells the trackers; a little over two seconds at most. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.#givingWay[Symbol.dispose]();
    await Promise.all(
      [...this.#torrents.values()].map((torrent) => torrent.stop()),
    );
    await Promise.all(this.#running);
  }
}
