/**
 * Which block to ask a peer for next. Owns the pieces in progress and the order
 * of those not begun. Invariant: a piece is verified, or in progress, or waiting
 * for its verdict, or in the rarity order, and only one of these.
 *
 * A peer works on a piece of its own until every block of it is on order: whole
 * pieces can be passed on, half ones cannot. Then, in this order: a piece that
 * somebody left, the rarest new one, help with somebody else's. At the very end
 * an idle peer doubles the oldest orders of the others.
 *
 * @module
 */
import type { Bitfield } from "../base/bitfield.ts";
import type { Random } from "../base/random.ts";
import type { Geometry } from "../metainfo/geometry.ts";
import { BufferPool } from "../base/buffer_pool.ts";
import type { PeerKey } from "./events.ts";
import { PieceAssembly } from "./piece_assembly.ts";
import { PiecesInProgress } from "./pieces_in_progress.ts";
import { RarityOrder } from "./rarity_order.ts";

/**
 * Memory for pieces in progress and awaiting their verdict, in bytes: they gather
 * while the disk is slow. All of it is kept for the pieces to come, since what is
 * let go of is still there when the next ones gather.
 */
const ASSEMBLY_BYTES = 32 * 1024 * 1024;
/** However large the pieces, so many may be in memory. */
const LEAST_ASSEMBLY_COUNT = 4;
/**
 * Peers that one block may be on order with, at the end. With 3, and 4 doubled
 * blocks at each, a hundred peers of 200 small pieces received 7 % in vain instead
 * of 3 %, and were done later.
 */
const END_GAME_ORDERS = 2;
/** Doubled blocks that an idle peer has on order at once, at the end. */
const END_GAME_WINDOW = 2;

/** A peer to find work for. */
export interface PickingPeer {
  readonly key: PeerKey;
  readonly pieces: Bitfield;
  /** Pieces that it has and that are not begun: the picker's own account. */
  waitingCount: number;
  /** Ids of the blocks on order with it. */
  readonly outstanding: Pick<ReadonlySet<number>, "size" | "has">;
  readonly isSeeder: boolean;
}

/** How the peer stands that something is picked for. */
export interface PickOptions {
  /** It has more on order than others: new pieces are left to those, if they have them. @default {false} */
  readonly isAhead?: boolean;
  /** It is slow: it doubles nothing that others have on order. @default {false} */
  readonly isSlow?: boolean;
}

/** What a picker is made for. */
export interface PiecePickerOptions {
  /** The connected peers: live. */
  readonly peers: ReadonlyMap<PeerKey, PickingPeer>;
  /** The pieces verified already. */
  readonly have: Bitfield;
  readonly random: Random;
  /** Whether a piece was corrupt before, so that one peer alone must deliver it. */
  readonly isSuspect: (index: number) => boolean;
}

/** Rarest-first picking over pieces in progress. Blocks go by {@linkcode Geometry.blockId}. */
export class PiecePicker {
  readonly #geometry: Geometry;
  readonly #peers: ReadonlyMap<PeerKey, PickingPeer>;
  readonly #rarity: RarityOrder;
  readonly #isSuspect: (index: number) => boolean;
  readonly #pool: BufferPool;
  readonly #maxAssemblyCount: number;
  readonly #begun: PiecesInProgress;
  /** The piece that each peer works on. */
  readonly #current = new Map<PeerKey, PieceAssembly>();

