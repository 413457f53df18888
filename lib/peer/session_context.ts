/**
 * Objects that a session makes once and passes down: to its torrents, and from each
 * torrent to its connections. They carry the session's options that the engine or the
 * announcer of a torrent needs.
 *
 * @module
 */
import { createAnnounceKey } from "../announce/announce.ts";
import type { AnnounceFunction } from "../announce/announcer.ts";
import { TrackerClient } from "../announce/tracker_client.ts";
import type { Permits } from "../base/address_filter.ts";
import { FdPressure } from "../base/fd_pressure.ts";
import { createPeerId, type PeerId } from "../base/identifier.ts";
import { hostOf } from "../base/ip_address.ts";
import { DialLimiter } from "../dialing/dial_limiter.ts";
import { MAX_PEERS } from "../dialing/dialer.ts";
import { ReadCache } from "../disk/read_cache.ts";
import { sha1 } from "../disk/sha1.ts";
import type { Storage } from "../disk/storage.ts";
import { openWorkerHasher, type PieceHasher } from "../disk/worker_hasher.ts";
import { allowedFastSet } from "../metainfo/allowed_fast_set.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import { OwnInterfaces } from "../net/own_interfaces.ts";
import type { PeerKey } from "../swarm/events.ts";
import type { SwarmOptions } from "../swarm/peer.ts";
import { Swarm } from "../swarm/swarm.ts";
import type { BlockRange, Message } from "../wire/message.ts";
import { MAX_FRAME_LENGTH } from "../wire/read_message.ts";
import { Pacer } from "./pacer.ts";
import { HANDSHAKE_TIMEOUT_MS, type PeerChannel } from "./peer_channel.ts";
import { UploadTurns } from "./upload_turns.ts";

/** Options for {@linkcode openSession}. */
export interface SessionOptions {
  /** Listening port; the next free one if it is taken, 0 for any. @default {6881} */
  readonly port?: number;
  /** Address to listen on. @default all interfaces, IPv4 and IPv6 */
  readonly hostname?: string;
  /** Connections of each torrent. @default {50} */
  readonly maxPeers?: number;
  /** In bytes a second, for all torrents together; 0 for no limit. @default {0} */
  readonly maxUploadBytesPerSecond?: number;
  /** In bytes a second, for all torrents together; 0 for no limit. @default {0} */
  readonly maxDownloadBytesPerSecond?: number;
  /** Tells which hosts may connect, by IP address; see `createAddressFilter`. @default all */
  readonly permits?: Permits;
  /** Time for a connection and its handshake, in milliseconds. @default {8000} */
  readonly handshakeTimeoutMs?: number;
  /**
   * True to announce torrents to the local network and to find peers there, private
   * torrents excepted [BEP 14, 27]. It needs `--unstable-net` and the permission
   * `--allow-sys=networkInterfaces`; without them it is off, which each torrent
   * reports as `localDiscoveryOff`. It is off too if `hostname` is a loopback address.
   * @default {true}
   */
  readonly localDiscovery?: boolean;
  /** Sends announces. @default over HTTP or UDP, as the URL says */
  readonly announce?: AnnounceFunction;
  /** Hashes the pieces that arrive; the caller disposes of it. @default {this thread} */
  readonly hasher?: PieceHasher;
}

/** Shared by all torrents of a session. */
export class SessionContext {
  readonly ownId: PeerId = createPeerId(Math.random);
  readonly announceKey: string = createAnnounceKey(Math.random);
  /** The port on which peers reach us. */
  readonly port: number;
  /** Connections of each torrent. */
  readonly maxPeers: number;
  readonly permits: Permits;
  readonly uploadPacer: Pacer;
  readonly downloadPacer: Pacer;
  readonly uploadTurns: UploadTurns;
  readonly dialLimiter: DialLimiter = new DialLimiter();
  readonly handleLimit: HandleLimit = new HandleLimit();
  readonly fdPressure: FdPressure = new FdPressure();
  readonly handshakeTimeoutMs: number;
  readonly announce: AnnounceFunction;
  readonly hasher: PieceHasher;
  readonly #interfaces = new OwnInterfaces();
  #lastPeerKey = 0;

  constructor(port: number, options: SessionOptions) {
    const { permits = () => true } = options;
    const client = new TrackerClient();
    this.port = port;
    this.maxPeers = options.maxPeers ?? MAX_PEERS;
    this.permits = permits;
    this.uploadPacer = new Pacer(options.maxUploadBytesPerSecond ?? 0);
    this.downloadPacer = new Pacer(options.maxDownloadBytesPerSecond ?? 0);
    this.uploadTurns = new UploadTurns(this.hostOf);
    this.handshakeTimeoutMs = options.handshakeTimeoutMs ??
      HANDSHAKE_TIMEOUT_MS;
    this.announce = options.announce ??
      ((url, request, { signal }) =>
        client.announce(url, request, { signal, permits }));
    this.hasher = options.hasher ?? openWorkerHasher({ maxWorkers: 0 });
  }

