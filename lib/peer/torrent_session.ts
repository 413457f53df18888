/**
 * One torrent at work: the loop that turns the world into the swarm's events and
 * performs the swarm's actions. It decides nothing about pieces or peers itself;
 * it owns the connections, the pieces being hashed and stored, and the timer.
 *
 * @module
 */
import { StorageError } from "../base/errors.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import { RateMeter } from "../base/rate_meter.ts";
import type { PieceHasher } from "../disk/worker_hasher.ts";
import { ReadCache } from "../disk/read_cache.ts";
import { sha1Sync } from "../disk/sha1.ts";
import type { Storage } from "../disk/storage.ts";
import { Bitfield } from "../base/bitfield.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import type { HandshakenChannel } from "./dial_peer.ts";
import { allowedFastSet } from "../swarm/allowed_fast.ts";
import type {
  JudgedPiece,
  PeerKey,
  SwarmAction,
  SwarmEvent,
} from "../swarm/events.ts";
import { Swarm } from "../swarm/swarm.ts";
import { OWN_EXTENSIONS, sharedExtensions } from "../wire/handshake.ts";
import type { Message } from "../wire/message.ts";
import { MAX_FRAME_LENGTH } from "../wire/read_message.ts";
import { Announcer } from "../announce/announcer.ts";
import type { AddressSource } from "../dialing/address_book.ts";
import type { ConnectionEnd } from "../dialing/dialer.ts";
import type { ConnectionLimit } from "./handle_limit.ts";
import { PeerDialing } from "./peer_dialing.ts";
import { PeerConnections } from "./peer_connections.ts";
import type { SessionEvent } from "./session_event.ts";
import type { SharedBySession } from "./session_context.ts";
import { describeSwarm, type TorrentSnapshot } from "./snapshot.ts";
import { verifyAndStore } from "./verify_and_store.ts";

const TICK_MS = 1000;

/** What one torrent brings along. */
export interface TorrentSessionOptions {
  /** Content is read from and written to it; whoever opened it closes it. */
  readonly storage: Storage;
  /** The pieces known to be stored and right, as `verifyStorage` finds them. */
  readonly have: Bitfield;
  /** Hears of everything that happens to the torrent. */
  readonly onEvent?: (event: SessionEvent) => void;
}

/** A torrent that is downloaded and seeded until it is stopped. */
export class TorrentSession {
  /** What is shared. */
  readonly torrent: Torrent;
  readonly #options: TorrentSessionOptions;
  readonly #swarm: Swarm;
  readonly #hasher: PieceHasher;
  readonly #announcer: Announcer;
  readonly #dialing: PeerDialing;
  readonly #connections: PeerConnections;
  readonly #limit: ConnectionLimit;
  readonly #downloadRate = new RateMeter(performance.now());
  readonly #uploadRate = new RateMeter(performance.now());
  readonly #stopping = new AbortController();
  /** What must be over before the storage may be closed. */
  readonly #underWay = new Set<Promise<void>>();
  #failure: StorageError | undefined;
  #stopped: Promise<void> | undefined;

