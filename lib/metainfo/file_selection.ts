/**
 * The files of a torrent to fetch, and the pieces that hold them. A piece at the border
 * of a file that is wanted is fetched whole.
 *
 * @module
 */
import { Bitfield } from "../base/bitfield.ts";
import { matchesBelow, type PathGlob } from "./path_glob.ts";
import type { Torrent } from "./torrent.ts";

/** A choice of files. */
export interface FileSelection {
  /** Files and folders to fetch; others are not. @default {everything} */
  readonly only?: readonly PathGlob[];
  /** Files and folders not to fetch. @default {none} */
  readonly not?: readonly PathGlob[];
  /** Used if neither names any: indexes of files, as of a magnet link. [BEP 53] @default {all} */
  readonly indexes?: readonly number[] | undefined;
}

/** The files to fetch, by index; padding is none. */
export function selectFiles(
  { files, isFolder }: Pick<Torrent, "files" | "isFolder">,
  { only = [], not = [], indexes }: FileSelection,
): Bitfield {
  const selected = new Bitfield(files.length);
  const named = only.length + not.length === 0 && indexes !== undefined
    ? new Set(indexes)
    : undefined;
  for (const [index, { isPadding, path }] of files.entries()) {
    const below = isFolder ? path.slice(1) : path;
    const isIn = (globs: readonly PathGlob[]): boolean =>
      globs.some((glob) => matchesBelow(glob, below));
    const isSelected = !isPadding && named?.has(index) !== false &&
      (only.length === 0 || isIn(only)) && !isIn(not);
    if (isSelected) selected.add(index);
  }
  return selected;
}

/** The pieces with content of these files. */
export function piecesOf(torrent: Torrent, files: Bitfield): Bitfield {
  const pieces = new Bitfield(torrent.geometry.pieceCount);
  for (const index of piecesInOrder(torrent, files)) pieces.add(index);
  return pieces;
}

/** The same, one file after another in the order of the torrent. */
export function piecesInOrder(
  { files, geometry: { pieceLength } }: Torrent,
  selected: Bitfield,
): number[] {
  const pieces: number[] = [];
  let end = 0;
  for (const [index, { length }] of files.entries()) {
    let piece = Math.floor(end / pieceLength);
    end += length;
    if (length === 0 || !selected.has(index)) continue;
    if (piece === pieces.at(-1)) piece++;
    for (; piece * pieceLength < end; piece++) pieces.push(piece);
  }
  return pieces;
}
