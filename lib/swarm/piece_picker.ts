/**
 * Chooses the block to request next from a peer, and holds the pieces in progress and
 * the pool of their buffers. Invariant: a piece is verified, in progress, awaiting its
 * hash check, in the rarity order, or not wanted, and only one of these.
 *
 * A peer works on a piece of its own until every block of the piece is requested, because
 * only whole pieces can be passed on. Next it gets an abandoned piece, else the rarest new
 * piece, else another peer's piece. In the end game an idle peer doubles requests.
 *
 * @module
 */
import type { Bitfield } from "../base/bitfield.ts";
import { BufferPool } from "../base/buffer_pool.ts";
import type { Geometry } from "../metainfo/geometry.ts";
import type { PeerKey, PieceBytes } from "./events.ts";
import type { SwarmContext } from "./peer.ts";
import { PieceAssembly, PiecesInProgress } from "./piece_assembly.ts";
import { RarityOrder } from "./rarity_order.ts";

/** Memory for pieces until their hash check, in bytes: pieces gather while the disk is slow. The buffers are reused until the download is complete. */
const ASSEMBLY_BYTES = 32 * 1024 * 1024;
/** Pieces that may always be in memory: one to receive while another is hashed, and more of pieces that fit into ASSEMBLY_BYTES. */
const LEAST_ASSEMBLY_COUNTS = { large: 2, small: 4 };
/**
 * Peers with a request for the same block in the end game, and requests at a peer that
 * doubles. With 3 and 4, a hundred peers of 200 small pieces wasted 7 % instead of 3 %.
 */
const END_GAME_REQUESTS = 2;
const END_GAME_WINDOW = 2;

/** A peer to pick for, as a `Source` is. */
export interface PickingPeer {
  readonly key: PeerKey;
  readonly pieces: Bitfield;
  /** Ids of the blocks requested of the peer. */
  readonly requests: Pick<ReadonlySet<number>, "size" | "has">;
  /** Pieces in the rarity order that the peer has. Written by the picker. */
  waitingCount: number;
  /** The piece that the peer works on. Written by the picker. */
  current: PieceAssembly | undefined;
}

type Begin = "any" | "unique" | "none";
type Work = PieceAssembly | undefined;

/** Restrictions of one choice. */
export interface PickOptions {
  /** The pieces to choose from. @default {those that the peer has} */
  readonly among?: Bitfield;
  /** The pieces that may be begun: `unique` are those that no other peer has. @default {"any"} */
  readonly begin?: Begin;
  /** True if requests of other peers may be doubled in the end game. @default {true} */
  readonly mayDouble?: boolean;
}

/** Rarest-first picking over pieces in progress. Blocks go by {@linkcode Geometry.blockId}. */
export class PiecePicker {
  readonly #geometry: Geometry;
  readonly #peers: Iterable<PickingPeer>;
  readonly #rarity: RarityOrder;
  readonly #suspects: Pick<ReadonlySet<number>, "has">;
  readonly #pool: BufferPool;
  readonly #maxAssemblyCount: number;
  readonly #begun: PiecesInProgress;
  readonly #traffic: SwarmContext["traffic"];

  constructor(
    torrent: Pick<
      SwarmContext,
      "geometry" | "first" | "lacks" | "traffic" | "random"
    >,
    { peers, suspects }: {
      /** All peers, a live view. */
      readonly peers: Iterable<PickingPeer>;
      /** The pieces that were corrupt before: one peer alone must deliver each. */
      readonly suspects: Pick<ReadonlySet<number>, "has">;
    },
  ) {
    const { geometry, random, first } = torrent;
    this.#peers = peers;
    this.#geometry = geometry;
    this.#traffic = torrent.traffic;
    this.#suspects = suspects;
    const { pieceCount, pieceLength: length } = geometry;
    this.#begun = new PiecesInProgress(pieceCount);
    this.#rarity = new RarityOrder(pieceCount, random, first);
    for (let index = 0; index < pieceCount; index++) {
      if (!torrent.lacks(index)) this.#rarity.remove(index);
    }
    const count = Math.floor(ASSEMBLY_BYTES / length);
    const { large, small } = LEAST_ASSEMBLY_COUNTS;
    this.#maxAssemblyCount = Math.max(count === 0 ? large : small, count);
    // A dropped buffer stays in memory until it is garbage collected.
    const keepBytes = this.#maxAssemblyCount * length;
    this.#pool = new BufferPool({ length, keepBytes });
  }

