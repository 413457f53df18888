/**
 * The one way onto the disk: a piece is hashed in memory and stored only if it
 * matches. Several pieces are under way at once; the engine bounds how many.
 *
 * @module
 */
import { sha1 } from "../disk/sha1.ts";
import type { Storage } from "../disk/storage.ts";
import { isPieceHash } from "../disk/verify_storage.ts";
import type { Torrent } from "../metainfo/torrent.ts";

/** What became of a piece. */
export type PieceVerdict = "pieceVerified" | "pieceCorrupt";

/**
 * Hashes a piece and stores it if it is right.
 * @throws {StorageError} If the disk refuses.
 */
export async function verifyAndStore(
  piece: { readonly index: number; readonly bytes: Uint8Array },
  options: { readonly torrent: Torrent; readonly storage: Storage },
): Promise<PieceVerdict> {
  const { torrent, storage } = options;
  const hash = await sha1(piece.bytes);
  if (!isPieceHash(torrent, piece.index, hash)) return "pieceCorrupt";
  await storage.write(torrent.geometry.pieceOffset(piece.index), piece.bytes);
  return "pieceVerified";
}
