/**
 * The engine: all decisions about one torrent, without I/O, clocks or randomness of its
 * own. It takes events and the time, and returns actions. The same events give the same
 * actions, so a whole swarm runs in a test. Each part owns its state: `PeerSlots`,
 * `Downloads`, `Uploads`, `Extensions` and `SuperSeeding`.
 *
 * @module
 */
import type { Bitfield } from "../base/bitfield.ts";
import { ProtocolError } from "../base/errors.ts";
import type { PeerId } from "../base/identifier.ts";
import type { Message } from "../wire/message.ts";
import { Downloads } from "./downloads.ts";
import type {
  Disconnection,
  PeerIntroduction,
  PeerKey,
  PieceBytes,
  SwarmAction,
  SwarmEvent,
} from "./events.ts";
import { Extensions } from "./extensions.ts";
import { handleMessage, type SwarmParts } from "./incoming_message.ts";
import { type Peer, SwarmContext, type SwarmOptions } from "./peer.ts";
import { PeerSlots, type PeerState } from "./peer_slots.ts";
import { isOverdue } from "./slow_peers.ts";
import { SuperSeeding } from "./super_seeding.ts";
import { Uploads } from "./uploads.ts";

/** A longer pause between ticks means that this process was suspended, not that peers were silent. */
const SUSPENDED_MS = 5_000;

/** The swarm of one torrent as we see it. The properties are live; callers must not change them. */
export class Swarm {
  /** The pieces that are verified and stored. */
  readonly have: Bitfield;
  /** The pieces to fetch. */
  readonly wanted: Bitfield;
  /** The wanted pieces that are verified and stored. */
  readonly done: Bitfield;
  /** The connected peers. */
  readonly peers: ReadonlyMap<PeerKey, PeerState>;
  /** Content received, the wasted part of it, and content sent so far, in bytes. */
  readonly traffic: Readonly<SwarmContext["traffic"]>;
  readonly #slots: PeerSlots;
  readonly #context: SwarmContext;
  readonly #parts: SwarmParts;
  #tickedAt = Infinity;

