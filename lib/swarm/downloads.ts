/**
 * The leecher's half of the engine: what peers have, whether that interests us,
 * what to ask of whom, and what becomes of what they send. Every block that is
 * accepted was on order with the peer that sent it.
 *
 * @module
 */
import type { Bitfield } from "../base/bitfield.ts";
import type { Random } from "../base/random.ts";
import type { BlockRange, PieceMessage } from "../wire/message.ts";
import type { JudgedPiece } from "./events.ts";
import {
  checkStrayBlock,
  choicesWhileChoked,
  noteAllowedFast,
  noteRefusal,
} from "./fast_peer.ts";
import { Orders } from "./outstanding_requests.ts";
import type { PeerState } from "./peer_state.ts";
import { blockIdOf, checkPieceIndex, requestOf } from "./piece_claims.ts";
import type { PieceAssembly } from "./piece_assembly.ts";
import { PiecePicker } from "./piece_picker.ts";
import { REQUEST_LIMITS, type RequestLimits } from "./request_window.ts";
import { Suspects } from "./corrupt_pieces.ts";
import { findLate, isSlow, quickestFirst } from "./slow_peers.ts";
import type { SwarmContext } from "./swarm_context.ts";

const NOBODY: ReadonlySet<string> = new Set();

/** Downloading of one torrent from all its peers. */
export class Downloads {
  readonly #context: SwarmContext;
  readonly #suspects = new Suspects();
  readonly #orders: Orders;
  readonly #picker: PiecePicker;
  #downloadedBytes = 0;
  #wastedBytes = 0;

