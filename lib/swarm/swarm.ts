/**
 * The engine: everything that a peer decides about one torrent, without I/O, clocks
 * or randomness of its own. Events and the time come in, actions go out; the same
 * events give the same actions, so that a whole swarm runs in a test. Its parts own
 * their state: `PeerSlots`, `Downloads`, `Uploads`, `Extensions` and `SuperSeeding`.
 *
 * @module
 */
import type { Bitfield } from "../base/bitfield.ts";
import { ProtocolError } from "../base/errors.ts";
import type { PeerId } from "../base/identifier.ts";
import type { Random } from "../base/random.ts";
import type { Geometry } from "../metainfo/geometry.ts";
import type { Message } from "../wire/message.ts";
import { Downloads } from "./downloads.ts";
import type {
  DisconnectReason,
  HashedPiece,
  PeerIntroduction,
  PeerKey,
  SwarmAction,
  SwarmEvent,
} from "./events.ts";
import { Extensions } from "./extensions.ts";
import { handleMessage, type SwarmParts } from "./incoming_message.ts";
import type { RequestLimits } from "./outstanding_requests.ts";
import { Peer, type SwarmContext } from "./peer.ts";
import { PeerSlots, type PeerState } from "./peer_slots.ts";
import { isOverdue } from "./slow_peers.ts";
import { SuperSeeding } from "./super_seeding.ts";
import { Uploads } from "./uploads.ts";

/**
 * Ticks come about once a second. After a longer pause it is we who were suspended:
 * messages of peers are still to be read, and no peer was silent.
 */
const SUSPENDED_MS = 5_000;
/** No actions: most haves lead to none, and most events in a large swarm are haves. */
const NONE: SwarmAction[] = [];

/** What a swarm is created with. */
export interface SwarmOptions {
  readonly geometry: Geometry;
  /** The pieces that are verified and stored; the swarm adds to it. */
  readonly have: Bitfield;
  readonly ownId: PeerId;
  readonly random: Random;
  /** Connections at once. */
  readonly maxPeers: number;
  /** The pieces that a choked peer at the address may request, as `allowedFastSet` computes them. [BEP 6] */
  readonly allowedFastSet: (hostname: string) => readonly number[];
  /** @default {REQUEST_LIMITS} */
  readonly requestLimits?: RequestLimits;
  /** Port where we listen, for the peers that we dial. @default {undefined} */
  readonly listenPort?: number;
  /** Whether only trackers may name peers. [BEP 27] @default {false} */
  readonly isPrivate?: boolean;
}

/** The swarm of one torrent as we see it. */
export class Swarm {
  readonly #slots: PeerSlots;
  readonly #context: SwarmContext;
  readonly #parts: SwarmParts;
  #tickedAt = Infinity;
  #actions: SwarmAction[] = NONE;

