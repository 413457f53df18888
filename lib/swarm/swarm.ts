/**
 * The engine: everything a peer decides about one torrent, without I/O, clocks
 * or chance of its own. Events and the time come in, actions go out; the same
 * events give the same actions, so a whole swarm runs in a test. Its parts own
 * their state: `Roster`, `Downloads`, `Uploads`, `Extensions` and `FirstCopy`.
 *
 * @module
 */
import type { Bitfield } from "../base/bitfield.ts";
import { ProtocolError } from "../base/errors.ts";
import type { PeerId } from "../base/identifier.ts";
import type { Random } from "../base/random.ts";
import type { Geometry } from "../metainfo/geometry.ts";
import type { Message } from "../wire/message.ts";
import { dispatchMessage, type MessageTakers } from "./dispatch.ts";
import { Downloads } from "./downloads.ts";
import type {
  DisconnectReason,
  JudgedPiece,
  PeerIntroduction,
  PeerKey,
  SwarmAction,
  SwarmEvent,
} from "./events.ts";
import { Extensions } from "./extensions.ts";
import { FirstCopy } from "./super_seeding.ts";
import { PeerState } from "./peer_state.ts";
import { Roster } from "./peer_slots.ts";
import { isOverdue } from "./slow_peers.ts";
import type { RequestLimits } from "./request_window.ts";
import type { SwarmContext } from "./swarm_context.ts";
import { Uploads } from "./uploads.ts";

/** A connection with nothing else to say sends a keep-alive this often, in milliseconds. [BEP 3] */
export const KEEP_ALIVE_INTERVAL = 120_000;
/** A peer silent for longer is gone, in milliseconds: two keep-alives and some slack. */
export const IDLE_TIMEOUT_MS = 2 * KEEP_ALIVE_INTERVAL + 10_000;

/**
 * Ticks come about once a second. When none came for so long, in milliseconds, it
 * is we who were away, asleep or stopped: what peers said meanwhile is still to be
 * read, and nobody is to be left for having been silent.
 */
const AWAY_MS = 5_000;
/** No actions: most haves lead to none, and in a large swarm most events are haves. */
const NONE: SwarmAction[] = [];

/** What a swarm starts from. */
export interface SwarmOptions {
  readonly geometry: Geometry;
  /** The pieces verified on disk; the swarm changes it as pieces come in. */
  readonly have: Bitfield;
  readonly ownId: PeerId;
  readonly random: Random;
  /** Connections at once. */
  readonly maxPeers: number;
  /** The pieces that a choked peer at the address may request, as `allowedFastSet` computes them. [BEP 6] */
  readonly allowedFastSet: (hostname: string) => readonly number[];
  /** @default {REQUEST_LIMITS} */
  readonly requestLimits?: RequestLimits;
  /** Where peers reach us, to be told to them. @default {undefined} */
  readonly listenPort?: number;
  /** Whether the trackers alone may name peers. [BEP 27] @default {false} */
  readonly isPrivate?: boolean;
}

/** One torrent's swarm as we see it. */
export class Swarm {
  readonly #roster: Roster;
  readonly #context: SwarmContext;
  readonly #downloads: Downloads;
  readonly #uploads: Uploads;
  readonly #extensions: Extensions;
  readonly #firstCopy: FirstCopy;
  readonly #takers: MessageTakers;
  readonly #requestLimits: RequestLimits | undefined;
  #tickedAt = Infinity;
  #actions: SwarmAction[] = NONE;

