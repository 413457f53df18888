/**
 * One torrent at work: the loop that turns the world into the swarm's events and
 * performs the swarm's actions. It decides nothing about pieces or peers itself;
 * it owns the connections, the pieces being hashed and stored, and the timer.
 *
 * @module
 */
import { type ProtocolError, StorageError } from "../base/errors.ts";
import type { PeerId } from "../base/identifier.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import { RateMeter } from "../base/rate_meter.ts";
import { ReadCache } from "../disk/read_cache.ts";
import type { Storage } from "../disk/storage.ts";
import type { Bitfield } from "../base/bitfield.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import type { GreetedChannel } from "../net/dial_peer.ts";
import type { PeerChannel } from "../net/peer_channel.ts";
import type {
  DisconnectReason,
  PeerKey,
  SwarmAction,
  SwarmEvent,
} from "../swarm/events.ts";
import { Swarm } from "../swarm/swarm.ts";
import type { Message } from "../wire/message.ts";
import { MAX_FRAME_LENGTH } from "../wire/read_message.ts";
import { type AnnounceFunction, Announcer } from "./announcer.ts";
import type { Pacer } from "./pacer.ts";
import { PeerDialing } from "./peer_dialing.ts";
import { PeerLink } from "./peer_link.ts";
import type { SessionEvent } from "./session_event.ts";
import { describeSwarm, type TorrentSnapshot } from "./snapshot.ts";
import { verifyAndStore } from "./verify_and_store.ts";

const TICK_MS = 1000;

/** What all torrents of a session share. */
export interface SharedBySession {
  readonly ownId: PeerId;
  /** The announce key. */
  readonly key: string;
  /** Where peers reach us. */
  readonly port: number;
  readonly maxPeers: number;
  readonly uploadPacer: Pacer;
  readonly downloadPacer: Pacer;
  readonly handshakeTimeoutMs: number;
  readonly announce: AnnounceFunction | undefined;
}

/** What one torrent brings along. */
export interface TorrentSessionOptions {
  /** Content is read from and written to it; whoever opened it closes it. */
  readonly storage: Storage;
  /** The pieces known to be stored and right, as `verifyStorage` finds them. */
  readonly have: Bitfield;
  readonly onEvent?: (event: SessionEvent) => void;
}

interface Connection {
  readonly link: PeerLink;
  readonly address: PeerAddress;
  /** The address that was dialed, if we did. */
  readonly dialed: PeerAddress | undefined;
  /** Set when the swarm ends the connection. */
  end: { reason: DisconnectReason; detail: string } | undefined;
}

let lastPeerKey: PeerKey = 0;

/** A torrent that is downloaded and seeded until it is stopped. */
export class TorrentSession {
  readonly torrent: Torrent;
  readonly #shared: SharedBySession;
  readonly #options: TorrentSessionOptions;
  readonly #swarm: Swarm;
  readonly #cache: ReadCache;
  readonly #announcer: Announcer;
  readonly #dialing: PeerDialing;
  readonly #connections = new Map<PeerKey, Connection>();
  readonly #downloadRate = new RateMeter(performance.now());
  readonly #uploadRate = new RateMeter(performance.now());
  readonly #stopping = new AbortController();
  /** What must be over before the storage may be closed. */
  readonly #underWay = new Set<Promise<void>>();
  #failure: StorageError | undefined;
  #stopped: Promise<void> | undefined;

