/**
 * One torrent at work: the loop that turns sockets, disk and time into events of
 * the swarm, and performs the swarm's actions. Owns the connections, the pieces
 * being hashed and stored, and the timer; decides nothing about pieces or peers,
 * except to refuse a connection when file descriptors run short.
 *
 * @module
 */
import { guardListener } from "../base/guard_listener.ts";
import { Bitfield, type PeerPieces } from "../base/bitfield.ts";
import { StorageError } from "../base/errors.ts";
import type { PeerId } from "../base/identifier.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import { RateMeter } from "../base/rate_meter.ts";
import type { AddressSource } from "../dialing/address_book.ts";
import type { Storage } from "../disk/storage.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import type {
  PeerKey,
  PieceBytes,
  SwarmAction,
  SwarmEvent,
} from "../swarm/events.ts";
import type { PieceChoice } from "../swarm/peer.ts";
import type { Swarm } from "../swarm/swarm.ts";
import type { Message } from "../wire/message.ts";
import type { HandshakenChannel } from "./peer_channel.ts";
import { PeerConnection, takeUnsent } from "./peer_connection.ts";
import { PeerDialing } from "./peer_dialing.ts";
import { PieceStore, type TransferLoad } from "./piece_store.ts";
import type { TransferControl } from "./pacer.ts";
import {
  type ConnectionContext,
  createConnectionContext,
  createSwarm,
  type SessionContext,
} from "./session_context.ts";
import {
  describeSwarm,
  type SessionEvent,
  type TorrentSnapshot,
} from "./session_report.ts";

const TICK_MS = 1000;
/** Time for the first peers to connect before a missing source is reported, in milliseconds. */
const SOURCE_WAIT_MS = 4_000;

/** Options for `Session.addTorrent`. */
export interface TorrentSessionOptions extends PieceChoice {
  /** Content is read from it and written to it; the caller closes it. */
  readonly storage: Storage;
  /** The pieces verified as stored, as `verifyStorage` finds them. */
  readonly have: Bitfield;
  /** Takes every event of the torrent. Its exceptions are ignored. */
  readonly onEvent?: (event: SessionEvent) => void;
}

/** A torrent that is downloaded and seeded until it is stopped. */
export class TorrentSession {
  /** The torrent that is shared. */
  readonly torrent: Torrent;
  readonly #emit: (event: SessionEvent) => void;
  readonly #session: SessionContext;
  readonly #swarm: Swarm;
  readonly #dialing: PeerDialing;
  readonly #context: ConnectionContext;
  readonly #connections = new Map<PeerKey, PeerConnection>();
  readonly #downloadRate = new RateMeter(performance.now());
  readonly #uploadRate = new RateMeter(performance.now());
  readonly #store: PieceStore;
  /** The last time at which a connected peer had a piece that we lack. */
  #sourceSeenMs = performance.now();
  readonly #stopping = new AbortController();
  /** Work that must be over before the storage may be closed. */
  readonly #underWay = new Set<Promise<void>>();
  #failure: StorageError | undefined;
  #stopped: Promise<void> | undefined;

