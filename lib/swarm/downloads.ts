/**
 * The leecher's half of the engine: what peers have, whether that interests us,
 * what to ask of whom, and what becomes of what they send. Every block that is
 * accepted was on order with the peer that sent it.
 *
 * @module
 */
import { Bitfield } from "../base/bitfield.ts";
import { ProtocolError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { BlockRange, PieceMessage } from "../wire/message.ts";
import type { PeerState } from "./peer_state.ts";
import type { PieceAssembly } from "./piece_assembly.ts";
import { PiecePicker } from "./piece_picker.ts";
import { Suspects } from "./suspects.ts";
import type { SwarmContext } from "./swarm_context.ts";

/** A peer that owes us blocks and sends none for so long is passed over, in milliseconds. */
export const SNUB_TIMEOUT_MS = 15_000;

/** One that goes on so is hung up on: dialed anew it may serve again, in milliseconds. */
export const OVERDUE_TIMEOUT_MS = 60_000;

/** Downloading of one torrent from all its peers. */
export class Downloads {
  readonly #context: SwarmContext;
  readonly #suspects = new Suspects();
  readonly #picker: PiecePicker;
  #downloadedBytes = 0;
  #wastedBytes = 0;

  constructor(context: SwarmContext, random: Random) {
    this.#context = context;
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
   * Adds to what the peer has. It belongs right behind the handshake [BEP 3], but
   * aria2 sends another now and then in place of many haves.
   * @throws {ProtocolError} If it has the wrong length or spare bits.
   */
  receiveBitfield(peer: PeerState, bytes: Uint8Array, now: number): void {
    const bitfield = parseBitfield(bytes, this.#context.geometry.pieceCount);
    for (const index of bitfield.indexes()) {
      if (!peer.pieces.has(index)) this.#notePiece(peer, index);
    }
    this.#updateInterest(peer, now);
    this.#fill(peer, now);
  }

  /** @throws {ProtocolError} If there is no such piece. */
  receiveHave(peer: PeerState, index: number, now: number): void {
    if (index >= this.#context.geometry.pieceCount) {
      throw new ProtocolError(
        `Cannot take have: piece ${index} of ${this.#context.geometry.pieceCount}`,
      );
    }
    if (peer.pieces.has(index)) return;
    const mayBeWork = this.#notePiece(peer, index);
    this.#updateInterest(peer, now);
    if (mayBeWork) this.#fill(peer, now);
  }

  receiveChoke(peer: PeerState): void {
    peer.peerChokes = true;
    // The peer drops what it has queued for us. [BEP 3]
    this.#releaseAll(peer);
  }

  receiveUnchoke(peer: PeerState, now: number): void {
    peer.peerChokes = false;
    this.#fill(peer, now);
  }

  /** @throws {ProtocolError} If a block that was asked for has another length. */
  receiveBlock(peer: PeerState, message: PieceMessage, now: number): void {
    const length = message.block.length;
    this.#downloadedBytes += length;
    peer.downloadRate.add(length, now);
    const id = this.#blockId(message);
    if (id === undefined || !peer.outstanding.delete(id)) {
      // Crossed with our cancel or a choke, or never asked for: dropped.
      this.#wastedBytes += length;
      return;
    }
    if (!peer.isSnubbing) this.#picker.release(id);
    const piece = this.#place(peer, id, message.block, now);
    peer.lastProgressAt = now;
    if (peer.isSnubbing) this.#forgive(peer, now);
    peer.window.received(id, now);
    if (piece !== undefined) {
      this.#context.emit({
        type: "verifyPiece",
        index: piece.index,
        bytes: piece.bytes,
      });
    }
    this.#fill(peer, now);
  }

  /** A piece matched its hash and is stored. Returns the hosts found to have sent wrong blocks of it before. */
  pieceVerified(index: number, now: number): ReadonlySet<string> {
    const wasAtLimit = this.#picker.isAtLimit;
    const piece = this.#picker.verified(index);
    if (piece === undefined || !this.#context.have.add(index)) return new Set();
    const convicted = this.#suspects.convict(index, piece.bytes);
    this.#picker.recycle(piece.bytes);
    for (const peer of this.#context.peers.values()) {
      this.#context.send(peer, { type: "have", index }, now);
      if (peer.pieces.has(index)) {
        peer.wantedCount--;
        this.#updateInterest(peer, now);
      }
      // Where there was room before, nothing has become open by this.
      if (wasAtLimit) this.#fill(peer, now);
    }
    return convicted;
  }

  /** A piece did not match its hash. Returns the host that must have sent it, if that is plain. */
  pieceCorrupt(index: number, now: number): string | undefined {
    const piece = this.#picker.corrupt(index);
    if (piece === undefined) return undefined;
    this.#wastedBytes += piece.bytes.length;
    const culprit = this.#suspects.accuse(piece);
    for (const peer of this.#context.peers.values()) this.#fill(peer, now);
    return culprit;
  }

  /** The peer is gone: its orders are open to others. */
  peerLeft(peer: PeerState, now: number): void {
    this.#releaseAll(peer);
    this.#picker.left(peer);
    for (const other of this.#context.peers.values()) this.#fill(other, now);
  }

  /** Whether the peer has owed us blocks for so long that it must have lost the requests. */
  isOverdue(peer: PeerState, now: number): boolean {
    return peer.outstanding.size > 0 &&
      now - peer.lastProgressAt >= OVERDUE_TIMEOUT_MS;
  }

  tick(now: number): void {
    for (const peer of this.#context.peers.values()) {
      const isLate = now - peer.lastProgressAt >= SNUB_TIMEOUT_MS;
      if (isLate && peer.outstanding.size > 0 && !peer.isSnubbing) {
        this.#snub(peer);
      }
    }
    // After all late peers are known: their blocks are open to everyone now.
    for (const peer of this.#context.peers.values()) this.#fill(peer, now);
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
    this.#context.send(
      peer,
      { type: isInteresting ? "interested" : "notInterested" },
      now,
    );
  }

  /** Keeps the peer's request window full. */
  #fill(peer: PeerState, now: number): void {
    if (peer.peerChokes || !peer.weAreInterested || peer.isSnubbing) return;
    while (peer.outstanding.size < peer.window.size) {
      const id = this.#picker.pick(peer);
      if (id === undefined) return;
      if (peer.outstanding.size === 0) peer.lastProgressAt = now;
      peer.outstanding.add(id);
      peer.window.asked(id, now);
      this.#context.send(peer, { type: "request", ...this.#range(id) }, now);
    }
  }

  /** Puts a block where it belongs. Returns the piece if that makes it whole. */
  #place(
    peer: PeerState,
    id: number,
    block: Uint8Array,
    now: number,
  ): PieceAssembly | undefined {
    if (!this.#picker.isMissing(id, peer.key)) {
      this.#wastedBytes += block.length;
      return undefined;
    }
    // Before the piece may become whole: a whole one has no orders left, and one
    // that is begun again after a wrong hash must not inherit any.
    if (this.#picker.isOnOrder(id)) this.#cancelElsewhere(id, now);
    return this.#picker.receive(id, block, peer);
  }

  /** Another peer was faster: who else has the block on order need not send it. */
  #cancelElsewhere(id: number, now: number): void {
    for (const peer of this.#context.peers.values()) {
      if (peer.isSnubbing || !peer.outstanding.delete(id)) continue;
      peer.window.dropped();
      this.#picker.release(id);
      this.#context.send(peer, { type: "cancel", ...this.#range(id) }, now);
    }
  }

  #snub(peer: PeerState): void {
    // The orders stay outstanding, so a late answer still counts; others may
    // deliver first.
    for (const id of peer.outstanding) this.#picker.release(id);
    peer.isSnubbing = true;
    this.#picker.abandon(peer.key);
  }

  #forgive(peer: PeerState, now: number): void {
    peer.isSnubbing = false;
    peer.window.dropped();
    for (const id of peer.outstanding) {
      if (this.#picker.reorder(id)) continue;
      peer.outstanding.delete(id);
      this.#context.send(peer, { type: "cancel", ...this.#range(id) }, now);
    }
  }

  #releaseAll(peer: PeerState): void {
    if (!peer.isSnubbing) {
      for (const id of peer.outstanding) this.#picker.release(id);
    }
    peer.outstanding.clear();
    peer.window.dropped();
    peer.isSnubbing = false;
    this.#picker.abandon(peer.key);
  }

  /** The block that a message carries; `undefined` if it is none that we could have asked for. */
  #blockId(message: PieceMessage): number | undefined {
    const { geometry } = this.#context;
    const { index, offsetInPiece, block } = message;
    if (
      offsetInPiece % geometry.blockLength !== 0 ||
      !geometry.contains(index, offsetInPiece, 1)
    ) {
      return undefined;
    }
    const blockInPiece = offsetInPiece / geometry.blockLength;
    if (block.length !== geometry.blockLengthAt(index, blockInPiece)) {
      throw new ProtocolError(
        `Cannot take block: piece ${index}, offset ${offsetInPiece} is ${block.length} bytes long`,
      );
    }
    return geometry.blockId(index, blockInPiece);
  }

  #range(id: number): BlockRange {
    const { geometry } = this.#context;
    const { index, block } = geometry.blockOfId(id);
    return {
      index,
      offsetInPiece: block * geometry.blockLength,
      length: geometry.blockLengthAt(index, block),
    };
  }
}

function parseBitfield(bytes: Uint8Array, pieceCount: number): Bitfield {
  try {
    return Bitfield.fromBytes(bytes, pieceCount);
  } catch (error) {
    throw new ProtocolError(
      `Cannot take bitfield: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}