  constructor(
    context: SwarmContext,
    options: { random: Random; requestLimits?: RequestLimits },
  ) {
    const { random, requestLimits = REQUEST_LIMITS } = options;
    this.#context = context;
    this.#orders = new Orders(requestLimits);
    this.#picker = new PiecePicker(context.geometry, {
      peers: context.peers,
      have: context.have,
      random,
      isSuspect: (index) => this.#suspects.has(index),
    });
  }

  /** Content received so far in bytes, wasted blocks included. */
  get downloadedBytes(): number {
    return this.#downloadedBytes;
  }

  /** Content received in vain, in bytes: not asked for, doubled, or corrupt. */
  get wastedBytes(): number {
    return this.#wastedBytes;
  }

  /** How many connected peers have the piece. */
  availability(index: number): number {
    return this.#picker.availability(index);
  }

  /**
   * Adds to what the peer has. It belongs right behind the handshake [BEP 3, 6],
   * but aria2 sends another bitfield now and then in place of many haves.
   */
  receivePieces(peer: PeerState, pieces: Bitfield, now: number): void {
    for (const index of pieces.indexes()) {
      if (!peer.pieces.has(index)) this.#notePiece(peer, index);
    }
    this.#updateInterest(peer, now);
    this.#fill(peer, now);
  }

  /** Returns whether that is news. @throws {ProtocolError} If there is no such piece. */
  receiveHave(peer: PeerState, index: number, now: number): boolean {
    checkPieceIndex(index, { peer, message: "have" });
    if (peer.pieces.has(index)) return false;
    const mayBeWork = this.#notePiece(peer, index);
    this.#updateInterest(peer, now);
    if (mayBeWork) this.#fill(peer, now);
    return true;
  }

  receiveChoke(peer: PeerState): void {
    peer.peerChokes = true;
    // With the fast extension what is on order is answered all the same, one by
    // one; without it the peer drops what it has queued for us. [BEP 3, 6]
    peer.isSettling = peer.extensions.fast && peer.outstanding.size > 0;
    this.#orders.review(peer);
    if (!peer.isSettling) this.#releaseAll(peer);
  }

  receiveUnchoke(peer: PeerState, now: number): void {
    peer.peerChokes = false;
    peer.isSettling = false;
    peer.restsUntil = now;
    this.#orders.review(peer);
    this.#fill(peer, now);
  }

  /**
   * A request will not be answered: others may have the block at once. One that
   * was never made is passed over, as libtorrent does. [BEP 6]
   */
  receiveReject(peer: PeerState, range: BlockRange, now: number): void {
    const id = blockIdOf(range, this.#context.geometry);
    if (id === undefined || peer.calledOff.delete(id)) return;
    if (!this.#orders.delete(peer, id)) return;
    peer.window.dropped();
    if (!peer.isSnubbing) this.#picker.release(id);
    noteRefusal(peer, range.index, now);
    // The peer may be working on a piece that it no longer allows: it is asked for
    // nothing more until every request is answered, and then gives its piece up.
    if (peer.peerChokes) peer.isSettling = true;
    // Another peer shall work on the piece.
    if (peer.outstanding.size === 0) this.#releaseAll(peer);
    this.#offer(peer, range.index, now);
  }

  /**
   * The piece is served even while the peer chokes us; whether it has it, it says
   * elsewhere. [BEP 6]
   * @throws {ProtocolError} If there is no such piece.
   */
  receiveAllowedFast(peer: PeerState, index: number, now: number): void {
    checkPieceIndex(index, { peer, message: "allowed fast" });
    if (noteAllowedFast(peer, index)) this.#fill(peer, now);
  }

  /** @throws {ProtocolError} If a block that was asked for has another length, or too many were not asked for. */
  receiveBlock(peer: PeerState, message: PieceMessage, now: number): void {
    const length = message.block.length;
    this.#downloadedBytes += length;
    peer.downloadRate.add(length, now);
    const { geometry } = this.#context;
    const { index, offsetInPiece } = message;
    const id = blockIdOf({ index, offsetInPiece, length }, geometry);
    if (id === undefined || !this.#orders.delete(peer, id)) {
      // Crossed with our cancel or a choke, or never asked for: dropped.
      this.#wastedBytes += length;
      checkStrayBlock(peer, id);
      return;
    }
    const piece = this.#place(peer, id, message.block, now);
    peer.lastProgressAt = now;
    peer.refusalCount = 0;
    if (peer.isSnubbing) this.#forgive(peer, now);
    peer.window.received(id, now);
    if (piece !== undefined) {
      this.#context.emit({
        type: "verifyPiece",
        index: piece.index,
        bytes: piece.bytes,
      });
    }
    this.#settle(peer);
    this.#fill(peer, now);
  }

  /** A piece matched its hash and is stored. Returns the hosts found to have sent wrong blocks of it before. */
  pieceVerified(
    { index, bytes }: JudgedPiece,
    now: number,
  ): ReadonlySet<string> {
    const wasAtLimit = this.#picker.isAtLimit;
    const piece = this.#picker.verified(index);
    if (piece === undefined || !this.#context.have.add(index)) return NOBODY;
    const convicted = this.#suspects.convict(index, bytes);
    this.#picker.recycle(bytes);
    const have = { type: "have", index } as const;
    for (const peer of this.#context.peers.values()) {
      const isNews = !peer.pieces.has(index);
      if (isNews || peer.wantsEveryHave) {
        this.#context.send(peer, have, now);
      }
      if (!isNews) {
        peer.wantedCount--;
        this.#updateInterest(peer, now);
      }
      // Where there was room before, nothing has become open by this.
      if (wasAtLimit) this.#fill(peer, now);
    }
    return convicted;
  }

  /** A piece did not match its hash. Returns the host that must have sent it, if that is plain. */
  pieceCorrupt(
    { index, bytes }: JudgedPiece,
    now: number,
  ): string | undefined {
    const piece = this.#picker.corrupt(index);
    if (piece === undefined) return undefined;
    piece.bytes = bytes;
    this.#wastedBytes += bytes.length;
    const culprit = this.#suspects.accuse(piece);
    for (const peer of this.#context.peers.values()) this.#fill(peer, now);
    return culprit;
  }

  /** The peer is gone: its orders are open to others. */
  peerLeft(peer: PeerState, now: number): void {
    this.#releaseAll(peer);
    this.#orders.peerLeft(peer);
    this.#picker.left(peer);
    for (const other of this.#context.peers.values()) this.#fill(other, now);
  }

  tick(now: number): void {
    const peers = [...this.#context.peers.values()];
    const latePeers = findLate(peers, {
      now,
      canBeginNone: this.#picker.canBeginNone,
      bytesLeftAlone: (peer) => this.#picker.bytesLeftAlone(peer.key),
    });
    for (const peer of latePeers) this.#snub(peer);
    // After all late peers are known: their blocks are open to everyone now.
    for (const peer of quickestFirst(peers)) this.#fill(peer, now);
  }

  /** Notes that the peer has a piece. Returns whether that may be work for it. */
  #notePiece(peer: PeerState, index: number): boolean {
    peer.pieces.add(index);
    if (!this.#context.have.has(index)) peer.wantedCount++;
    return this.#picker.gained(peer, index);
  }

  #updateInterest(peer: PeerState, now: number): void {
    const isInteresting = peer.wantedCount > 0;
    if (isInteresting === peer.weAreInterested) return;
    peer.weAreInterested = isInteresting;
    this.#orders.review(peer);
    this.#context.send(
      peer,
      { type: isInteresting ? "interested" : "notInterested" },
      now,
    );
  }

  /** Keeps the peer's request window full. */
  #fill(peer: PeerState, now: number): void {
    if (!peer.weAreInterested || peer.isSnubbing) return;
    if (peer.isSettling || now < peer.restsUntil) return;
    const picking = peer.peerChokes
      ? choicesWhileChoked(peer, this.#context.have)
      : peer;
    if (picking === undefined) return;
    while (peer.outstanding.size < peer.window.size) {
      const isAhead = this.#orders.isAhead(peer);
      const id = this.#picker.pick(picking, { isAhead, isSlow: isSlow(peer) });
      if (id === undefined) return;
      if (peer.outstanding.size === 0) peer.lastProgressAt = now;
      this.#orders.add(peer, id);
      peer.window.asked(id, now);
      this.#context.send(peer, requestOf(id, this.#context.geometry), now);
    }
  }

  /** One block of the piece is open again: whoever has room for it asks for it. */
  #offer(refuser: PeerState, index: number, now: number): void {
    for (const peer of this.#context.peers.values()) {
      if (peer === refuser || !peer.pieces.has(index)) continue;
      const before = peer.outstanding.size;
      this.#fill(peer, now);
      if (peer.outstanding.size > before) return;
    }
  }

  /** Puts a block where it belongs. Returns the piece if that makes it whole. */
  #place(
    peer: PeerState,
    id: number,
    block: Uint8Array,
    now: number,
  ): PieceAssembly | undefined {
    const ownOrderCount = peer.isSnubbing ? 0 : 1;
    if (!this.#picker.isMissing(id, peer.key)) {
      if (ownOrderCount > 0) this.#picker.release(id);
      this.#wastedBytes += block.length;
      return undefined;
    }
    // Before the piece may become whole: a whole one has no orders left, and one
    // that is begun again after a wrong hash must not inherit any.
    if (this.#picker.orderCount(id) > ownOrderCount) {
      this.#cancelElsewhere(id, now);
    }
    return this.#picker.receive(id, block, peer);
  }

  /** Another peer was faster: who else has the block on order need not send it. */
  #cancelElsewhere(id: number, now: number): void {
    for (const peer of this.#context.peers.values()) {
      if (peer.isSnubbing || !this.#orders.delete(peer, id)) continue;
      peer.window.dropped();
      this.#picker.release(id);
      this.#sendCancel(peer, id, now);
      this.#settle(peer);
    }
  }

  #snub(peer: PeerState): void {
    // The orders stay outstanding, so a late answer still counts; others may
    // deliver first.
    for (const id of peer.outstanding) this.#picker.release(id);
    this.#orders.setSnubbing(peer, true);
    this.#picker.abandon(peer.key);
  }

  #forgive(peer: PeerState, now: number): void {
    this.#orders.setSnubbing(peer, false);
    peer.window.dropped();
    for (const id of [...peer.outstanding]) {
      if (this.#picker.reorder(id)) continue;
      this.#orders.delete(peer, id);
      this.#sendCancel(peer, id, now);
    }
  }

  #sendCancel(peer: PeerState, id: number, now: number): void {
    if (peer.extensions.fast) peer.calledOff.add(id);
    this.#context.send(peer, {
      type: "cancel",
      ...this.#context.geometry.blockRange(id),
    }, now);
  }

  /** Ends the wait of a peer that chokes us once no request to it is outstanding. */
  #settle(peer: PeerState): void {
    if (peer.isSettling && peer.outstanding.size === 0) this.#releaseAll(peer);
  }

  #releaseAll(peer: PeerState): void {
    if (!peer.isSnubbing) {
      for (const id of peer.outstanding) this.#picker.release(id);
    }
    this.#orders.clear(peer);
    peer.window.dropped();
    this.#orders.setSnubbing(peer, false);
    peer.isSettling = false;
    this.#picker.abandon(peer.key);
  }
}