  remove({ pieces }: PickingPeer): void {
    for (let index = 0; index < pieces.length; index++) {
      if (pieces.has(index)) this.#rarity.decrement(index);
    }
  }

  /** A peer has one more piece. Returns whether a block of it may be picked now. */
  gained(peer: PickingPeer, index: number): boolean {
    this.#rarity.increment(index);
    if (this.#rarity.has(index)) {
      peer.waitingCount++;
      return true;
    }
    // The usual case: saves the look-up of the piece.
    if (this.#begun.open.size === 0 && !this.isEndGame) return false;
    const assembly = this.#begun.at(index);
    return assembly !== undefined && !assembly.isComplete &&
      (assembly.isOpen || this.isEndGame);
  }

  /** True if no piece can be begun but in the place of an abandoned one. */
  get isAtLimit(): boolean {
    return this.#begun.count >= this.#maxAssemblyCount;
  }

  /** True if no piece can be begun, unless an abandoned one gives way. */
  get canBeginNone(): boolean {
    return this.isEndGame || this.isAtLimit;
  }

  /** Bytes missing of a piece that the peer alone may deliver. */
  exclusiveBytesLeft({ key }: PickingPeer): number {
    for (const { isExclusive, assignee, bytesLeft } of this.#begun) {
      if (isExclusive && assignee === key) return bytesLeft;
    }
    return 0;
  }

  /** The number of connected peers that say they have the piece. */
  availability(index: number): number {
    return this.#rarity.availability(index);
  }

  /** Chooses a block to request from the peer and notes the request. Returns its id. */
  pick(peer: PickingPeer, options: PickOptions = {}): number | undefined {
    const { among = peer.pieces, begin = "any", mayDouble = true } = options;
    const own = peer.current?.isOpen ? peer.current : undefined;
    const assembly = own ?? this.#abandonedWork(peer, among) ??
      this.#newWork(peer, among, begin) ?? this.#sharedWork(peer, among);
    if (assembly === undefined) {
      return mayDouble ? this.#doubledWork(peer, among) : undefined;
    }
    const block = assembly.nextOpen()!;
    assembly.request(block);
    this.#begun.refresh(assembly);
    return this.#geometry.blockId(assembly.index, block);
  }

  /** Notes again a request that was released; false if the block is not needed any more. */
  requestAgain(id: number): boolean {
    const { index, block } = this.#geometry.blockOfId(id);
    const assembly = this.#begun.at(index);
    if (assembly === undefined || assembly.isExclusive) return false;
    if (assembly.isReceived(block)) return false;
    assembly.request(block);
    this.#begun.refresh(assembly);
    return true;
  }

  /** A request is answered, cancelled or lost. */
  release(id: number): void {
    const { index, block } = this.#geometry.blockOfId(id);
    const assembly = this.#begun.at(index);
    if (assembly === undefined) return;
    assembly.release(block);
    this.#begun.refresh(assembly);
  }

  /** Takes the peer off its pieces; its requests are released already. The pieces stay in memory for other peers, unless this peer alone might deliver them. */
  abandon(peer: PickingPeer): void {
    peer.current = undefined;
    for (const assembly of [...this.#begun]) {
      if (assembly.assignee !== peer.key) continue;
      assembly.assignee = undefined;
      if (assembly.isExclusive) this.#discard(assembly);
      else this.#begun.refresh(assembly);
    }
  }

  requestCount(id: number): number {
    const { index, block } = this.#geometry.blockOfId(id);
    return this.#begun.at(index)?.requestCount(block) ?? 0;
  }

  /** True if a block is missing and the peer may deliver it. */
  isMissing(id: number, peer: PickingPeer): boolean {
    const { index, block } = this.#geometry.blockOfId(id);
    const assembly = this.#begun.at(index);
    return assembly !== undefined && !assembly.isReceived(block) &&
      (!assembly.isExclusive || assembly.assignee === peer.key);
  }

  /** Copies a block that {@linkcode isMissing}, and that no other peer owes us. Returns the piece once it is complete. */
  receive(id: number, bytes: Uint8Array, hostname: string): Work {
    const { index, block } = this.#geometry.blockOfId(id);
    const assembly = this.#begun.at(index);
    if (assembly === undefined) return undefined;
    assembly.receive(block, bytes, hostname);
    this.#begun.refresh(assembly);
    if (!assembly.isComplete) return undefined;
    this.#begun.complete(assembly);
    return assembly;
  }

  /** Takes the memory of a piece that passed its hash check; false if it awaited none. */
  verified({ index, bytes }: PieceBytes): boolean {
    if (this.#begun.takeComplete(index) === undefined) return false;
    this.#pool.give(bytes);
    if (this.isEndGame && this.#begun.count === 0) this.#pool.clear();
    return true;
  }

  /** The piece failed its hash check and is fetched again. Returns the corrupt copy. */
  corrupt(index: number): PieceAssembly | undefined {
    const assembly = this.#begun.takeComplete(index);
    if (assembly !== undefined) this.#wait(index);
    return assembly;
  }

  /** True if every piece is begun. */
  get isEndGame(): boolean {
    return this.#rarity.size === 0;
  }

  #abandonedWork(peer: PickingPeer, among: Bitfield): Work {
    for (const assembly of this.#begun.abandoned) {
      if (!among.has(assembly.index)) continue;
      assembly.assignee = peer.key;
      this.#begun.refresh(assembly);
      peer.current = assembly;
      return assembly;
    }
    return undefined;
  }

  #newWork(peer: PickingPeer, among: Bitfield, begin: Begin): Work {
    if (peer.waitingCount === 0 || begin === "none") return undefined;
    if (this.isAtLimit && this.#begun.abandoned.size === 0) return undefined;
    const index = this.#rarity.find(among);
    if (index === undefined) return undefined;
    let holderCount = this.#rarity.availability(index);
    if (begin === "unique" && holderCount > 1) return undefined;
    if (this.isAtLimit) {
      const evicted = this.#evictable;
      if (evicted === undefined) return undefined;
      this.#discard(evicted);
    }
    this.#rarity.remove(index);
    // Stops early, as few peers have a rare piece.
    for (const other of this.#peers) {
      if (!other.pieces.has(index)) continue;
      other.waitingCount--;
      if (--holderCount === 0) break;
    }
    const bytes = this.#pool.take(this.#geometry.pieceLengthAt(index));
    const assembly = new PieceAssembly(index, bytes, {
      assignee: peer.key,
      isExclusive: this.#suspects.has(index),
      blockLength: this.#geometry.blockLengthAt(index, 0),
    });
    this.#begun.begin(assembly);
    peer.current = assembly;
    return assembly;
  }

  #sharedWork(peer: PickingPeer, among: Bitfield): Work {
    for (const assembly of this.#begun.open) {
      if (mayDeliver(assembly, peer, among)) return assembly;
    }
    return undefined;
  }

  #doubledWork(peer: PickingPeer, among: Bitfield): number | undefined {
    if (!this.isEndGame) return undefined;
    if (peer.requests.size >= END_GAME_WINDOW) return undefined;
    for (const assembly of this.#begun) {
      if (!mayDeliver(assembly, peer, among)) continue;
      for (let block = 0; block < assembly.blockCount; block++) {
        const id = this.#geometry.blockId(assembly.index, block);
        if (assembly.isReceived(block) || peer.requests.has(id)) continue;
        if (assembly.requestCount(block) >= END_GAME_REQUESTS) continue;
        assembly.request(block);
        return id;
      }
    }
    return undefined;
  }

  /** Puts a piece back into the rarity order. */
  #wait(index: number): void {
    this.#rarity.add(index);
    for (const peer of this.#peers) {
      if (peer.pieces.has(index)) peer.waitingCount++;
    }
  }

  /** Of the abandoned pieces without a request, the piece with the most bytes missing: peers may claim a piece and never send it. */
  get #evictable(): Work {
    return [...this.#begun.abandoned].filter((it) => !it.isRequested)
      .sort((one, other) => other.bytesLeft - one.bytesLeft)[0];
  }

  #discard(assembly: PieceAssembly): void {
    for (let block = 0; block < assembly.blockCount; block++) {
      if (!assembly.isReceived(block)) continue;
      this.#traffic.wasted += this.#geometry.blockLengthAt(
        assembly.index,
        block,
      );
    }
    this.#begun.discard(assembly);
    this.#wait(assembly.index);
    this.#pool.give(assembly.bytes);
  }
}

function mayDeliver(
  assembly: PieceAssembly,
  peer: PickingPeer,
  among: Bitfield,
): boolean {
  return among.has(assembly.index) &&
    (!assembly.isExclusive || assembly.assignee === peer.key);
}