  constructor(options: SwarmOptions) {
    this.#roster = new Roster(options);
    this.#requestLimits = options.requestLimits;
    this.#context = {
      geometry: options.geometry,
      have: options.have,
      peers: this.#roster.peers,
      emit: (action) => this.#emit(action),
      send: (peer, message, now) => {
        peer.lastSentAt = now;
        this.#emit({ type: "send", peer: peer.key, message });
      },
    };
    this.#downloads = new Downloads(this.#context, options);
    this.#uploads = new Uploads(this.#context, options);
    this.#extensions = new Extensions(this.#context, {
      listenPort: options.listenPort,
      isPrivate: options.isPrivate ?? false,
      random: options.random,
    });
    this.#firstCopy = new FirstCopy(this.#context, {
      random: options.random,
      availability: (index) => this.#downloads.availability(index),
    });
    this.#takers = {
      downloads: this.#downloads,
      uploads: this.#uploads,
      extensions: this.#extensions,
      firstCopy: this.#firstCopy,
    };
  }

  /** The pieces verified and stored: live, not to be changed. */
  get have(): Bitfield {
    return this.#context.have;
  }

  /** The connected peers: live, not to be changed. */
  get peers(): ReadonlyMap<PeerKey, PeerState> {
    return this.#roster.peers;
  }

  isBanned(hostname: string): boolean {
    return this.#roster.isBanned(hostname);
  }

  /** Whether a peer of the host might join, as far as places go. */
  hasPlaceFor(hostname: string, now: number): boolean {
    return this.#roster.hasPlaceFor(hostname, now);
  }

  /** Content received and sent so far, in bytes. */
  get traffic(): { downloaded: number; wasted: number; uploaded: number } {
    return {
      downloaded: this.#downloads.downloadedBytes,
      wasted: this.#downloads.wastedBytes,
      uploaded: this.#uploads.uploadedBytes,
    };
  }

  /** Takes an event and returns what is to be done about it, in order. Events of unknown peers do nothing. */
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
    // An empty array that is pushed to makes room for 17.
    if (this.#actions === NONE) this.#actions = [action];
    else this.#actions.push(action);
  }

  #join(introduction: PeerIntroduction, now: number): void {
    const admission = this.#roster.judge(introduction, now);
    if (admission.type === "refused") {
      const { peer, hostname } = introduction;
      this.#emitDisconnect(peer, admission.reason, hostname);
      return;
    }
    if (admission.instead !== undefined) {
      const { peer, reason, detail } = admission.instead;
      this.#disconnect(peer.key, reason, detail, now);
    }
    const { pieceCount } = this.#context.geometry;
    const peer = new PeerState(
      introduction,
      { pieceCount, requestLimits: this.#requestLimits },
      now,
    );
    this.#roster.add(peer);
    const seesAll = !this.#firstCopy.peerJoined(peer, now);
    if (seesAll) this.#tellPieces(peer, now);
    this.#extensions.peerJoined(peer, now, { seesAll });
  }

  /** Exactly one of the three to who speaks the fast extension [BEP 6], and to others a bitfield that is not empty. [BEP 3] */
  #tellPieces(peer: PeerState, now: number): void {
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
    const peer = this.peers.get(key);
    if (peer === undefined) return;
    peer.hasSpoken = true;
    peer.lastReceivedAt = now;
    try {
      dispatchMessage(this.#takers, message, { peer, now });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#disconnect(key, "protocol", error.message, now);
      return;
    }
    this.#leaveFellowSeeder(peer, now);
  }

  #blockSent(key: PeerKey, length: number, now: number): void {
    const peer = this.peers.get(key);
    if (peer === undefined) return;
    peer.lastSentAt = now;
    this.#uploads.blockSent(peer, length, now);
  }

  #pieceVerified(piece: JudgedPiece, now: number): void {
    const wasComplete = this.have.isFull;
    for (const hostname of this.#downloads.pieceVerified(piece, now)) {
      this.#ban(hostname, piece.index, now);
    }
    if (!this.have.isFull || wasComplete) return;
    this.#context.emit({ type: "completed" });
    for (const peer of [...this.peers.values()]) {
      this.#leaveFellowSeeder(peer, now);
    }
    this.#extensions.completed(now);
  }

  #pieceCorrupt(piece: JudgedPiece, now: number): void {
    const culprit = this.#downloads.pieceCorrupt(piece, now);
    if (culprit !== undefined) this.#ban(culprit, piece.index, now);
  }

  #ban(hostname: string, index: number, now: number): void {
    // Several pieces may have been with their judge when the first was found wrong.
    if (!this.#roster.ban(hostname)) return;
    this.#context.emit({ type: "ban", hostname, index });
    for (const peer of [...this.peers.values()]) {
      if (peer.hostname !== hostname) continue;
      this.#disconnect(
        peer.key,
        "banned",
        `sent a wrong block of piece ${index}`,
        now,
      );
    }
  }

  #tick(now: number): void {
    const awayMs = now - this.#tickedAt;
    this.#tickedAt = now;
    if (awayMs > AWAY_MS) {
      for (const peer of this.peers.values()) peer.forgiveSilence(awayMs);
    }
    for (const peer of [...this.peers.values()]) {
      if (now - peer.lastReceivedAt >= IDLE_TIMEOUT_MS) {
        this.#disconnect(
          peer.key,
          "idle",
          "nothing received for too long",
          now,
        );
      } else if (isOverdue(peer, now)) {
        this.#disconnect(
          peer.key,
          "overdue",
          "sent no block for too long",
          now,
        );
      } else if (now - peer.lastSentAt >= KEEP_ALIVE_INTERVAL) {
        this.#context.send(peer, { type: "keepAlive" }, now);
      }
    }
    this.#downloads.tick(now);
    this.#uploads.tick(now);
    this.#extensions.tick(now);
    this.#firstCopy.tick(now);
  }

  /** Who has everything and who wants no more have nothing to say: the place is for one who lacks something. [BEP 21] */
  #leaveFellowSeeder(peer: PeerState, now: number): void {
    if (this.have.isFull && peer.isSeeder) {
      this.#disconnect(peer.key, "bothComplete", "both have every piece", now);
    }
  }

  #disconnect(
    key: PeerKey,
    reason: DisconnectReason,
    detail: string,
    now: number,
  ): void {
    this.#emitDisconnect(key, reason, detail);
    this.#remove(key, now);
  }

  #emitDisconnect(
    peer: PeerKey,
    reason: DisconnectReason,
    detail: string,
  ): void {
    this.#context.emit({ type: "disconnect", peer, reason, detail });
  }

  #remove(key: PeerKey, now: number): void {
    const peer = this.#roster.remove(key);
    if (peer === undefined) return;
    this.#downloads.peerLeft(peer, now);
    this.#uploads.peerLeft();
    this.#extensions.peerLeft(peer);
    this.#firstCopy.peerLeft(peer, now);
  }
}