  constructor(geometry: Geometry, options: PiecePickerOptions) {
    this.#geometry = geometry;
    this.#peers = options.peers;
    this.#isSuspect = options.isSuspect;
    this.#begun = new PiecesInProgress(geometry.pieceCount);
    this.#rarity = new RarityOrder(geometry.pieceCount, options.random);
    for (const index of options.have.indexes()) this.#rarity.remove(index);
    this.#pool = new BufferPool({
      length: geometry.pieceLength,
      keepBytes: ASSEMBLY_BYTES,
    });
    this.#maxAssemblyCount = Math.max(
      LEAST_ASSEMBLY_COUNT,
      Math.floor(ASSEMBLY_BYTES / geometry.pieceLength),
    );
  }

  /** A connected peer has one more piece. Returns whether that may be work for it. */
  gained(peer: PickingPeer, index: number): boolean {
    this.#rarity.increment(index);
    if (this.#rarity.has(index)) {
      peer.waitingCount++;
      return true;
    }
    // Mostly so, and then the piece need not be looked at.
    if (this.#begun.open.size === 0 && !this.#isEndGame) return false;
    const assembly = this.#begun.at(index);
    return assembly !== undefined && !assembly.isComplete &&
      (assembly.isOpen || this.#isEndGame);
  }

  /** A peer is gone, and what it had with it. */
  left(peer: PickingPeer): void {
    const { pieces } = peer;
    for (let index = 0; index < pieces.length; index++) {
      if (pieces.has(index)) this.#rarity.decrement(index);
    }
  }

  /** Whether no piece can be begun until the verdict on another. */
  get isAtLimit(): boolean {
    return this.#begun.count >= this.#maxAssemblyCount;
  }

  /** Whether no piece can be begun, for want of pieces or of memory. */
  get canBeginNone(): boolean {
    return this.#isEndGame || this.isAtLimit;
  }

  /** Bytes of a piece that the peer alone may deliver and has not yet. */
  bytesLeftAlone(peer: PeerKey): number {
    const isAlone = (assembly: PieceAssembly): boolean =>
      assembly.isExclusive && assembly.owner === peer;
    for (const assembly of this.#begun) {
      if (isAlone(assembly)) return assembly.bytesLeft;
    }
    return 0;
  }

  /** How many connected peers have the piece. */
  availability(index: number): number {
    return this.#rarity.availability(index);
  }

  /** Chooses a block for the peer and puts it on order; its id, or `undefined` if there is nothing to ask. */
  pick(peer: PickingPeer, options: PickOptions = {}): number | undefined {
    const assembly = this.#ownWork(peer) ?? this.#abandonedWork(peer) ??
      this.#newWork(peer, options) ?? this.#sharedWork(peer);
    if (assembly === undefined) return this.#doubledWork(peer, options);
    const block = assembly.nextOpen()!;
    assembly.order(block);
    this.#begun.refresh(assembly);
    return this.#geometry.blockId(assembly.index, block);
  }

  /** Puts a block on order again that was released; false if it is not needed any more. */
  reorder(id: number): boolean {
    const { index, block } = this.#geometry.blockOfId(id);
    const assembly = this.#begun.at(index);
    if (
      assembly === undefined || assembly.isExclusive ||
      assembly.isReceived(block)
    ) {
      return false;
    }
    assembly.order(block);
    this.#begun.refresh(assembly);
    return true;
  }

  /** An order is off; the block is open again unless others have it on order. */
  release(id: number): void {
    const { index, block } = this.#geometry.blockOfId(id);
    const assembly = this.#begun.at(index);
    if (assembly === undefined) return;
    assembly.release(block);
    this.#begun.refresh(assembly);
  }

  /** A peer works on nothing any more; its orders are released already. */
  abandon(peer: PeerKey): void {
    this.#current.delete(peer);
    for (const assembly of [...this.#begun]) {
      if (assembly.owner !== peer) continue;
      assembly.owner = undefined;
      if (assembly.isExclusive) this.#discard(assembly);
      else this.#begun.refresh(assembly);
    }
  }

  /** With how many peers a block is on order. */
  orderCount(id: number): number {
    const { index, block } = this.#geometry.blockOfId(id);
    return this.#begun.at(index)?.orderCount(block) ?? 0;
  }

  /** Whether a block is still wanted of a peer: not received, and its piece not another's alone to deliver. */
  isMissing(id: number, peer: PeerKey): boolean {
    const { index, block } = this.#geometry.blockOfId(id);
    const assembly = this.#begun.at(index);
    return assembly !== undefined && !assembly.isReceived(block) &&
      (!assembly.isExclusive || assembly.owner === peer);
  }

  /**
   * Places a block that {@linkcode isMissing}; nobody else has it on order any more.
   * Returns the piece once it is whole; it then awaits {@linkcode verified} or
   * {@linkcode corrupt}.
   */
  receive(
    id: number,
    bytes: Uint8Array,
    from: { key: PeerKey; hostname: string },
  ): PieceAssembly | undefined {
    const { index, block } = this.#geometry.blockOfId(id);
    const assembly = this.#begun.at(index);
    if (assembly === undefined) return undefined;
    assembly.receive(block, bytes, from.hostname);
    this.#begun.refresh(assembly);
    if (!assembly.isComplete) return undefined;
    this.#begun.complete(assembly);
    return assembly;
  }

  /** The verdict is good. Returns the piece, to be {@linkcode recycle}d. */
  verified(index: number): PieceAssembly | undefined {
    return this.#begun.takeComplete(index);
  }

  /** The verdict is bad: the piece is to be fetched again. Returns the corrupt copy. */
  corrupt(index: number): PieceAssembly | undefined {
    const assembly = this.#begun.takeComplete(index);
    if (assembly !== undefined) this.#wait(index);
    return assembly;
  }

  /** Takes back the memory of a piece nobody looks at any more. */
  recycle(bytes: Uint8Array<ArrayBuffer>): void {
    this.#pool.give(bytes);
  }

  /** Whether every piece is begun. */
  get #isEndGame(): boolean {
    return this.#rarity.size === 0;
  }

  #ownWork(peer: PickingPeer): PieceAssembly | undefined {
    const assembly = this.#current.get(peer.key);
    return assembly?.isOpen ? assembly : undefined;
  }

  #abandonedWork(peer: PickingPeer): PieceAssembly | undefined {
    for (const assembly of this.#begun.abandoned) {
      if (!peer.pieces.has(assembly.index)) continue;
      assembly.owner = peer.key;
      this.#begun.refresh(assembly);
      this.#current.set(peer.key, assembly);
      return assembly;
    }
    return undefined;
  }

  #newWork(
    peer: PickingPeer,
    { isAhead = false }: PickOptions,
  ): PieceAssembly | undefined {
    if (peer.waitingCount === 0 || this.isAtLimit) return undefined;
    // What a leecher alone has others are about to have; of a seeder that is not
    // so, and it may be the fastest by far.
    if (isAhead && !peer.isSeeder) return undefined;
    const index = this.#rarity.find(peer.pieces);
    if (index === undefined) return undefined;
    if (isAhead && this.#rarity.availability(index) > 1) return undefined;
    this.#rarity.remove(index);
    // The rarest are with few.
    let holderCount = this.#rarity.availability(index);
    for (const other of this.#peers.values()) {
      if (!other.pieces.has(index)) continue;
      other.waitingCount--;
      if (--holderCount === 0) break;
    }
    const bytes = this.#pool.take(this.#geometry.pieceLengthAt(index));
    const assembly = new PieceAssembly(index, bytes, {
      owner: peer.key,
      isExclusive: this.#isSuspect(index),
      blockLength: this.#geometry.blockLengthAt(index, 0),
    });
    this.#begun.begin(assembly);
    this.#current.set(peer.key, assembly);
    return assembly;
  }

  #sharedWork(peer: PickingPeer): PieceAssembly | undefined {
    for (const assembly of this.#begun.open) {
      if (this.#mayDeliver(peer, assembly)) return assembly;
    }
    return undefined;
  }

  #doubledWork(peer: PickingPeer, options: PickOptions): number | undefined {
    if (!this.#isEndGame || options.isSlow) return undefined;
    if (peer.outstanding.size >= END_GAME_WINDOW) return undefined;
    for (const assembly of this.#begun) {
      if (!this.#mayDeliver(peer, assembly)) continue;
      for (let block = 0; block < assembly.blockCount; block++) {
        const id = this.#geometry.blockId(assembly.index, block);
        if (assembly.isReceived(block) || peer.outstanding.has(id)) continue;
        if (assembly.orderCount(block) >= END_GAME_ORDERS) continue;
        assembly.order(block);
        return id;
      }
    }
    return undefined;
  }

  #mayDeliver(peer: PickingPeer, assembly: PieceAssembly): boolean {
    return peer.pieces.has(assembly.index) &&
      (!assembly.isExclusive || assembly.owner === peer.key);
  }

  /** The piece is to be begun, or begun anew. */
  #wait(index: number): void {
    this.#rarity.add(index);
    for (const peer of this.#peers.values()) {
      if (peer.pieces.has(index)) peer.waitingCount++;
    }
  }

  #discard(assembly: PieceAssembly): void {
    this.#begun.discard(assembly);
    this.#wait(assembly.index);
    this.#pool.give(assembly.bytes);
  }
}