  constructor(options: SwarmOptions) {
    this.#slots = new PeerSlots(options);
    const context = new SwarmContext(options);
    this.#context = context;
    this.have = context.have;
    this.wanted = context.wanted;
    this.done = context.done;
    this.peers = this.#slots.peers;
    this.traffic = context.traffic;
    const downloads = new Downloads(context);
    this.#parts = {
      context,
      downloads,
      uploads: new Uploads(context),
      extensions: new Extensions(context),
      superSeeding: new SuperSeeding(context, downloads),
    };
  }

  /** True if no wanted piece is missing. */
  get isDone(): boolean {
    return this.#context.isDone;
  }

  /** True from `paused` to `resumed`. */
  get isPaused(): boolean {
    return this.#context.isPaused;
  }

  /** Content received from a peer on its present and former connections, in bytes. */
  receivedFrom(id: PeerId): number {
    return this.#parts.downloads.receivedFrom(id);
  }

  /** True if a peer of the host that we dial would get a slot. */
  hasSlotFor(hostname: string, now: number): boolean {
    return this.#slots.hasSlotFor(hostname, now);
  }

  /** Takes an event and returns the actions to perform, in order. Events of unknown peers do nothing. */
  apply(event: SwarmEvent, now: number): readonly SwarmAction[] {
    this.#context.now = now;
    switch (event.type) {
      case "peerJoined":
        this.#join(event);
        break;
      case "peerLeft":
        this.#remove(event.peer);
        break;
      case "messageReceived":
        this.#receive(event.peer, event.message);
        break;
      case "blockSent":
        this.#blockSent(event.peer, event.length);
        break;
      case "pieceVerified":
      case "pieceCorrupt":
        this.#pieceHashed(event);
        break;
      case "paused":
      case "resumed":
        this.#pause(event);
        break;
      case "tick":
        this.#tick();
        break;
      default:
        event satisfies never;
    }
    return this.#context.takeActions();
  }

  #join(introduction: PeerIntroduction): void {
    const { now } = this.#context;
    const ending = this.#slots.judge(introduction, now);
    if (ending !== undefined) this.#disconnect(ending);
    if (ending?.peer === introduction.peer) return;
    const { downloads, uploads, extensions, superSeeding } = this.#parts;
    const peer = this.#slots.createPeer(introduction, now);
    extensions.exchange?.noteContact(peer);
    const source = downloads.join(peer);
    const upload = uploads.join(peer);
    const state = { peer, source, upload };
    this.#slots.add(state);
    const seesAll = !superSeeding.join(state);
    if (seesAll) this.#sendPieces(peer);
    // Not before all is announced: libtorrent leaves an upload-only peer without pieces for it.
    const isUploadOnly = seesAll && this.isDone;
    extensions.greet(peer, { isUploadOnly });
  }

  /** A peer with the fast extension gets exactly one message [BEP 6]; another peer gets no empty bitfield [BEP 3]. */
  #sendPieces(peer: Peer): void {
    const { have } = this;
    if (peer.extensions.fast && (have.isFull || have.count === 0)) {
      const type = have.isFull ? "haveAll" : "haveNone";
      this.#context.send(peer, { type });
    } else if (have.count > 0) {
      this.#context.send(peer, { type: "bitfield", bytes: have.toBytes() });
    }
  }

  #receive(key: PeerKey, message: Message): void {
    const from = this.peers.get(key);
    if (from === undefined) return;
    from.peer.received(this.#context.now);
    try {
      handleMessage(this.#parts, message, from);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const { message: detail } = error;
      return this.#disconnect({ peer: key, reason: "protocol", detail });
    }
    this.#leaveSeeder(from);
  }

  #blockSent(key: PeerKey, length: number): void {
    const to = this.peers.get(key);
    if (to === undefined) return;
    to.peer.sent(this.#context.now);
    this.#parts.uploads.blockSent(to.upload, length);
  }

  #pieceHashed(piece: Extract<SwarmEvent, PieceBytes>): void {
    const wasDone = this.isDone;
    const { downloads, extensions } = this.#parts;
    for (const hostname of downloads[piece.type](piece)) {
      this.#ban(hostname, piece.index);
    }
    if (!this.isDone || wasDone) return;
    this.#context.emit({ type: "completed" });
    for (const state of [...this.peers.values()]) this.#leaveSeeder(state);
    for (const { peer } of this.peers.values()) {
      extensions.greet(peer, { isUploadOnly: true });
    }
  }

  #ban(hostname: string, index: number): void {
    // The host may be banned already: several of its pieces may be corrupt.
    if (!this.#slots.ban(hostname)) return;
    this.#context.emit({ type: "ban", hostname, index });
    const detail = `sent a corrupt block of piece ${index}`;
    for (const { peer } of [...this.peers.values()]) {
      if (peer.hostname !== hostname) continue;
      this.#disconnect({ peer: peer.key, reason: "banned", detail });
    }
  }

  #pause(event: SwarmEvent & { type: "paused" | "resumed" }): void {
    const { downloads, uploads } = this.#parts;
    for (const { peer, block } of event.unsent) {
      const to = this.peers.get(peer);
      if (to !== undefined) uploads.takeBack(to.upload, block);
    }
    this.#context.isPaused = event.type === "paused";
    uploads.pauseChanged();
    downloads.pauseChanged();
  }

  #tick(): void {
    const { downloads, uploads, extensions, superSeeding } = this.#parts;
    const { now } = this.#context;
    const pausedMs = now - this.#tickedAt;
    this.#tickedAt = now;
    if (pausedMs > SUSPENDED_MS) {
      for (const { peer, source: { requests } } of this.peers.values()) {
        peer.forgiveSilence(pausedMs);
        requests.forgiveSilence(pausedMs);
      }
    }
    for (const { peer, source } of [...this.peers.values()]) {
      const { key } = peer;
      if (peer.isSilent(now)) {
        const detail = "nothing received for too long";
        this.#disconnect({ peer: key, reason: "idle", detail });
      } else if (isOverdue(source, now)) {
        const detail = "sent no block for too long";
        this.#disconnect({ peer: key, reason: "overdue", detail });
      } else if (peer.needsKeepAlive(now)) {
        this.#context.send(peer, { type: "keepAlive" });
      }
    }
    downloads.tick();
    uploads.tick();
    extensions.exchange?.tick();
    superSeeding.tick();
  }

  /** Two upload-only peers have nothing to exchange: frees the slot for a leecher. [BEP 21] */
  #leaveSeeder({ peer }: PeerState): void {
    if (!this.isDone || !peer.isSeeder) return;
    const detail = "neither wants a piece of the other";
    this.#disconnect({ peer: peer.key, reason: "bothComplete", detail });
  }

  #disconnect(disconnection: Disconnection): void {
    this.#context.emit({ type: "disconnect", ...disconnection });
    this.#remove(disconnection.peer);
  }

  #remove(key: PeerKey): void {
    const state = this.#slots.remove(key, this.#context.now);
    if (state === undefined) return;
    const { downloads, uploads, extensions, superSeeding } = this.#parts;
    downloads.leave(state.source);
    uploads.leave(state.upload);
    extensions.exchange?.leave(state.peer);
    superSeeding.leave(state);
  }
}