  /** @internal For `Session.addTorrent`. */
  constructor(
    torrent: Torrent,
    shared: SharedBySession,
    options: TorrentSessionOptions,
  ) {
    this.torrent = torrent;
    this.#options = options;
    this.#hasher = shared.hasher;
    this.#limit = shared.connectionLimit;
    const { ownId, key, port, maxPeers, permits, announce } = shared;
    this.#swarm = new Swarm({
      geometry: torrent.geometry,
      have: options.have,
      ownId,
      random: Math.random,
      maxPeers,
      allowedFastSet: (hostname) =>
        allowedFastSet({
          infoHash: torrent.infoHash,
          pieceCount: torrent.geometry.pieceCount,
          hostname,
          sha1: sha1Sync,
        }),
      listenPort: port,
      isPrivate: torrent.isPrivate,
    });
    this.#connections = this.#createConnections(shared);
    this.#dialing = new PeerDialing({
      own: {
        infoHash: torrent.infoHash,
        peerId: ownId,
        extensions: OWN_EXTENSIONS,
      },
      signal: this.#stopping.signal,
      timeoutMs: shared.handshakeTimeoutMs,
      random: Math.random,
      maxPeers,
      permits,
      limiter: shared.dialLimiter,
      fdPressure: shared.fdPressure,
      connections: this.#swarm,
      onPeer: (channel, address) => this.adopt(channel, address),
    });
    this.#announcer = new Announcer({
      tiers: torrent.announce,
      infoHash: torrent.infoHash,
      peerId: ownId,
      key,
      port,
      progress: () => this.#progress(),
      onPeers: (addresses) => this.#learn(addresses, "tracker"),
      onReport: (report) => this.#emit(report),
      announce,
      fdPressure: shared.fdPressure,
    });
  }

  /** Whether every piece is verified and stored. */
  get isComplete(): boolean {
    return this.#swarm.have.isFull;
  }

  /** The pieces that are verified and stored, a copy. */
  get have(): Bitfield {
    const { have } = this.#swarm;
    return Bitfield.fromBytes(have.toBytes(), have.length);
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

  /** Dials these peers too, wherever they listen: whoever adds them knows them. */
  addPeers(addresses: Iterable<PeerAddress>): void {
    this.#learn(addresses, "user");
  }

  /**
   * Takes over a channel whose handshake is done; `dialed` is set if we called.
   * @internal For the session that listens.
   */
  adopt({ channel, handshake }: HandshakenChannel, dialed?: PeerAddress): void {
    if (this.#stopping.signal.aborted) return channel.close();
    if (!this.#limit.add(channel, performance.now())) {
      channel.close();
      if (dialed !== undefined) this.#dialEnded(dialed, "full");
      return;
    }
    const peer = this.#connections.add(channel, dialed);
    this.#apply({
      type: "peerJoined",
      peer,
      id: handshake.peerId,
      hostname: channel.hostname,
      isOutgoing: dialed !== undefined,
      extensions: sharedExtensions(handshake.extensions),
      listenPort: dialed?.port,
    });
    this.#track(
      this.#connections.run(peer).finally(() => this.#limit.delete(channel)),
    );
  }

  /** How it stands. */
  snapshot(): TorrentSnapshot {
    const now = performance.now();
    return {
      ...describeSwarm(this.torrent, this.#swarm, {
        now,
        addressOf: (peer) => this.#connections.addressOf(peer),
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

  #createConnections(shared: SharedBySession): PeerConnections {
    const { geometry } = this.torrent;
    const cache = new ReadCache(this.#options.storage, geometry);
    const bitfieldLength = Math.ceil(geometry.pieceCount / 8);
    return new PeerConnections({
      createPeerKey: shared.createPeerKey,
      maxFrameLength: Math.max(MAX_FRAME_LENGTH, bitfieldLength + 1),
      pieceCount: geometry.pieceCount,
      uploadPacer: shared.uploadPacer,
      downloadPacer: shared.downloadPacer,
      readBlock: ({ index, offsetInPiece }, into) =>
        cache.read(geometry.pieceOffset(index) + offsetInPiece, into),
      onMessage: (peer, message) => this.#receive(peer, message),
      onBlocksSent: (peer, lengths) => this.#blocksSent(peer, lengths),
      onOver: (peer, end, dialed) => {
        this.#apply({ type: "peerLeft", peer });
        if (dialed !== undefined) this.#dialEnded(dialed, end);
      },
      onEvent: (event) => this.#emit(event),
    });
  }

  #learn(addresses: Iterable<PeerAddress>, source: AddressSource): void {
    this.#dialing.apply({ type: "learnt", addresses, source });
  }

  #dialEnded(address: PeerAddress, reason: ConnectionEnd): void {
    this.#dialing.apply({ type: "ended", address, reason });
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
        this.#connections.send(action.peer, action.message);
        break;
      case "serveBlock":
        this.#connections.sendBlock(action.peer, action.block);
        break;
      case "peersHeard":
        this.#learn(action.addresses, "exchange");
        break;
      case "verifyPiece":
        this.#track(this.#verify(action));
        break;
      case "disconnect":
        this.#connections.close(action.peer, action.reason, action.detail);
        break;
      case "ban":
        this.#emit({ ...action, type: "peerBanned" });
        break;
      case "completed":
        this.#dialing.apply({ type: "completed" });
        this.#announcer.completed();
        this.#emit({ type: "completed" });
        break;
      default:
        action satisfies never;
    }
  }

  async #verify(piece: JudgedPiece): Promise<void> {
    const verdict = await verifyAndStore(piece, {
      torrent: this.torrent,
      storage: this.#options.storage,
      hasher: this.#hasher,
    });
    // Told before what follows from it: the last piece completes the torrent.
    this.#emit({ type: verdict.type, index: verdict.index });
    this.#apply(verdict);
  }

  #tick(): void {
    this.#apply({ type: "tick" });
    this.#dialing.apply({ type: "tick" });
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
    this.#connections.closeAll();
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
