/**
 * A connected peer as every part of the engine knows it, and the context that the parts
 * share. The downloading half alone writes a peer's `Source`, the uploading half alone
 * its `PeerUpload`; both and the `Peer` form a `PeerState`.
 *
 * @module
 */
import { Bitfield } from "../base/bitfield.ts";
import type { PeerId } from "../base/identifier.ts";
import type { Random } from "../base/random.ts";
import type { Geometry } from "../metainfo/geometry.ts";
import { NO_EXTENSIONS, type WireExtensions } from "../wire/handshake.ts";
import type { ControlMessage } from "../wire/message.ts";
import type { PeerIntroduction, PeerKey, SwarmAction } from "./events.ts";
import type { RequestLimits } from "./outstanding_requests.ts";

/** Milliseconds without a message after which a connection sends a keep-alive. [BEP 3] */
export const KEEP_ALIVE_INTERVAL = 120_000;
/** A peer that is silent for longer is disconnected: two keep-alives and some slack. */
export const IDLE_TIMEOUT_MS = 2 * KEEP_ALIVE_INTERVAL + 10_000;
/** A peer that is silent for longer after its handshake is evicted when another needs the slot. */
const MUTE_TIMEOUT_MS = 5_000;
/** Age from which an idle peer may be evicted, in milliseconds. */
const SETTLED_AGE_MS = 20_000;

/** No actions: most haves lead to none, and most events in a large swarm are haves. */
const NONE: SwarmAction[] = [];

/** One connection: the peer, its claims about itself, and the times of its last messages. */
export class Peer {
  readonly key: PeerKey;
  readonly id: PeerId;
  readonly hostname: string;
  /** The host that the address belongs to. */
  readonly host: string;
  readonly isOutgoing: boolean;
  /** Extensions that both ends support. */
  readonly extensions: WireExtensions;
  /** The pieces that the peer announced. */
  readonly pieces: Bitfield;
  /** Port where the peer listens, if known. */
  listenPort: number | undefined;
  /** The client's name and version. */
  client: string | undefined;
  /** Our address as the peer sees it. */
  ownHostname: string | undefined;
  /** True if the peer wants no content [BEP 21]. Choking ignores this flag and follows interest. */
  isUploadOnly = false;
  /** True if the peer says that it has every piece, even pieces that it does not announce. */
  isComplete = false;
  /** Number of requests that the peer queues. */
  requestQueueLength: number | undefined;
  /** Longest request that the peer answers, in bytes; `undefined` if not named. */
  requestLength: number | undefined;
  /** The peer's id for metadata messages. */
  metadataId: number | undefined;
  readonly #joinedAt: number;
  readonly #idleBeforeMs: number;
  #hasSpoken = false;
  #sentAt: number;
  #receivedAt: number;

  constructor(introduction: PeerIntroduction, options: {
    readonly now: number;
    readonly host: string;
    /** Time for which earlier connections of the host moved nothing, in milliseconds. */
    readonly idleMs: number;
    readonly pieceCount: number;
  }) {
    this.host = options.host;
    this.#idleBeforeMs = options.idleMs;
    this.pieces = new Bitfield(options.pieceCount);
    this.listenPort = introduction.listenPort;
    this.key = introduction.peer;
    this.id = introduction.id;
    this.hostname = introduction.hostname;
    this.isOutgoing = introduction.isOutgoing;
    this.extensions = introduction.extensions ?? NO_EXTENSIONS;
    this.#joinedAt = this.#sentAt = this.#receivedAt = options.now;
  }

  /** True if the peer announced every piece, or wants none: a super-seeder announces its pieces one by one. [BEP 16, 21] */
  get isSeeder(): boolean {
    return this.pieces.isFull || this.isUploadOnly;
  }

  sent(now: number): void {
    this.#sentAt = now;
  }

  received(now: number): void {
    this.#hasSpoken = true;
    this.#receivedAt = now;
  }

  /** Does not count a time in which nothing could be received, in milliseconds. */
  forgiveSilence(ms: number): void {
    this.#receivedAt += ms;
  }

  isSilent(now: number): boolean {
    return now - this.#receivedAt >= IDLE_TIMEOUT_MS;
  }

  /** True if the peer has sent nothing since its handshake for a while. */
  isMute(now: number): boolean {
    return !this.#hasSpoken && now - this.#joinedAt >= MUTE_TIMEOUT_MS;
  }