  constructor(options: SwarmOptions) {
    const { geometry, have, random } = options;
    this.#slots = new PeerSlots(options);
    const context: SwarmContext = {
      geometry,
      have,
      emit: (action) => this.#emit(action),
      send: (peer, message, now) => {
        peer.activity.sent(now);
        this.#emit({ type: "send", peer: peer.key, message });
      },
    };
    this.#context = context;
    const downloads = new Downloads(context, options);
    const availability = (index: number): number =>
      downloads.availability(index);
    this.#parts = {
      geometry,
      downloads,
      uploads: new Uploads(context, options),
      extensions: new Extensions(context, {
        ...options,
        isSeeder: (key) => this.peers.get(key)!.source.isSeeder,
      }),
      superSeeding: new SuperSeeding(context, { random, availability }),
    };
  }

  /** The pieces that are verified and stored: live, not to be changed. */
  get have(): Bitfield {
    return this.#context.have;
  }

  /** The connected peers: live, not to be changed. */
  get peers(): ReadonlyMap<PeerKey, PeerState> {
    return this.#slots.peers;
  }

  isBanned(hostname: string): boolean {
    return this.#slots.isBanned(hostname);
  }

  /** Whether there is a slot for a peer of the host. */
  hasSlotFor(hostname: string, now: number): boolean {
    return this.#slots.hasSlotFor(hostname, now);
  }

  /** Content received and sent so far, in bytes. */
  get traffic(): { downloaded: number; wasted: number; uploaded: number } {
    const { downloads, uploads } = this.#parts;
    return {
      downloaded: downloads.downloadedBytes,
      wasted: downloads.wastedBytes,
      uploaded: uploads.uploadedBytes,
    };
  }

  /** Takes an event and returns the actions to perform, in order. Events of unknown peers do nothing. */
  apply(event: SwarmEvent, now: number): readonly SwarmAction[] {
    switch (event.type) {
      case "peerJoined":
        this.#join(event, now);
        break;
      case "peerLeft":
        this.#remove(event.peer, now);
        break;
      case "messageReceived":
        this.#receive(event.peer, event.message, now);
        break;
      case "blockSent":
        this.#blockSent(event.peer, event.length, now);
        break;
      case "pieceVerified":
        this.#pieceVerified(event, now);
        break;
      case "pieceCorrupt":
        this.#pieceCorrupt(event, now);
        break;
      case "tick":
        this.#tick(now);
        break;
      default:
        event satisfies never;
    }
    const actions = this.#actions;
    this.#actions = NONE;
    return actions;
  }

  #emit(action: SwarmAction): void {
    // An array that begins empty reserves memory for 17 elements.
    if (this.#actions === NONE) this.#actions = [action];
    else this.#actions.push(action);
  }

  #join(introduction: PeerIntroduction, now: number): void {
    const admission = this.#slots.judge(introduction, now);
    if (admission.type === "refused") {
      const { peer, hostname: detail } = introduction;
      const { reason } = admission;
      this.#context.emit({ type: "disconnect", peer, reason, detail });
      return;
    }
    const { evicted } = admission;
    if (evicted !== undefined) this.#disconnect(evicted, now);
    const { downloads, uploads, extensions, superSeeding } = this.#parts;
    const peer = new Peer(introduction, now);
    const profile = extensions.join(peer, introduction.listenPort);
    const source = downloads.sources.join(profile, now);
    const upload = uploads.join(peer, source.pieces, now);
    const state = { peer, source, upload, profile };
    this.#slots.add(state);
    const seesAll = !superSeeding.join(state, now);
    if (seesAll) this.#sendPieces(peer, now);
    extensions.greet(profile, now, { seesAll });
  }

  /** Sends one of three messages to a peer with the fast extension [BEP 6], and to others a bitfield that is not empty. [BEP 3] */
  #sendPieces(peer: Peer, now: number): void {
    const { have } = this;
    if (peer.extensions.fast && (have.isFull || have.count === 0)) {
      const type = have.isFull ? "haveAll" : "haveNone";
      this.#context.send(peer, { type }, now);
    } else if (have.count > 0) {
      const bytes = have.toBytes();
      this.#context.send(peer, { type: "bitfield", bytes }, now);
    }
  }

  #receive(key: PeerKey, message: Message, now: number): void {
    const from = this.peers.get(key);
    if (from === undefined) return;
    from.peer.activity.received(now);
    try {
      handleMessage(this.#parts, message, { from, now });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const { message: detail } = error;
      return this.#disconnect({ peer: key, reason: "protocol", detail }, now);
    }
    this.#leaveSeeder(from, now);
  }

  #blockSent(key: PeerKey, length: number, now: number): void {
    const to = this.peers.get(key);
    if (to === undefined) return;
    to.peer.activity.sent(now);
    this.#parts.uploads.blockSent(to.upload, length, now);
  }

  #pieceVerified(piece: HashedPiece, now: number): void {
    const wasComplete = this.have.isFull;
    const { downloads, extensions } = this.#parts;
    for (const hostname of downloads.pieceVerified(piece, now)) {
      this.#ban(hostname, piece.index, now);
    }
    if (!this.have.isFull || wasComplete) return;
    this.#context.emit({ type: "completed" });
    for (const state of [...this.peers.values()]) this.#leaveSeeder(state, now);
    extensions.completed(now);
  }

  #pieceCorrupt(piece: HashedPiece, now: number): void {
    const culprit = this.#parts.downloads.pieceCorrupt(piece, now);
    if (culprit !== undefined) this.#ban(culprit, piece.index, now);
  }

  #ban(hostname: string, index: number, now: number): void {
    // Several of its pieces may be corrupt.
    if (!this.#slots.ban(hostname)) return;
    this.#context.emit({ type: "ban", hostname, index });
    const detail = `sent a corrupt block of piece ${index}`;
    for (const { peer } of [...this.peers.values()]) {
      if (peer.hostname !== hostname) continue;
      this.#disconnect({ peer: peer.key, reason: "banned", detail }, now);
    }
  }

  #tick(now: number): void {
    const { downloads, uploads, extensions, superSeeding } = this.#parts;
    const pausedMs = now - this.#tickedAt;
    this.#tickedAt = now;
    if (pausedMs > SUSPENDED_MS) {
      for (const { peer } of this.peers.values()) {
        peer.activity.forgiveSilence(pausedMs);
      }
      downloads.sources.forgiveSilence(pausedMs);
    }
    for (const { peer, source } of [...this.peers.values()]) {
      const { key, activity } = peer;
      if (activity.isIdle(now)) {
        const detail = "nothing received for too long";
        this.#disconnect({ peer: key, reason: "idle", detail }, now);
      } else if (isOverdue(source, now)) {
        const detail = "sent no block for too long";
        this.#disconnect({ peer: key, reason: "overdue", detail }, now);
      } else if (activity.needsKeepAlive(now)) {
        this.#context.send(peer, { type: "keepAlive" }, now);
      }
    }
    downloads.sources.tick(now);
    uploads.tick(now);
    extensions.tick(now);
    superSeeding.tick(now);
  }

  /** Two upload-only peers have nothing to exchange: frees the slot for a leecher. [BEP 21] */
  #leaveSeeder({ peer, source }: PeerState, now: number): void {
    if (!this.have.isFull || !source.isSeeder) return;
    const detail = "both have every piece";
    this.#disconnect({ peer: peer.key, reason: "bothComplete", detail }, now);
  }

  #disconnect(
    ending: { peer: PeerKey; reason: DisconnectReason; detail: string },
    now: number,
  ): void {
    this.#context.emit({ type: "disconnect", ...ending });
    this.#remove(ending.peer, now);
  }

  #remove(key: PeerKey, now: number): void {
    const state = this.#slots.remove(key);
    if (state === undefined) return;
    const { downloads, uploads, extensions, superSeeding } = this.#parts;
    downloads.sources.leave(state.source, now);
    uploads.leave(state.upload);
    extensions.leave(state.profile);
    superSeeding.leave(state, now);
  }
}