  /** The host that an address belongs to. */
  readonly hostOf = (hostname: string): string =>
    hostOf(hostname, (address) => this.#interfaces.isInOwnNetwork(address));

  /** A key that never named a connection before. */
  readonly createPeerKey = (): PeerKey => ++this.#lastPeerKey;
}

/** Shared by all connections of a torrent. */
export interface ConnectionContext
  extends
    Pick<SessionContext, "uploadPacer" | "downloadPacer" | "uploadTurns"> {
  readonly pieceCount: number;
  /** Longest frame that is read, in bytes. */
  readonly maxFrameLength: number;
  /** Fills `into` with a block that is part of a run of requests. Resolves to the bytes read; `undefined` if the content was in memory. */
  readonly readBlock: (
    block: BlockRange,
    into: Uint8Array,
    runLength: number,
  ) => Promise<number> | undefined;
  /** Takes a message; its bytes are views, valid until the next read. */
  readonly onMessage: (peer: PeerKey, message: Message) => void;
  /** Blocks have left for the network; lengths in bytes. */
  readonly onBlocksSent: (peer: PeerKey, lengths: readonly number[]) => void;
}

/** Creates the engine of a torrent. */
export function createSwarm(
  { ownId, maxPeers, port, hostOf }: SessionContext,
  { torrent: { infoHash, geometry, isPrivate, info }, ...choice }:
    & { readonly torrent: Torrent }
    & Pick<SwarmOptions, "have" | "wanted" | "first" | "isStalled">,
): Swarm {
  const { pieceCount } = geometry;
  return new Swarm({
    ...{ ...choice, geometry, isPrivate, info, ownId, maxPeers, hostOf },
    random: Math.random,
    allowedFastSet: (hostname) =>
      allowedFastSet({ infoHash, pieceCount, hostname, sha1 }),
    listenPort: port,
  });
}

/** Creates what the connections of a torrent share. */
export function createConnectionContext(
  session: SessionContext,
  { torrent: { geometry }, storage, ...receivers }:
    & { readonly torrent: Torrent; readonly storage: Storage }
    & Pick<ConnectionContext, "onMessage" | "onBlocksSent">,
): ConnectionContext {
  const cache = new ReadCache(storage, geometry);
  const bitfieldLength = Math.ceil(geometry.pieceCount / 8);
  return {
    ...session,
    uploadPacer: new Pacer(0, session.uploadPacer),
    downloadPacer: new Pacer(0, session.downloadPacer),
    pieceCount: geometry.pieceCount,
    maxFrameLength: Math.max(MAX_FRAME_LENGTH, bitfieldLength + 1),
    readBlock: ({ index, offsetInPiece }, ...rest) =>
      cache.read(geometry.pieceOffset(index) + offsetInPiece, ...rest),
    ...receivers,
  };
}

/** Descriptors that connections give up in a shortage. */
const RELEASED_HANDLES = 8;
/** Connections that are kept in any shortage. */
const MIN_CONNECTIONS = 4;
/** Time for which a limit holds, in milliseconds. */
const LIMIT_MS = 5_000;

/**
 * Counts the connections of a session. In a shortage of file descriptors, limits them
 * for some seconds to a few fewer than were open, so that trackers can be reached and
 * files opened.
 */
export class HandleLimit {
  /** Oldest first. */
  readonly #open = new Set<Pick<PeerChannel, "close">>();
  #maxCount = Infinity;
  #endMs = -Infinity;

  /** Counts a connection; false if it exceeds the limit. */
  add(connection: Pick<PeerChannel, "close">, nowMs: number): boolean {
    if (nowMs >= this.#endMs) this.#maxCount = Infinity;
    if (this.#open.size >= this.#maxCount) return false;
    this.#open.add(connection);
    return true;
  }

  /** The connection is over. */
  delete(connection: Pick<PeerChannel, "close">): void {
    this.#open.delete(connection);
  }

  /** Lowers the limit and closes the newest connections above it. */
  release(nowMs: number): void {
    const count = Math.min(this.#open.size, this.#maxCount) - RELEASED_HANDLES;
    this.#maxCount = Math.max(MIN_CONNECTIONS, count);
    this.#endMs = nowMs + LIMIT_MS;
    for (const connection of [...this.#open].slice(this.#maxCount)) {
      connection.close();
    }
  }
}
