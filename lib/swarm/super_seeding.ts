/**
 * Super-seeding [BEP 16]: announces each piece that we alone have to one leecher, which
 * should pass the piece on, and announces the next piece when the leecher requests one.
 * So the first copy leaves without repeats. Once some leecher has every piece, all pieces
 * are announced to all peers. A request for an unannounced piece is served.
 *
 * A peer may claim pieces that it does not have: a piece that nobody requested from us
 * counts as seen once two hosts announce it. A piece that one host claims is assigned
 * after the others. Peers to which all pieces are announced are believed.
 *
 * Measured in virtual time, in multiples of the least time possible: six leechers of
 * 512 pieces take 1.02, and 1.11 if everything is announced at once; a hundred of 1000
 * pieces 1.2 and 1.4; twenty, one of which claims all pieces but one, 1.16, and 1.39 if
 * it is believed.
 *
 * @module
 */
import { Bitfield } from "../base/bitfield.ts";
import { shuffle } from "../base/random.ts";
import type { Downloads } from "./downloads.ts";
import type { Peer, SwarmContext } from "./peer.ts";
import type { PeerState } from "./peer_slots.ts";

/** Pieces announced to a leecher ahead of its requests, at most. */
const MAX_AHEAD = 16;
/** Pieces that a leecher may keep without another peer having them, beyond twice the average. */
const SPARE_KEPT = 4;
/** The `heldBackCount` that ends super-seeding for a leecher: peers that never announce would hold back honest ones. */
const MAX_TICKS_HELD_BACK = 10;
/** Ticks that one tick counts as while our link is mostly idle: then the leechers' links are the limit, and holding a leecher back saves nothing. */
const TICKS_WHILE_IDLE = 5;
/** Ticks for which a leecher without any request may be uninterested: Transmission updates its interest every 10 s. */
const MAX_TICKS_UNINTERESTED = 12;

/** A leecher that knows only some of our pieces. */
class SuperSeededPeer {
  readonly state: PeerState;
  /** The pieces announced to the leecher, and pieces that it claims. */
  readonly known: Bitfield;
  /** Pieces announced to the leecher that it has not requested yet. */
  readonly ahead = new Set<number>();
  /** Number of pieces assigned to the leecher so far. */
  assignedCount = 0;
  /** Number of assigned pieces that no other peer has yet. */
  unspreadCount = 0;
  /** True once the leecher has requested a block. */
  hasBegun = false;
  /** True if the leecher has requested a block since the last tick, or is new. */
  hasRequested = true;
  /** True if the leecher requested or awaited a block between the last two ticks, or is new. */
  isActive = true;
  /** Grows in each tick that holds the leecher back, by TICKS_WHILE_IDLE while our link is idle, else by 1. Falls by 0.5 in any other tick. */
  heldBackCount = 0;
  /** Ticks in a row in which the leecher wanted none of the pieces announced to it. */
  uninterestedCount = 0;

  constructor(state: PeerState) {
    this.state = state;
    this.known = new Bitfield(state.source.pieces.length);
  }

  /** Number of assigned pieces that the leecher has requested and no other peer has yet. */
  get keptCount(): number {
    return this.unspreadCount - this.ahead.size;
  }
}

export class SuperSeeding {
  readonly #context: SwarmContext;
  readonly #downloads: Downloads;
  readonly #leechers = new Map<Peer, SuperSeededPeer>();
  /** The pieces that no connected peer is believed to have, while there are leechers. */
  #unseen = new Bitfield(0);
  /** The pieces with an accepted request for a block: a peer that announces such a piece is believed. */
  readonly #requested: Bitfield;
  /** True if every piece was seen at the last `join`. Reset when any peer leaves. */
  #isAllSeen = false;
  /** Pieces assigned to no leecher, the next piece last. Some may have been seen since. */
  #unassigned: number[] = [];
  /** The leecher assigned to pass on each piece, until another peer has the piece. */
  readonly #assigned = new Map<number, SuperSeededPeer>();
  /** Bytes sent until the last tick, and the most bytes sent in one tick. */
  #uploaded = 0;
  #mostSentBytes = 0;

  constructor(context: SwarmContext, downloads: Downloads) {
    this.#context = context;
    this.#downloads = downloads;
    this.#requested = new Bitfield(context.geometry.pieceCount);
  }

