/**
 * Types of the part of `node:buffer` that the package `redis` needs, so that the
 * oldest Deno does not look for the package of Node's types.
 *
 * @module
 */

/** Node's type of bytes. */
export declare const Buffer: {
  /** A view. */
  from(
    bytes: ArrayBuffer,
    offset: number,
    length: number,
  ): Uint8Array<ArrayBuffer>;
};
