/**
 * One piece being put together from blocks. Invariant: a block is received, or
 * on order with at least one peer, or open; `bytes` is whole exactly when every
 * block is received. Knows who sent each block, for the day the hash is wrong.
 *
 * @module
 */
import type { PeerKey } from "./events.ts";
import { BLOCK_SIZE } from "../metainfo/geometry.ts";

/** A piece in progress. */
export class PieceAssembly {
  readonly index: number;
  /** The piece's content as far as received; out of reach while it is hashed. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Only the owner may deliver: an earlier copy was corrupt and the sender is wanted. */
  readonly isExclusive: boolean;
  /** Length of every block but perhaps the last. */
  readonly blockLength: number;
  /** The peer that works on it; others help only when there is nothing else to do. */
  owner: PeerKey | undefined;
  /** Whether it has blocks neither received nor on order: the picker's own note. */
  isOpen = false;
  /**
   * Of each block: with how many peers it is on order or, once received, the
   * hostname that it came from. A plain array: a typed one takes three times as
   * long to make.
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

  /** What is missing, in bytes, or up to a block more. */
  get bytesLeft(): number {
    return (this.blockCount - this.#receivedCount) * this.blockLength;
  }

  /** The hostname that each block came from; `undefined` while missing. */
  get sources(): readonly (string | undefined)[] {
    return this.#blocks.map((block) =>
      typeof block === "string" ? block : undefined
    );
  }

  isReceived(block: number): boolean {
    return typeof this.#blocks[block] === "string";
  }

  /** With how many peers a block is on order: none once it is received. */
  orderCount(block: number): number {
    const count = this.#blocks[block]!;
    return typeof count === "number" ? count : 0;
  }

  /** The first block neither received nor on order. */
  nextOpen(): number | undefined {
    while (
      this.#firstOpen < this.blockCount && !this.#isOpen(this.#firstOpen)
    ) {
      this.#firstOpen++;
    }
    return this.#firstOpen < this.blockCount ? this.#firstOpen : undefined;
  }

  order(block: number): void {
    const count = this.#blocks[block]!;
    if (typeof count === "number") this.#blocks[block] = count + 1;
  }

  /** An order is off: cancelled, choked away or its peer gone. */
  release(block: number): void {
    const count = this.#blocks[block]!;
    if (typeof count === "number") this.#blocks[block] = count - 1;
    if (this.#isOpen(block)) this.#firstOpen = Math.min(this.#firstOpen, block);
  }

  /** Places a block, which is copied and on order no more; ignored if it was received before. */
  receive(block: number, bytes: Uint8Array, hostname: string): void {
    if (this.isReceived(block)) return;
    this.bytes.set(bytes, block * this.blockLength);
    this.#blocks[block] = hostname;
    this.#receivedCount++;
  }

  #isOpen(block: number): boolean {
    return this.#blocks[block] === 0;
  }
}
