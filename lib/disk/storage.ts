/**
 * Where a torrent's content lives, seen as one run of bytes. Knows nothing of
 * pieces being right or wrong: whoever writes has verified.
 *
 * @module
 */
import type { TorrentFile } from "../metainfo/torrent.ts";

/** A run of a torrent's content. Both in bytes. */
export interface ByteRange {
  /** Where it begins. */
  readonly offsetInTorrent: number;
  /** How long it is. */
  readonly length: number;
}

/** Files that any thread can open by itself. */
export interface ContentFiles {
  /** The folder that no file may lie outside of; `undefined`: links are followed. */
  readonly guardedDir: string | undefined;
  /** In the order of the content. Paths are below the guarded folder, or absolute. */
  readonly files: readonly Pick<TorrentFile, "path" | "length" | "isPadding">[];
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
  /**
   * The files that hold the content, so that workers can verify them without this
   * storage. @default none: only `read` gives the content
   */
  readonly files?: ContentFiles;
}
