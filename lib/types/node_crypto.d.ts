/**
 * The face of `node:crypto` that the hashing worker uses, so that the oldest
 * Deno does not look for the package of Node's types.
 *
 * @module
 */

/** A hash being computed. */
export interface Hash {
  update(data: Uint8Array): Hash;
  digest(): Uint8Array<ArrayBuffer>;
}

/** Begins a hash. */
export declare function createHash(algorithm: "sha1"): Hash;
