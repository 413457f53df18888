/**
 * Gives complete files of a torrent what it says of them beside their bytes: programs
 * are made executable. What is right already is not touched, so that a restart
 * repeats what a crash has left undone.
 *
 * @module
 */
import type { Bitfield } from "../base/bitfield.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import type { GuardedFolder } from "./guarded_folder.ts";

/**
 * Finishes the files whose pieces are all stored. Changes neither size nor time of a
 * file, so its stamp stays.
 */
export async function finishFiles(
  { files, geometry: { pieceLength } }: Torrent,
  have: Bitfield,
  folder: GuardedFolder,
): Promise<void> {
  let end = 0;
  for (const { path, length, isExecutable } of files) {
    let piece = Math.floor(end / pieceLength);
    end += length;
    if (!isExecutable) continue;
    while (piece * pieceLength < end && have.has(piece)) piece++;
    if (piece * pieceLength >= end) await folder.makeProgram(path);
  }
}