  /** Takes a new peer; false if the caller must announce all pieces to the peer. */
  join(state: PeerState): boolean {
    if (!this.#context.have.isFull || this.#isAllSeen) return false;
    if (this.#leechers.size === 0) this.#begin();
    this.#isAllSeen = this.#unseen.count === 0;
    if (this.#isAllSeen) return false;
    const { peer } = state;
    const leecher = new SuperSeededPeer(state);
    this.#leechers.set(peer, leecher);
    // Exactly one message must say what we have. [BEP 6]
    if (peer.extensions.fast) this.#context.send(peer, { type: "haveNone" });
    this.#announceMore(leecher);
    return true;
  }

  /** Assigns the pieces that only this peer had to other leechers. */
  leave({ peer, source }: PeerState): void {
    this.#isAllSeen = false;
    const leecher = this.#leechers.get(peer);
    if (leecher !== undefined) this.#forget(leecher);
    for (const index of source.pieces.indexes()) {
      if (this.#downloads.availability(index) > 0) continue;
      this.#requested.delete(index);
      if (this.#leechers.size === 0) continue;
      if (this.#unseen.add(index)) this.#unassigned.push(index);
    }
    for (const leecher of this.#leechers.values()) this.#announceMore(leecher);
  }

  /** A peer has announced pieces that it had not announced before. */
  peerHas({ peer }: PeerState, indexes: readonly number[]): void {
    if (this.#leechers.size === 0 || indexes.length === 0) return;
    const holder = this.#leechers.get(peer);
    const changed = new Set(holder && [holder]);
    for (const index of indexes) {
      const assignee = holder === undefined || this.#isBelieved(index, peer)
        ? this.#noteSeen(index, holder)
        : this.#noteClaimed(index, holder);
      if (assignee !== undefined) changed.add(assignee);
    }
    if (indexes.length > 1) this.#sortUnassigned();
    if (this.#unseen.count > 0) {
      for (const leecher of changed) this.#announceMore(leecher);
    } else {
      for (const leecher of this.#leechers.values()) this.#announceAll(leecher);
    }
  }

  peerRequested({ peer }: PeerState, index: number): void {
    this.#requested.add(index);
    const leecher = this.#leechers.get(peer);
    if (leecher === undefined) return;
    leecher.hasBegun = leecher.hasRequested = true;
    if (leecher.ahead.delete(index)) this.#announceMore(leecher);
  }

  /** Ends super-seeding for a leecher that has nothing to request, was held back for long, or wants other pieces. */
  tick(): void {
    const heldBackTicks = this.#isLinkIdle() ? TICKS_WHILE_IDLE : 1;
    for (const leecher of this.#leechers.values()) {
      leecher.isActive = leecher.hasRequested ||
        leecher.state.upload.hasRequests;
      leecher.hasRequested = false;
    }
    for (const leecher of this.#leechers.values()) {
      const { upload } = leecher.state;
      const isDone = leecher.ahead.size === 0 && !upload.hasRequests;
      if (isDone) this.#announceMore(leecher);
      const isIdle = isDone && leecher.ahead.size === 0;
      const isHeldBack = isIdle && this.#keepsTooMuch(leecher);
      leecher.heldBackCount = isHeldBack
        ? leecher.heldBackCount + heldBackTicks
        : Math.max(0, leecher.heldBackCount - 0.5);
      const isUninterested = leecher.ahead.size > 0 && !leecher.isActive &&
        !upload.peerIsInterested;
      leecher.uninterestedCount = isUninterested
        ? leecher.uninterestedCount + 1
        : 0;
      // Such a leecher wants only a part of the content.
      const wantsOthers = isUninterested && (leecher.hasBegun ||
        leecher.uninterestedCount >= MAX_TICKS_UNINTERESTED);
      if (isUninterested) this.#announceMore(leecher);
      const isOver = isHeldBack
        ? leecher.heldBackCount >= MAX_TICKS_HELD_BACK
        : isIdle && !leecher.isActive;
      if (isOver || wantsOthers) this.#announceAll(leecher);
    }
  }

  /** True if less than half as much was sent in this tick as in the busiest one. */
  #isLinkIdle(): boolean {
    const { uploaded } = this.#context.traffic;
    const sentBytes = uploaded - this.#uploaded;
    this.#uploaded = uploaded;
    this.#mostSentBytes = Math.max(this.#mostSentBytes, sentBytes);
    return 2 * sentBytes < this.#mostSentBytes;
  }

  #begin(): void {
    const { pieceCount } = this.#context.geometry;
    this.#unseen = new Bitfield(pieceCount);
    for (let index = 0; index < pieceCount; index++) {
      if (!this.#isBelieved(index)) this.#unseen.add(index);
    }
    const { random } = this.#context;
    this.#unassigned = shuffle([...this.#unseen.indexes()], random);
    this.#sortUnassigned();
    this.#assigned.clear();
  }

  /** Moves pieces that a peer claims to the front, as pieces are taken from the end. */
  #sortUnassigned(): void {
    const isClaimed = (index: number): boolean =>
      this.#downloads.availability(index) > 0;
    this.#unassigned = [
      ...this.#unassigned.filter(isClaimed),
      ...this.#unassigned.filter((index) => !isClaimed(index)),
    ];
  }

  /** The leecher is gone, or is sent every piece: other leechers get its pieces. */
  #forget(leecher: SuperSeededPeer): void {
    this.#leechers.delete(leecher.state.peer);
    for (const [index, assignee] of this.#assigned) {
      if (assignee !== leecher) continue;
      this.#assigned.delete(index);
      if (this.#unseen.has(index)) this.#unassigned.push(index);
    }
  }

  /**
   * True if a peer announces the piece and is believed.
   * @param holder A leecher that announces the piece. @default any two peers are believed
   */
  #isBelieved(index: number, holder?: Peer): boolean {
    const count = this.#downloads.availability(index);
    if (count === 0 || this.#requested.has(index)) return count > 0;
    if (holder === undefined || !this.#unseen.has(index)) return count > 1;
    return this.#leechers.values().some(({ state: { peer, source } }) =>
      peer.host !== holder.host && source.pieces.has(index)
    );
  }

  /** A leecher claims a piece that nobody requested: the piece is assigned to another leecher. */
  #noteClaimed(index: number, holder: SuperSeededPeer): undefined {
    holder.known.add(index);
    if (!holder.ahead.delete(index)) return;
    this.#assigned.delete(index);
    holder.unspreadCount--;
    this.#unassigned.unshift(index);
  }

  /** A peer has a piece; `holder` is the peer if it is a leecher here. Returns the leecher that passed the piece on. */
  #noteSeen(
    index: number,
    holder: SuperSeededPeer | undefined,
  ): SuperSeededPeer | undefined {
    this.#unseen.delete(index);
    holder?.ahead.delete(index);
    const assignee = this.#assigned.get(index);
    if (assignee === undefined || assignee === holder) return undefined;
    this.#assigned.delete(index);
    assignee.unspreadCount--;
    assignee.ahead.delete(index);
    return assignee;
  }

  #announceMore(leecher: SuperSeededPeer): void {
    if (this.#keepsTooMuch(leecher)) return;
    const share = this.#unassigned.length / (2 * this.#leechers.size);
    const target = Math.max(1, Math.min(Math.floor(share), MAX_AHEAD));
    // A leecher that wants none of the pieces announced to it is announced more.
    const most = target + leecher.uninterestedCount * MAX_AHEAD;
    while (leecher.ahead.size < most) {
      let index = this.#takeUnassigned(leecher);
      if (leecher.ahead.size < target) {
        index ??= this.#takeAhead(leecher) ?? this.#takeFromSlower(leecher);
      }
      if (index === undefined) return;
      const before = this.#assigned.get(index);
      if (before !== undefined) before.unspreadCount--;
      this.#assigned.set(index, leecher);
      leecher.ahead.add(index);
      leecher.unspreadCount++;
      leecher.assignedCount++;
      leecher.known.add(index);
      this.#context.send(leecher.state.peer, { type: "have", index });
    }
  }

  /** True if the leecher passes on less than others. Leechers that request nothing do not count, even new ones, or all others would wait for them. */
  #keepsTooMuch(leecher: SuperSeededPeer): boolean {
    let sum = 0;
    let count = 0;
    for (const other of this.#leechers.values()) {
      if (!other.isActive || !other.hasBegun) continue;
      sum += other.keptCount;
      count++;
    }
    return leecher.keptCount * count > 2 * sum + SPARE_KEPT * count;
  }

  /** Takes a piece that is assigned to no leecher and that this leecher does not know. */
  #takeUnassigned({ known }: SuperSeededPeer): number | undefined {
    const unassigned = this.#unassigned;
    for (let place = unassigned.length - 1; place >= 0; place--) {
      const index = unassigned[place]!;
      const isSeen = !this.#unseen.has(index);
      if (!isSeen && known.has(index)) continue;
      unassigned[place] = unassigned.at(-1)!;
      unassigned.pop();
      if (!isSeen) return index;
    }
    return undefined;
  }

  /** Takes an unrequested piece from the leecher that has the most unrequested pieces. */
  #takeAhead(leecher: SuperSeededPeer): number | undefined {
    let richest: SuperSeededPeer | undefined;
    for (const other of this.#leechers.values()) {
      if (other === leecher) continue;
      if (other.ahead.size > (richest?.ahead.size ?? 0)) richest = other;
    }
    for (const index of richest?.ahead ?? []) {
      if (leecher.known.has(index)) continue;
      richest!.ahead.delete(index);
      return index;
    }
    return undefined;
  }

  /** A piece that is assigned to a much slower leecher. */
  #takeFromSlower(leecher: SuperSeededPeer): number | undefined {
    for (const [index, other] of this.#assigned) {
      if (2 * other.assignedCount > leecher.assignedCount) continue;
      const isNew = !leecher.known.has(index);
      if (isNew && this.#unseen.has(index)) return index;
    }
    return undefined;
  }

  #announceAll(leecher: SuperSeededPeer): void {
    this.#forget(leecher);
    const { state: { peer, source }, known } = leecher;
    for (const index of this.#context.have.indexes()) {
      if (known.has(index) || source.pieces.has(index)) continue;
      this.#context.send(peer, { type: "have", index });
    }
  }
}