  /** Age in milliseconds, with the time for which earlier connections moved nothing. */
  age(now: number): number {
    return now - this.#joinedAt + this.#idleBeforeMs;
  }

  /** True if the peer has had time to begin a transfer. */
  isSettled(now: number): boolean {
    return this.age(now) >= SETTLED_AGE_MS;
  }

  needsKeepAlive(now: number): boolean {
    return now - this.#sentAt >= KEEP_ALIVE_INTERVAL;
  }
}

/** A choice of pieces. */
export interface PieceChoice {
  /** The pieces to fetch. @default {every piece} */
  readonly wanted?: Bitfield | undefined;
  /** Pieces to fetch before others, in this order. @default {none} */
  readonly first?: readonly number[] | undefined;
}

/** Options of a swarm. */
export interface SwarmOptions extends PieceChoice {
  readonly geometry: Geometry;
  /** The pieces that are verified and stored; the swarm adds to it. */
  readonly have: Bitfield;
  readonly ownId: PeerId;
  readonly random: Random;
  /** Connections at once. */
  readonly maxPeers: number;
  /** Port where we listen, for the peers that we dial. @default {undefined} */
  readonly listenPort?: number;
  /** The host that an address belongs to: all addresses of a host share its slots. @default {the address} */
  readonly hostOf?: (hostname: string) => string;
  /** True if a peer has read nothing for a while of what is being sent to it. @default {never} */
  readonly isStalled?: (peer: PeerKey) => boolean;
  /** The pieces that a choked peer at the address may request, as `allowedFastSet` computes them. [BEP 6] */
  readonly allowedFastSet: (hostname: string) => readonly number[];
  /** @default {REQUEST_LIMITS} */
  readonly requestLimits?: RequestLimits;
  /** True if only trackers may name peers. [BEP 27] @default {false} */
  readonly isPrivate?: boolean;
  /** The raw info dictionary, served to peers unless the torrent is private. [BEP 9, 27] @default {none is served} */
  readonly info?: Uint8Array;
}

/** The torrent, the time and the actions, shared by the parts of one swarm. */
export class SwarmContext {
  readonly options: SwarmOptions;
  readonly geometry: Geometry;
  readonly random: Random;
  /** The pieces that are verified and stored. */
  readonly have: Bitfield;
  /** The pieces to fetch. */
  readonly wanted: Bitfield;
  /** The pieces to fetch before others, in this order. */
  readonly first: readonly number[];
  /** The wanted pieces, or else those to fetch first; `undefined` if all pieces are alike. */
  readonly sought: Bitfield | undefined;
  /** The wanted pieces that are verified and stored; `have` itself if all are wanted. */
  readonly done: Bitfield;
  /** The time of the current event, in milliseconds: set by the swarm. */
  now = 0;
  /** True while nothing is requested and nobody is served: set by the swarm. */
  isPaused = false;
  /** Content received, the wasted part of it, and content sent so far, in bytes. */
  readonly traffic = { downloaded: 0, wasted: 0, uploaded: 0 };
  #actions = NONE;

  constructor(options: SwarmOptions) {
    const { geometry, have, wanted } = options;
    this.options = options;
    this.geometry = geometry;
    this.random = options.random;
    this.have = have;
    this.first = options.first ?? [];
    this.wanted = wanted ?? Bitfield.full(geometry.pieceCount);
    const first = new Bitfield(geometry.pieceCount);
    for (const index of this.first) first.add(index);
    this.sought = wanted ?? (first.count > 0 ? first : undefined);
    this.done = wanted === undefined ? have : new Bitfield(have.length);
    for (const index of have.indexes()) this.add(index);
  }

  /** True if no wanted piece is missing. */
  get isDone(): boolean {
    return this.done.count === this.wanted.count;
  }

  /** A piece is verified and stored. */
  add(index: number): void {
    this.have.add(index);
    if (this.wanted.has(index)) this.done.add(index);
  }

  /** True if a piece is wanted and missing. */
  lacks(index: number): boolean {
    return this.wanted.has(index) && !this.have.has(index);
  }

  emit(action: SwarmAction): void {
    // An array that begins empty reserves memory for 17 elements.
    if (this.#actions === NONE) this.#actions = [action];
    else this.#actions.push(action);
  }

  send(peer: Peer, message: ControlMessage): void {
    peer.sent(this.now);
    this.emit({ type: "send", peer: peer.key, message });
  }

  takeActions(): readonly SwarmAction[] {
    const actions = this.#actions;
    this.#actions = NONE;
    return actions;
  }
}
