/**
 * Where a torrent's content lives, seen as one run of bytes. Knows nothing of
 * pieces being right or wrong: whoever writes has verified.
 *
 * @module
 */

/** A run of a torrent's content. Both in bytes. */
export interface ByteRange {
  /** Where it begins. */
  readonly offsetInTorrent: number;
  /** How long it is. */
  readonly length: number;
}

/** Positional access to a torrent's content. Offsets and lengths in bytes. */
export interface Storage extends AsyncDisposable {
  /**
   * Fills `into` with the content from `offsetInTorrent`.
   * @throws {StorageError} If a file is missing, too short or cannot be read.
   */
  read(offsetInTorrent: number, into: Uint8Array): Promise<void>;
  /**
   * Stores `bytes`, which are the caller's again once this resolves.
   * @throws {StorageError} If the disk is full, read-only or refuses.
   */
  write(offsetInTorrent: number, bytes: Uint8Array): Promise<void>;
  /**
   * The content that there is something to read for, ascending and disjoint: a
   * cheap look that tells what is not worth hashing. It may be wrong content.
   * @throws {StorageError} If something stands where a file must be.
   */
  presentRanges(): Promise<readonly ByteRange[]>;
}
