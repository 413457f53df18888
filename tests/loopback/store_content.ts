/**
 * Stores content as a session does: piece by piece, each verified.
 */
import { Bitfield } from "../../lib/base/bitfield.ts";
import type { FileStorage } from "../../lib/disk/file_storage.ts";
import type { Torrent } from "../../lib/metainfo/torrent.ts";

/** Stores pieces of a torrent, and names the files that they complete. */
export async function storePieces(
  storage: FileStorage,
  { geometry }: Torrent,
  { content, indexes = geometry.pieceCount }: {
    readonly content: Uint8Array;
    /** Their indexes, or their number from the first on. @default all */
    readonly indexes?: readonly number[] | number;
  },
): Promise<void> {
  await storage.begin(new Bitfield(geometry.pieceCount));
  const list = typeof indexes === "number"
    ? Array.from({ length: indexes }, (_, index) => index)
    : indexes;
  for (const index of list) {
    const start = geometry.pieceOffset(index);
    const end = start + geometry.pieceLengthAt(index);
    await storage.write(start, content.subarray(start, end));
    await storage.named(index);
  }
}