  constructor(
    torrent: Torrent,
    shared: SharedBySession,
    options: TorrentSessionOptions,
  ) {
    this.torrent = torrent;
    this.#shared = shared;
    this.#options = options;
    const { ownId, key, port, maxPeers, announce } = shared;
    this.#swarm = new Swarm({
      geometry: torrent.geometry,
      have: options.have,
      ownId,
      random: Math.random,
      maxPeers,
    });
    this.#cache = new ReadCache(options.storage, torrent.geometry);
    this.#dialing = new PeerDialing({
      own: { infoHash: torrent.infoHash, peerId: ownId },
      signal: this.#stopping.signal,
      timeoutMs: shared.handshakeTimeoutMs,
      random: Math.random,
      hasRoom: () => !this.#swarm.isFull,
      onPeer: (greeted, address) => this.adopt(greeted, address),
    });
    this.#announcer = new Announcer({
      tiers: torrent.announce,
      infoHash: torrent.infoHash,
      peerId: ownId,
      key,
      port,
      progress: () => this.#progress(),
      onPeers: (peers) => this.#dialing.add(peers),
      onReport: (report) => this.#emit(report),
      announce,
    });
  }

  /** Whether every piece is verified and stored. */
  get isComplete(): boolean {
    return this.#swarm.have.isFull;
  }

  /** Announces, dials and ticks until {@linkcode stop}. Never rejects: a failed disk is an event and ends it. */
  async run(): Promise<void> {
    const timer = setInterval(() => this.#tick(), TICK_MS);
    try {
      await this.#announcer.run(this.#stopping.signal);
    } finally {
      clearInterval(timer);
    }
  }

  /** Ends all connections, waits for what is being stored and tells the trackers. Takes at most a little over two seconds. */
  stop(): Promise<void> {
    return this.#stopped ??= this.#shutDown();
  }

  /** Dials these peers too, as if a tracker had named them. */
  addPeers(addresses: Iterable<PeerAddress>): void {
    this.#dialing.add(addresses);
  }

  /** Takes over a channel whose handshake is done; `dialed` is set if we called. */
  adopt({ channel, handshake }: GreetedChannel, dialed?: PeerAddress): void {
    if (this.#stopping.signal.aborted) return channel.close();
    const peer = ++lastPeerKey;
    const connection: Connection = {
      link: this.#openLink(peer, channel),
      address: { hostname: channel.hostname, port: channel.port },
      dialed,
      end: undefined,
    };
    this.#connections.set(peer, connection);
    this.#apply({
      type: "peerJoined",
      peer,
      id: handshake.peerId,
      hostname: channel.hostname,
      isOutgoing: dialed !== undefined,
    });
    this.#track(this.#converse(peer, connection));
  }

  /** How it stands. */
  snapshot(): TorrentSnapshot {
    const now = performance.now();
    return {
      ...describeSwarm(this.torrent, this.#swarm, {
        now,
        addressOf: (peer) => this.#connections.get(peer)!.address,
      }),
      state: this.#state,
      downloadBytesPerSecond: this.#downloadRate.bytesPerSecond(now),
      uploadBytesPerSecond: this.#uploadRate.bytesPerSecond(now),
    };
  }

  get #state(): TorrentSnapshot["state"] {
    if (this.#failure !== undefined) return "failed";
    return this.isComplete ? "seeding" : "downloading";
  }

  #openLink(peer: PeerKey, channel: PeerChannel): PeerLink {
    const { geometry } = this.torrent;
    const { uploadPacer, downloadPacer } = this.#shared;
    const bitfieldLength = Math.ceil(geometry.pieceCount / 8);
    return new PeerLink({
      channel,
      limits: { maxLength: Math.max(MAX_FRAME_LENGTH, bitfieldLength + 1) },
      onMessage: (message) => this.#receive(peer, message),
      readBlock: ({ index, offsetInPiece }, into) =>
        this.#cache.read(geometry.pieceOffset(index) + offsetInPiece, into),
      onBlocksSent: (lengths) => this.#blocksSent(peer, lengths),
      uploadPacer,
      downloadPacer,
    });
  }

  /** A connection from its introduction to its end. */
  async #converse(peer: PeerKey, connection: Connection): Promise<void> {
    const { link, address, dialed } = connection;
    const isWelcome = connection.end === undefined;
    if (isWelcome) this.#emit({ type: "peerConnected", address });
    let fault: ProtocolError | undefined;
    try {
      fault = await link.run();
    } finally {
      this.#connections.delete(peer);
      this.#apply({ type: "peerLeft", peer });
      const end = connection.end?.reason ??
        (fault === undefined ? "lost" : "protocol");
      if (dialed !== undefined) this.#dialing.release(dialed, end);
      if (isWelcome) {
        this.#emit({
          type: "peerDisconnected",
          address,
          reason: connection.end?.detail ?? fault?.message,
        });
      }
    }
  }

  #receive(peer: PeerKey, message: Message): void {
    if (message.type === "piece") {
      this.#downloadRate.add(message.block.length, performance.now());
    }
    this.#apply({ type: "messageReceived", peer, message });
  }

  #blocksSent(peer: PeerKey, lengths: readonly number[]): void {
    const now = performance.now();
    for (const length of lengths) {
      this.#uploadRate.add(length, now);
      this.#apply({ type: "blockSent", peer, length });
    }
  }

  #apply(event: SwarmEvent): void {
    const actions = this.#swarm.apply(event, performance.now());
    for (const action of actions) this.#perform(action);
  }

  #perform(action: SwarmAction): void {
    switch (action.type) {
      case "send":
        this.#connections.get(action.peer)?.link.outbox.send(action.message);
        break;
      case "serveBlock":
        this.#connections.get(action.peer)?.link.outbox.sendBlock(action.block);
        break;
      case "verifyPiece":
        this.#track(this.#verify(action));
        break;
      case "disconnect":
        this.#disconnect(action);
        break;
      case "ban":
        this.#emit({
          type: "peerBanned",
          hostname: action.hostname,
          index: action.index,
        });
        break;
      case "completed":
        this.#announcer.completed();
        this.#emit({ type: "completed" });
        break;
      default:
        action satisfies never;
    }
  }

  async #verify(
    piece: { index: number; bytes: Uint8Array<ArrayBuffer> },
  ): Promise<void> {
    const { storage } = this.#options;
    const verdict = await verifyAndStore(piece, {
      torrent: this.torrent,
      storage,
    });
    this.#apply({ type: verdict, index: piece.index });
    this.#emit({ type: verdict, index: piece.index });
  }

  #disconnect(action: SwarmAction & { type: "disconnect" }): void {
    const connection = this.#connections.get(action.peer);
    if (connection === undefined) return;
    connection.end = { reason: action.reason, detail: action.detail };
    connection.link.close();
  }

  #tick(): void {
    this.#apply({ type: "tick" });
    this.#dialing.dialMore();
    if (!this.isComplete && this.#connections.size === 0) {
      this.#announcer.requestMorePeers();
    }
  }

  /** Waits for what runs beside the loop; a disk that refuses ends the torrent. */
  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error) => {
        if (!(error instanceof StorageError)) throw error;
        this.#fail(error);
      })
      .finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  #fail(error: StorageError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    // The trackers are to forget it now; whoever closes the session waits for that.
    this.#stopped ??= this.#shutDown();
    this.#emit({ type: "storageFailed", error });
  }

  async #shutDown(): Promise<void> {
    this.#stopping.abort();
    for (const { link } of this.#connections.values()) link.close();
    await Promise.all([this.#announcer.stop(), ...this.#underWay]);
  }

  #progress(): { uploaded: number; downloaded: number; left: number } {
    const { have, traffic } = this.#swarm;
    const { geometry } = this.torrent;
    return {
      uploaded: traffic.uploaded,
      downloaded: traffic.downloaded,
      left: geometry.length - geometry.lengthOf(have),
    };
  }

  #emit(event: SessionEvent): void {
    this.#options.onEvent?.(event);
  }
}
