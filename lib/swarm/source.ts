/**
 * One peer as a source of blocks: its announced pieces, our interest in them, its choke
 * and our requests. The peer's claims are believed; only blocks are checked.
 *
 * @module
 */
import { Bitfield } from "../base/bitfield.ts";
import { RateMeter } from "../base/rate_meter.ts";
import { BLOCK_SIZE } from "../metainfo/geometry.ts";
import type { PeerKey } from "./events.ts";
import {
  OutstandingRequests,
  type RequestBalance,
} from "./outstanding_requests.ts";
import type { Peer, SwarmContext } from "./peer.ts";
import type { PieceAssembly } from "./piece_assembly.ts";
import type { PickingPeer } from "./piece_picker.ts";
import { MAX_REQUEST_LENGTH } from "./uploads.ts";

/** Pieces that one peer may allow us while it chokes us; other clients offer 10. [BEP 6] */
const MAX_ALLOWED_FAST = 64;
/** Time that a peer may need for one request, in milliseconds: a choke takes effect only after the request. */
const REQUEST_MS = 50;

/** The state of one peer's part in our download. */
export class Source implements PickingPeer {
  readonly peer: Peer;
  readonly key: PeerKey;
  /** The pieces that the peer announced. */
  readonly pieces: Bitfield;
  readonly requests: OutstandingRequests;
  waitingCount = 0;
  current: PieceAssembly | undefined;
  readonly rate: RateMeter;
  /** Content received from the peer, in bytes. */
  receivedLength = 0;
  /** Number of wanted pieces that the peer has and we lack. */
  wantedCount = 0;
  weAreInterested = false;
  peerChokes = true;
  /** Pieces that the peer serves even while it chokes us. [BEP 6] */
  readonly allowedFast = new Set<number>();
  /** True after a choke or a reject while choked, until every outstanding request is answered: no new request is made. */
  isSettling = false;

  constructor(
    peer: Peer,
    { now }: SwarmContext,
    balance: RequestBalance,
  ) {
    const { fast: isFast } = peer.extensions;
    this.peer = peer;
    this.key = peer.key;
    this.pieces = peer.pieces;
    this.requests = new OutstandingRequests(balance, { isFast, now });
    this.rate = new RateMeter(now);
  }

  /** True if the source is settling, and every request is answered. */
  get isSettled(): boolean {
    return this.isSettling && this.requests.size === 0;
  }

  /** True if requests may be added now. */
  mayBeAsked(now: number): boolean {
    return this.weAreInterested && !this.isSettling &&
      !this.requests.isSnubbed && !this.requests.isResting(now);
  }

  /** Blocks that one request may name: one, or as many as the peer sends in 50 ms if it answers larger requests. */
  blocksPerRequest(now: number): number {
    const { requestLength } = this.peer;
    if (requestLength === undefined) return 1;
    const soonLength = this.rate.perSecond(now) * REQUEST_MS / 1000;
    const length = Math.min(requestLength, soonLength, MAX_REQUEST_LENGTH);
    return Math.max(1, Math.floor(length / BLOCK_SIZE));
  }

  /** Returns false if the peer had announced the piece before. */
  addPiece(index: number, isWanted: boolean): boolean {
    if (!this.pieces.add(index)) return false;
    if (isWanted) this.wantedCount++;
    return true;
  }

  /** Returns whether our interest has changed. */
  updateInterest(): boolean {
    const isInteresting = this.wantedCount > 0;
    if (isInteresting === this.weAreInterested) return false;
    this.weAreInterested = isInteresting;
    this.#updateAccepted();
    return true;
  }

  /** A peer with the fast extension still answers outstanding requests, another drops them. [BEP 3, 6] */
  choke(): void {
    this.peerChokes = true;
    this.isSettling = this.peer.extensions.fast && this.requests.size > 0;
    this.#updateAccepted();
  }

  unchoke(): void {
    this.peerChokes = false;
    this.isSettling = false;
    this.requests.endRest();
    this.#updateAccepted();
  }

  /** The peer rejected a request for a block of the piece. */
  reject(index: number, now: number): void {
    if (!this.peerChokes) return this.requests.rest(now);
    // The source leaves its current piece once every request is answered.
    this.allowedFast.delete(index);
    this.isSettling = true;
  }

  /** Notes an allowed piece, which counts once the peer has it. Returns false if the piece is noted already, or too many are. */
  allow(index: number): boolean {
    const { size } = this.allowedFast;
    if (size < MAX_ALLOWED_FAST) this.allowedFast.add(index);
    return this.allowedFast.size > size;
  }

  /** The pieces that the peer serves now: while it chokes us, the allowed pieces that we lack; `undefined` if none. */
  servedPieces(have: Bitfield): Bitfield | undefined {
    if (!this.peerChokes) return this.pieces;
    let served: Bitfield | undefined;
    for (const index of this.allowedFast) {
      if (have.has(index) || !this.pieces.has(index)) continue;
      served ??= new Bitfield(have.length);
      served.add(index);
    }
    return served;
  }

  /** Forgets all outstanding requests. */
  clear(): void {
    this.requests.clear();
    this.isSettling = false;
  }

  #updateAccepted(): void {
    this.requests.setAccepted(this.weAreInterested && !this.peerChokes);
  }
}
