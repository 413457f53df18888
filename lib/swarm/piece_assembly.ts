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
  /** A plain array: a typed one takes three times as long to make. */
  readonly #orders: number[];
  readonly #sources: (string | undefined)[];
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
    this.#orders = new Array(blockCount).fill(0);
    this.#sources = new Array(blockCount).fill(undefined);
  }

  get blockCount(): number {
    return this.#orders.length;
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
    return this.#sources;
  }

  isReceived(block: number): boolean {
    return this.#sources[block] !== undefined;
  }

  /** With how many peers a block is on order. */
  orderCount(block: number): number {
    return this.#orders[block]!;
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
    this.#orders[block]!++;
  }

  /** An order is off: delivered, cancelled, choked away or its peer gone. */
  release(block: number): void {
    this.#orders[block]!--;
    if (this.#isOpen(block)) this.#firstOpen = Math.min(this.#firstOpen, block);
  }

  /** Places a block, which is copied; ignored if it was received before. */
  receive(block: number, bytes: Uint8Array, hostname: string): void {
    if (this.isReceived(block)) return;
    this.bytes.set(bytes, block * this.blockLength);
    this.#sources[block] = hostname;
    this.#receivedCount++;
  }

  #isOpen(block: number): boolean {
    return this.#orders[block] === 0 && !this.isReceived(block);
  }
}