  /** @internal For `Session.addTorrent`. */
  constructor(
    torrent: Torrent,
    session: SessionContext,
    options: TorrentSessionOptions,
  ) {
    this.torrent = torrent;
    this.#session = session;
    const swarm = createSwarm(session, {
      torrent,
      ...options,
      isStalled: (peer) => this.#connections.get(peer)?.isStalled ?? false,
    });
    this.#swarm = swarm;
    this.#store = new PieceStore(torrent, { ...session, ...options, swarm });
    this.#emit = guardListener(options.onEvent);
    this.#context = createConnectionContext(session, {
      torrent,
      storage: options.storage,
      onMessage: (peer, message) => this.#receive(peer, message),
      onBlocksSent: (peer, lengths) => this.#blocksSent(peer, lengths),
    });
    this.#dialing = new PeerDialing(session, {
      infoHash: torrent.infoHash,
      tiers: torrent.announce,
      progress: () => this.#store.progress,
      onReport: (report) => this.#emit(report),
      signal: this.#stopping.signal,
      connections: swarm,
      onPeer: (channel, address) => this.adopt(channel, address),
    });
  }

  /** True if every wanted piece is verified and stored, and every file has its name. */
  get isComplete(): boolean {
    return this.#store.isComplete;
  }

  /** The pieces that are verified and stored, a copy. */
  get have(): Bitfield {
    const { have } = this.#swarm;
    return Bitfield.fromBytes(have.toBytes(), have.length);
  }

  /** The pieces that each connected peer announced. */
  peerPieces(): PeerPieces[] {
    const peers = [...this.#swarm.peers.values()];
    return peers.map(({ peer: { id: peerId, hostname, pieces } }) => (
      { peerId, hostname, pieces }
    ));
  }

  /** Pauses, resumes or limits the torrent; connections stay. */
  control(control: TransferControl): void {
    const { isPaused = false } = control;
    // A pause lifts the limits: blocks in flight arrive at once, and no choke waits
    // behind a block.
    const rates: TransferControl = isPaused ? {} : control;
    this.#context.uploadPacer.setRate(rates.maxUploadBytesPerSecond ?? 0);
    this.#context.downloadPacer.setRate(rates.maxDownloadBytesPerSecond ?? 0);
    if (isPaused === this.#swarm.isPaused) return;
    const type = isPaused ? "paused" : "resumed";
    const unsent = isPaused ? takeUnsent(this.#connections.values()) : [];
    this.#apply({ type, unsent });
    this.#emit({ type });
  }

  /** Announces, dials and ticks until {@linkcode stop}. Never rejects: a failure of the storage stops the torrent and is an event. */
  async run(): Promise<void> {
    const timer = setInterval(() => this.#tick(), TICK_MS);
    this.#track(this.#store.begin());
    try {
      await this.#dialing.announcer.run(this.#stopping.signal);
    } finally {
      clearInterval(timer);
    }
  }

  /** Closes all connections, waits for pieces being stored and announces `stopped`, which takes at most `timeoutMs` milliseconds or 1.2 s. */
  stop(timeoutMs?: number): Promise<void> {
    return this.#stopped ??= this.#shutDown(timeoutMs);
  }

  /** Dials these peers too, on any port unless `source` is other than the user. */
  addPeers(
    addresses: Iterable<PeerAddress>,
    source: AddressSource = "user",
  ): void {
    this.#dialing.learn(source, addresses);
  }

  /**
   * Takes over a channel; `dialed` is the address if we dialed it.
   * @internal For the session's listener.
   */
  adopt({ channel, handshake }: HandshakenChannel, dialed?: PeerAddress): void {
    const { handleLimit, createPeerKey } = this.#session;
    if (this.#stopping.signal.aborted) return channel.close();
    if (!handleLimit.add(channel, performance.now())) {
      channel.close();
      return this.#dialing.ended(dialed, "full");
    }
    const key = createPeerKey();
    const end = { key, channel, dialed };
    const connection = new PeerConnection(end, this.#context);
    this.#connections.set(key, connection);
    this.#apply({
      type: "peerJoined",
      peer: key,
      id: handshake.peerId,
      hostname: channel.hostname,
      isOutgoing: dialed !== undefined,
      extensions: handshake.extensions,
      listenPort: dialed?.port,
    });
    this.#track(this.#runConnection(connection));
  }

  /** The state of the torrent. */
  snapshot(): TorrentSnapshot {
    return describeSwarm(this.torrent, this.#swarm, {
      now: performance.now(),
      store: this.#store,
      hasFailed: this.#failure !== undefined,
      downloadRate: this.#downloadRate,
      uploadRate: this.#uploadRate,
      addressOf: (peer) => this.#connections.get(peer)!.address,
    });
  }

  /** The work so far, and what the peers do now. */
  load(from?: PeerId): TransferLoad {
    return this.#store.load(from);
  }

  #receive(peer: PeerKey, message: Message): void {
    if (message.type === "piece") {
      this.#downloadRate.add(message.block.length, performance.now());
    }
    this.#apply({ type: "messageReceived", peer, message });
  }

  #blocksSent(peer: PeerKey, lengths: readonly number[]): void {
    for (const length of lengths) {
      this.#uploadRate.add(length, performance.now());
      this.#apply({ type: "blockSent", peer, length });
    }
  }

  /** @throws {StorageError} If a block to be sent cannot be read. */
  async #runConnection(connection: PeerConnection): Promise<void> {
    const { key, channel, dialed, address } = connection;
    const isReported = !channel.isClosed; // Else the swarm refused it at once.
    if (isReported) this.#emit({ type: "peerConnected", address });
    try {
      await connection.run();
    } finally {
      const { reason, detail } = connection.end;
      this.#session.handleLimit.delete(channel);
      this.#apply({ type: "peerLeft", peer: key });
      this.#connections.delete(key);
      this.#dialing.ended(dialed, reason);
      if (isReported) {
        this.#emit({ type: "peerDisconnected", address, reason: detail });
      }
    }
  }

  #apply(event: SwarmEvent): void {
    const actions = this.#swarm.apply(event, performance.now());
    for (const action of actions) this.#perform(action);
  }

  #perform(action: SwarmAction): void {
    switch (action.type) {
      case "send":
        this.#connections.get(action.peer)?.outbox.send(action.message);
        break;
      case "serveBlock":
        this.#connections.get(action.peer)?.outbox.sendBlock(action.block);
        break;
      case "peersExchanged":
        this.#dialing.learn("exchange", action.addresses);
        break;
      case "verifyPiece":
        this.#track(this.#verify(action));
        break;
      case "disconnect":
        this.#connections.get(action.peer)?.close(action);
        break;
      case "ban":
        this.#emit({ ...action, type: "peerBanned" });
        break;
      case "completed":
        this.#dialing.apply({ type: "completed" });
        // A partial seed announces no `completed`.
        if (this.#swarm.have.isFull) this.#dialing.announcer.completed();
        break;
      default:
        action satisfies never;
    }
  }

  async #verify(piece: PieceBytes): Promise<void> {
    const checked = await this.#store.check(piece);
    const { type, index } = checked;
    // Before the events that follow from the piece, such as `completed`.
    this.#emit({ type, index });
    this.#apply(checked);
    if (type === "pieceVerified") void this.#nameFiles(index);
  }

  /** Reports the files that a piece completes; a stop does not wait for them. */
  async #nameFiles(index: number): Promise<void> {
    const { signal } = this.#stopping;
    try {
      const { paths, areLast } = await this.#store.nameFiles(index);
      if (signal.aborted) return;
      for (const path of paths) this.#emit({ type: "fileComplete", path });
      if (areLast) this.#emit({ type: "completed" });
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (!signal.aborted) this.#fail(error);
    }
  }

  #tick(): void {
    this.#apply({ type: "tick" });
    this.#dialing.apply({ type: "tick" });
    const now = performance.now();
    const { isDone, peers } = this.#swarm;
    const hasSource = isDone ||
      peers.values().some(({ source }) => source.weAreInterested);
    if (hasSource) this.#sourceSeenMs = now;
    const lacksSource = now - this.#sourceSeenMs > SOURCE_WAIT_MS;
    if (this.#dialing.announcer.setLacksSource(lacksSource)) {
      this.#emit({ type: "sourceMissing" });
    }
    const isLonely = !this.isComplete && this.#connections.size === 0;
    if (isLonely) this.#dialing.announcer.requestMorePeers();
  }

  /** Notes work that the shutdown waits for. A failure of the storage ends the torrent. */
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
    // Announces `stopped` now; the closing of the session waits for that.
    this.#stopped ??= this.#shutDown();
    this.#emit({ type: "storageFailed", error });
  }

  async #shutDown(timeoutMs?: number): Promise<void> {
    this.#stopping.abort();
    for (const connection of this.#connections.values()) connection.close();
    const stopping = this.#dialing.announcer.stop(timeoutMs);
    await Promise.all([stopping, ...this.#underWay]);
  }
}
