/**
 * What a hashing worker is told and what it answers. Both transfer the buffer:
 * it is never copied, and never in two hands.
 *
 * @module
 */

/** A run of pieces at the start of a buffer. */
export interface HashRequest {
  readonly buffer: ArrayBuffer;
  /** Of the content in the buffer, in bytes. */
  readonly length: number;
  /** Of every piece but the last, in bytes. */
  readonly pieceLength: number;
}

/** What a worker says: once that it runs, then an answer to each request, in their order. */
export type HashWorkerMessage =
  | { readonly type: "ready" }
  | {
    readonly type: "hashed";
    readonly buffer: ArrayBuffer;
    /** The SHA-1 of each piece, 20 bytes each, in order. */
    readonly hashes: Uint8Array<ArrayBuffer>;
  };
