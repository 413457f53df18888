/**
 * What hashes whole pieces. Bytes that are handed over to be hashed come back
 * with their hashes; in between they are nobody else's, since they may be on
 * another thread.
 *
 * @module
 */
import { PIECE_HASH_LENGTH } from "../metainfo/torrent.ts";

/** Pieces that were hashed. */
export interface HashedPieces {
  /** The content, in the buffer that was handed over. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The SHA-1 of each piece, 20 bytes each, in order. */
  readonly hashes: Uint8Array<ArrayBuffer>;
}

/** Hashes pieces. */
export interface PieceHasher extends Disposable {
  /**
   * Hashes consecutive pieces. `bytes` begin where their buffer begins; they are
   * the hasher's until it gives them back, perhaps in another view.
   * @param pieceLength Of every piece but the last, in bytes.
   */
  hash(
    bytes: Uint8Array<ArrayBuffer>,
    pieceLength: number,
  ): Promise<HashedPieces>;
}

/** A hasher that needs no permission and nothing loaded: WebCrypto. */
export const platformHasher: PieceHasher = {
  hash: hashOnPlatform,
  // There is nothing to end.
  [Symbol.dispose](): void {},
};

async function hashOnPlatform(
  bytes: Uint8Array<ArrayBuffer>,
  pieceLength: number,
): Promise<HashedPieces> {
  const pending: Promise<Uint8Array>[] = [];
  for (let offset = 0; offset < bytes.length; offset += pieceLength) {
    const piece = bytes.slice(offset, offset + pieceLength);
    pending.push(
      crypto.subtle.digest("SHA-1", piece).then((hash) => new Uint8Array(hash)),
    );
  }
  const hashes = new Uint8Array(pending.length * PIECE_HASH_LENGTH);
  for (const [index, hash] of (await Promise.all(pending)).entries()) {
    hashes.set(hash, index * PIECE_HASH_LENGTH);
  }
  return { bytes, hashes };
}
