/**
 * Pieces put together from blocks, until the hash check. Knows nothing of rarity
 * or of the order in which blocks are requested.
 *
 * Invariant of a {@linkcode PieceAssembly}: each block is received, or requested of
 * at least one peer, or open; `bytes` is whole exactly when every block is received.
 *
 * @module
 */
import { BLOCK_SIZE } from "../metainfo/geometry.ts";
import type { PeerKey } from "./events.ts";

/** A piece in progress. */
export class PieceAssembly {
  readonly index: number;
  /** The piece's content as far as received; out of reach while it is hashed. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Whether the owner alone may deliver, because an earlier copy was corrupt. */
  readonly isExclusive: boolean;
  /** Length of every block but perhaps the last. */
  readonly blockLength: number;
  /** The peer that works on it; others help only when there is nothing else to do. */
  owner: PeerKey | undefined;
  /** Whether a block is open: a note of {@linkcode PiecesInProgress}. */
  isOpen = false;
  /**
   * Of each block: the number of peers that it is requested of or, once received,
   * the hostname that sent it. A plain array: a typed one takes three times as long
   * to make.
   */
  readonly #blocks: (number | string)[];
  #receivedCount = 0;
  /** No block before this one is open. */
  #firstOpen = 0;

  constructor(
    index: number,
    bytes: Uint8Array<ArrayBuffer>,
    options: { owner: PeerKey; isExclusive: boolean; blockLength?: number },
  ) {
    this.index = index;
    this.bytes = bytes;
    this.owner = options.owner;
    this.isExclusive = options.isExclusive;
    this.blockLength = options.blockLength ?? BLOCK_SIZE;
    const blockCount = Math.ceil(bytes.length / this.blockLength);
    this.#blocks = new Array(blockCount).fill(0);
  }

  get blockCount(): number {
    return this.#blocks.length;
  }

  get isComplete(): boolean {
    return this.#receivedCount === this.blockCount;
  }

  /** Bytes missing, rounded up to whole blocks. */
  get bytesLeft(): number {
    return (this.blockCount - this.#receivedCount) * this.blockLength;
  }

  /** The hostname that sent each block; `undefined` while missing. */
  get sources(): readonly (string | undefined)[] {
    return this.#blocks.map((block) =>
      typeof block === "string" ? block : undefined
    );
  }

  isReceived(block: number): boolean {
    return typeof this.#blocks[block] === "string";
  }

  /** The number of peers that a block is requested of; 0 once it is received. */
  requestCount(block: number): number {
    const count = this.#blocks[block]!;
    return typeof count === "number" ? count : 0;
  }

  /** The first open block. */
  nextOpen(): number | undefined {
    while (
      this.#firstOpen < this.blockCount && this.#blocks[this.#firstOpen] !== 0
    ) {
      this.#firstOpen++;
    }
    return this.#firstOpen < this.blockCount ? this.#firstOpen : undefined;
  }

  request(block: number): void {
    const count = this.#blocks[block]!;
    if (typeof count === "number") this.#blocks[block] = count + 1;
  }

  /** A request for a block is answered, cancelled, or lost. */
  release(block: number): void {
    const count = this.#blocks[block]!;
    if (typeof count !== "number") return;
    this.#blocks[block] = count - 1;
    if (count === 1) this.#firstOpen = Math.min(this.#firstOpen, block);
  }

  /** Copies a block that is requested of no peer any more; ignored if it was received before. */
  receive(block: number, bytes: Uint8Array, hostname: string): void {
    if (this.isReceived(block)) return;
    this.bytes.set(bytes, block * this.blockLength);
    this.#blocks[block] = hostname;
    this.#receivedCount++;
  }
}

/**
 * The pieces in memory. Invariant: `open` are those with an open block, and
 * `abandoned` the open ones without an owner.
 */
export class PiecesInProgress implements Iterable<PieceAssembly> {
  /** By index. */
  readonly #assemblies: (PieceAssembly | undefined)[];
  #count = 0;
  /** Oldest first. */
  readonly #incomplete: PieceAssembly[] = [];
  readonly #open = new Set<PieceAssembly>();
  readonly #abandoned = new Set<PieceAssembly>();

  constructor(pieceCount: number) {
    this.#assemblies = new Array(pieceCount).fill(undefined);
  }

  /** Pieces in memory, complete ones that await the hash check included. */
  get count(): number {
    return this.#count;
  }

  /** Live, not to be changed. */
  get open(): ReadonlySet<PieceAssembly> {
    return this.#open;
  }

  /** Live, not to be changed. */
  get abandoned(): ReadonlySet<PieceAssembly> {
    return this.#abandoned;
  }

  /** The piece, if it is in memory. */
  at(index: number): PieceAssembly | undefined {
    return this.#assemblies[index];
  }

  /** The incomplete pieces, oldest first. None may be removed meanwhile. */
  [Symbol.iterator](): ArrayIterator<PieceAssembly> {
    return this.#incomplete.values();
  }

  begin(assembly: PieceAssembly): void {
    this.#assemblies[assembly.index] = assembly;
    this.#count++;
    this.#incomplete.push(assembly);
  }

  /** Keeps the invariant after a change of the piece's blocks or its owner. */
  refresh(assembly: PieceAssembly): void {
    const isOpen = assembly.nextOpen() !== undefined;
    if (isOpen !== assembly.isOpen) {
      assembly.isOpen = isOpen;
      if (isOpen) this.#open.add(assembly);
      else this.#open.delete(assembly);
    }
    if (isOpen && assembly.owner === undefined) this.#abandoned.add(assembly);
    else if (this.#abandoned.size > 0) this.#abandoned.delete(assembly);
  }

  /** The piece is complete, and awaits the hash check. */
  complete(assembly: PieceAssembly): void {
    this.#incomplete.splice(this.#incomplete.indexOf(assembly), 1);
  }

  /** Removes the piece if it is complete. */
  takeComplete(index: number): PieceAssembly | undefined {
    const assembly = this.#assemblies[index];
    if (assembly === undefined || !assembly.isComplete) return undefined;
    this.#remove(assembly);
    return assembly;
  }

  /** Removes an incomplete piece. */
  discard(assembly: PieceAssembly): void {
    this.#remove(assembly);
    this.complete(assembly);
    this.#open.delete(assembly);
    this.#abandoned.delete(assembly);
    assembly.isOpen = false;
  }

  #remove(assembly: PieceAssembly): void {
    this.#assemblies[assembly.index] = undefined;
    this.#count--;
  }
}
