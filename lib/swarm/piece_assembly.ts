/**
 * Pieces put together from blocks, until the hash check, and the search for the hosts
 * that sent corrupt blocks. Knows nothing of the order in which blocks are requested.
 *
 * @module
 */
import { BLOCK_SIZE } from "../metainfo/geometry.ts";
import type { PeerKey, PieceBytes } from "./events.ts";

const MAX_CORRUPT_COPIES = 8;
/** Memory for all corrupt copies, in bytes; one copy is kept even if it is larger. */
const MAX_CORRUPT_BYTES = 32 * 1024 * 1024;
const NO_HOSTS: ReadonlySet<string> = new Set();

/** A piece in progress. Invariant: each block is received, requested of at least one peer, or open. */
export class PieceAssembly {
  readonly index: number;
  /** The content received so far; the driver owns the bytes while it hashes them. */
  bytes: Uint8Array<ArrayBuffer>;
  /** True if the assignee alone may deliver, because an earlier copy was corrupt. */
  readonly isExclusive: boolean;
  /** Length of every block but perhaps the last. */
  readonly blockLength: number;
  readonly blockCount: number;
  /** The peer that works on the piece; others help only when they have no other work. */
  assignee: PeerKey | undefined;
  /** True if a block is open. Written by {@linkcode PiecesInProgress}. */
  isOpen = false;
  /** For each block the number of peers with a request for it or, once received, its sender's hostname. A typed array takes three times as long to create. */
  readonly #blocks: (number | string)[];
  #receivedCount = 0;
  /** No block before this one is open. */
  #firstOpen = 0;

  constructor(
    index: number,
    bytes: Uint8Array<ArrayBuffer>,
    options: { assignee: PeerKey; isExclusive: boolean; blockLength?: number },
  ) {
    this.index = index;
    this.bytes = bytes;
    this.assignee = options.assignee;
    this.isExclusive = options.isExclusive;
    this.blockLength = options.blockLength ?? BLOCK_SIZE;
    this.blockCount = Math.ceil(bytes.length / this.blockLength);
    this.#blocks = new Array(this.blockCount).fill(0);
  }

  get isComplete(): boolean {
    return this.#receivedCount === this.blockCount;
  }

  /** True if a block is requested of some peer. */
  get isRequested(): boolean {
    return this.#blocks.some((it) => typeof it === "number" && it > 0);
  }

  /** Bytes missing, rounded up to whole blocks. */
  get bytesLeft(): number {
    return (this.blockCount - this.#receivedCount) * this.blockLength;
  }

  /** The hostname that sent each block; `undefined` while missing. */
  get senders(): readonly (string | undefined)[] {
    return this.#blocks.map((it) => typeof it === "string" ? it : undefined);
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
    let block = this.#firstOpen;
    while (block < this.blockCount && this.#blocks[block] !== 0) block++;
    this.#firstOpen = block;
    return block < this.blockCount ? block : undefined;
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

  /** Copies a block with no request left; ignores a block that was received before. */
  receive(block: number, bytes: Uint8Array, hostname: string): void {
    if (this.isReceived(block)) return;
    this.bytes.set(bytes, block * this.blockLength);
    this.#blocks[block] = hostname;
    this.#receivedCount++;
  }
}

/** The pieces in memory. Invariant: `open` are those with an open block, `abandoned` the open ones without an assignee. */
export class PiecesInProgress implements Iterable<PieceAssembly> {
  /** By index. */
  readonly #assemblies: (PieceAssembly | undefined)[];
  /** Oldest first. */
  readonly #incomplete: PieceAssembly[] = [];
  readonly open = new Set<PieceAssembly>();
  readonly abandoned = new Set<PieceAssembly>();
  /** Pieces in memory, complete ones included. */
  count = 0;

  constructor(pieceCount: number) {
    this.#assemblies = new Array(pieceCount).fill(undefined);
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
    this.count++;
    this.#incomplete.push(assembly);
  }

  /** Keeps the invariant after a change of the piece's blocks or its assignee. */
  refresh(assembly: PieceAssembly): void {
    const isOpen = assembly.nextOpen() !== undefined;
    if (isOpen !== assembly.isOpen) {
      assembly.isOpen = isOpen;
      if (isOpen) this.open.add(assembly);
      else this.open.delete(assembly);
    }
    if (isOpen && assembly.assignee === undefined) this.abandoned.add(assembly);
    else if (this.abandoned.size > 0) this.abandoned.delete(assembly);
  }

  /** The piece is complete, and awaits the hash check. */
  complete(assembly: PieceAssembly): void {
    this.#incomplete.splice(this.#incomplete.indexOf(assembly), 1);
  }

  /** Removes the piece if it is complete. */
  takeComplete(index: number): PieceAssembly | undefined {
    const assembly = this.#assemblies[index];
    if (assembly === undefined || !assembly.isComplete) return undefined;
    this.#assemblies[index] = undefined;
    this.count--;
    return assembly;
  }

  /** Removes an incomplete piece. */
  discard(assembly: PieceAssembly): void {
    this.#assemblies[assembly.index] = undefined;
    this.count--;
    this.complete(assembly);
    this.open.delete(assembly);
    this.abandoned.delete(assembly);
    assembly.isOpen = false;
  }
}

/**
 * Corrupt copies of pieces. A copy from a single host proves that host corrupt at once. A
 * copy from several hosts is kept, and compared with the verified piece block by block.
 */
export class CorruptPieces {
  readonly #copies = new Map<number, PieceAssembly>();

  /** True if a corrupt copy of the piece is kept. */
  has(index: number): boolean {
    return this.#copies.has(index);
  }

  /** Adds a corrupt copy. Returns the host if a single host sent the whole copy. */
  add(copy: PieceAssembly): ReadonlySet<string> {
    const suspects = new Set(copy.senders as string[]);
    if (suspects.size === 1) return suspects;
    this.#copies.set(copy.index, copy);
    const most = Math.max(1, Math.floor(MAX_CORRUPT_BYTES / copy.bytes.length));
    if (this.#copies.size > Math.min(most, MAX_CORRUPT_COPIES)) {
      const [oldest] = this.#copies.keys();
      this.#copies.delete(oldest!);
    }
    return NO_HOSTS;
  }

  /** Drops the kept copy of a piece. Returns the hosts of the blocks that differ from the verified content. */
  compare({ index, bytes: verified }: PieceBytes): ReadonlySet<string> {
    const copy = this.#copies.get(index);
    if (copy === undefined) return NO_HOSTS;
    this.#copies.delete(index);
    const culprits = new Set<string>();
    copy.senders.forEach((hostname, block) => {
      const start = block * copy.blockLength;
      const end = start + copy.blockLength;
      const right = verified.subarray(start, end);
      const isRight = copy.bytes.subarray(start, end).every((byte, offset) =>
        byte === right[offset]
      );
      if (hostname !== undefined && !isRight) culprits.add(hostname);
    });
    return culprits;
  }
}
