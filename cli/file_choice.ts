/**
 * The choice of files that `peer` and `get` fetch, of a command line or a magnet link.
 */
import {
  Bitfield,
  piecesInOrder,
  piecesOf,
  selectFiles,
  StorageError,
  type Torrent,
} from "../lib/torrents.ts";
import type { PeerJob } from "./peer_job.ts";

/** The files that a job or a link selects, their pieces, and those to fetch first. */
export function selectionOf(
  torrent: Torrent,
  { only, not, first }: Pick<PeerJob, "only" | "not" | "first">,
  { files: indexes }: { readonly files?: readonly number[] | undefined } = {},
): {
  readonly wanted?: Bitfield;
  readonly pieces?: Bitfield;
  readonly first: Bitfield;
  readonly firstPieces: readonly number[];
} {
  const wanted = selectFiles(torrent, { only, not, indexes });
  if (wanted.count === 0) {
    throw new StorageError(
      `Cannot fetch ${torrent.name}: it has no file that is selected; see --only and --not`,
    );
  }
  const firstFiles = first.length === 0
    ? new Bitfield(wanted.length)
    : selectFiles(torrent, { only: first });
  for (const index of firstFiles.indexes()) {
    if (!wanted.has(index)) firstFiles.delete(index);
  }
  const firstPieces = piecesInOrder(torrent, firstFiles);
  const inOrder = { first: firstFiles, firstPieces };
  return wanted.count === selectFiles(torrent, {}).count
    ? inOrder
    : { ...inOrder, wanted, pieces: piecesOf(torrent, wanted) };
}
