/**
 * How many blocks to have on order at one peer. Too few and the wire idles for a
 * round trip; too many and a slow peer hoards blocks that others could deliver.
 * The window opens by one block a block received, so it doubles each round trip,
 * and once a second is cut to what the peer delivered lately.
 *
 * @module
 */
import { BLOCK_SIZE } from "../metainfo/geometry.ts";

const FIRST_SIZE = 32;
const LEAST_SIZE = 8;
/** libtorrent, Transmission and aria2 take at least this many requests without `reqq`. [BEP 10] */
const GREATEST_SIZE = 250;
/** Blocks on order cover this much time at the measured rate. */
const HORIZON_SECONDS = 1;

/** The request window of one connection, in blocks. */
export class RequestWindow {
  #size = FIRST_SIZE;

  /** Blocks that may be outstanding now. */
  get size(): number {
    return this.#size;
  }

  /** A block arrived that we had asked for. */
  grow(): void {
    this.#size = Math.min(this.#size + 1, GREATEST_SIZE);
  }

  /** Once a second, with the connection's measured download rate. */
  fit(bytesPerSecond: number): void {
    const covered = Math.ceil(bytesPerSecond * HORIZON_SECONDS / BLOCK_SIZE);
    this.#size = Math.min(this.#size, Math.max(covered * 2, LEAST_SIZE));
  }
}
