/**
 * The face of `node:buffer` in which the package `redis` wants its bytes, so that
 * the oldest Deno does not look for the package of Node's types.
 *
 * @module
 */

/** Bytes, as Node has them. */
export declare const Buffer: {
  /** A view. */
  from(
    bytes: ArrayBuffer,
    offset: number,
    length: number,
  ): Uint8Array<ArrayBuffer>;
};
