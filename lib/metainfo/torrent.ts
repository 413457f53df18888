/**
 * What a torrent file says, checked and immutable. Invariant: `pieceHashes`
 * holds exactly `geometry.pieceCount` hashes and the lengths of `files` add up
 * to `geometry.length`.
 *
 * @module
 */
import type { InfoHash } from "../base/identifier.ts";
import type { Geometry } from "./geometry.ts";

/** Length of one SHA-1 piece hash, in bytes. */
export const PIECE_HASH_LENGTH = 20;

/** Computes the 20-byte SHA-1 of bytes. Pure folders take it as an argument. */
export type Sha1 = (bytes: Uint8Array) => Uint8Array;

/** One file of a torrent. */
export interface TorrentFile {
  /**
   * Path components below the download folder, checked to be safe: for a
   * folder's file the first is the torrent's name.
   */
  readonly path: readonly string[];
  /** In bytes. */
  readonly length: number;
  /**
   * Whether the file only fills up a piece: its bytes are zeros that count in
   * the pieces, and it is never made on disk. [BEP 47]
   */
  readonly isPadding: boolean;
}

/** A parsed torrent file. [BEP 3, 12, 27] */
export interface Torrent {
  /** SHA-1 of the raw bytes of the info dictionary. */
  readonly infoHash: InfoHash;
  /** What the download is called: its file, or the folder of its files. */
  readonly name: string;
  /** Whether the info dictionary has `files`: content goes into a folder called `name`. */
  readonly isFolder: boolean;
  /** In the order in which their bytes make up the content; one at least. */
  readonly files: readonly TorrentFile[];
  /** Where pieces and blocks begin and end. */
  readonly geometry: Geometry;
  /** The SHA-1 of each piece, 20 bytes each, one after another. */
  readonly pieceHashes: Uint8Array;
  /** Whether only its trackers may name peers. [BEP 27] */
  readonly isPrivate: boolean;
  /** Tiers of tracker URLs, best first; empty if it names none. [BEP 12] */
  readonly announce: readonly (readonly string[])[];
  /** A remark of whoever made it. */
  readonly comment: string | undefined;
  /** The program that made it. */
  readonly createdBy: string | undefined;
  /** Seconds since 1970. */
  readonly creationDate: number | undefined;
}
