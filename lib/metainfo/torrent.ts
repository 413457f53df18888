/**
 * The content of a torrent file, validated and immutable. Invariant: `pieceHashes`
 * holds exactly `geometry.pieceCount` hashes, and the lengths of `files` add up to
 * `geometry.length`.
 *
 * @module
 */
import type { InfoHash } from "../base/identifier.ts";
import type { Geometry } from "./geometry.ts";

/** Length of one SHA-1 piece hash, in bytes. */
export const PIECE_HASH_LENGTH = 20;

/** Entries that are read of `similar`, and of `collections`. [BEP 38] */
export const MAX_HINTS = 1_000;

/** Computes the 20-byte SHA-1 of bytes. Pure folders take it as an argument. */
export type Sha1 = (bytes: Uint8Array) => Uint8Array;

/** One file of a torrent. */
export interface TorrentFile {
  /**
   * Safe path components below the download folder. In a folder the first is the
   * torrent's name.
   */
  readonly path: readonly string[];
  /** In bytes. */
  readonly length: number;
  /**
   * True if the file only pads a piece: its bytes are zeros, count in the pieces
   * and are never stored. [BEP 47]
   */
  readonly isPadding: boolean;
  /** True if it is a program, which its owner may run. [BEP 47] @default {false} */
  readonly isExecutable?: boolean;
  /** True if its creator's system hides it; nothing follows from it. [BEP 47] @default {false} */
  readonly isHidden?: boolean;
  /**
   * Of a symbolic link, the path of the file or folder that it leads to, as
   * {@linkcode path}. It has no bytes, and leads to no other link. [BEP 47]
   * @default {it is no link}
   */
  readonly linkTarget?: readonly string[];
}

/** True if it is a file: neither padding nor a link. */
export function isRegularFile(
  { isPadding, linkTarget }: Pick<TorrentFile, "isPadding" | "linkTarget">,
): boolean {
  return !isPadding && linkTarget === undefined;
}

/** Number and bytes of the files, without padding and links. */
export function sizeOfFiles(
  files: readonly TorrentFile[],
): { readonly fileCount: number; readonly fileLength: number } {
  const regular = files.filter(isRegularFile);
  const fileLength = regular.reduce((sum, { length }) => sum + length, 0);
  return { fileCount: regular.length, fileLength };
}

/** A parsed torrent file. [BEP 3, 12, 27, 38] */
export interface Torrent {
  /** SHA-1 of the raw bytes of the info dictionary. */
  readonly infoHash: InfoHash;
  /** The raw bytes of the info dictionary, which peers with a magnet link fetch. [BEP 9] */
  readonly info: Uint8Array;
  /** Name of the download: of its file, or of the folder of its files. */
  readonly name: string;
  /** True if the info dictionary has `files`: the content is a folder called `name`. */
  readonly isFolder: boolean;
  /** At least one, in the order of their bytes in the content. */
  readonly files: readonly TorrentFile[];
  /** Sizes and offsets of pieces and blocks. */
  readonly geometry: Geometry;
  /** The SHA-1 of each piece, 20 bytes each, concatenated; a view of {@linkcode info}. */
  readonly pieceHashes: Uint8Array;
  /** True if peers come from the trackers only. [BEP 27] */
  readonly isPrivate: boolean;
  /** Tiers of tracker URLs, best first; may be empty. [BEP 12] */
  readonly announce: readonly (readonly string[])[];
  /** Torrents that may have files of this one. [BEP 38] */
  readonly similar: readonly InfoHash[];
  /** Names of groups of torrents that may share files. [BEP 38] */
  readonly collections: readonly string[];
  /** Free text of the creator. */
  readonly comment: string | undefined;
  /** The program that created the torrent. */
  readonly createdBy: string | undefined;
  /** Seconds since 1970. */
  readonly creationDate: number | undefined;
}
