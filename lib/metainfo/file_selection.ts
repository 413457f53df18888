/**
 * The files of a torrent to fetch, and the pieces that hold them. A piece at the border
 * of a file that is wanted is fetched whole. Pure.
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
  torrent: Pick<Torrent, "files" | "isFolder">,
  { only = [], not = [], indexes }: FileSelection,
): Bitfield {
  const selected = new Bitfield(torrent.files.length);
  const named = only.length + not.length === 0 && indexes !== undefined
    ? new Set(indexes)
    : undefined;
  for (const [index, { isPadding }] of torrent.files.entries()) {
    const isSelected = !isPadding && named?.has(index) !== false &&
      (only.length === 0 || isMatched(torrent, index, only)) &&
      !isMatched(torrent, index, not);
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

/** True if a glob matches a file or a folder that it is in, below the shared folder. */
function isMatched(
  { files, isFolder }: Pick<Torrent, "files" | "isFolder">,
  index: number,
  globs: readonly PathGlob[],
): boolean {
  const path = files[index]!.path.slice(isFolder ? 1 : 0);
  return globs.some((glob) => matchesBelow(glob, path));
}
