/**
 * The one way onto the disk: a piece is hashed in memory and stored only if it
 * matches. Several pieces are under way at once; the engine bounds how many.
 *
 * @module
 */
import type { PieceHasher } from "../disk/worker_hasher.ts";
import type { Storage } from "../disk/storage.ts";
import { isPieceHash } from "../disk/verify_storage.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import type { JudgedPiece, SwarmEvent } from "../swarm/events.ts";

/** What became of a piece: the event to tell the swarm. */
export type Verdict = Extract<
  SwarmEvent,
  { readonly type: "pieceVerified" | "pieceCorrupt" }
>;

/** What it takes to judge a piece. */
export interface VerifyAndStoreOptions {
  readonly torrent: Torrent;
  readonly storage: Storage;
  readonly hasher: PieceHasher;
}

/**
 * Hashes a piece and stores it if it is right. `bytes` are given back with the
 * verdict.
 * @throws {StorageError} If the disk refuses.
 */
export async function verifyAndStore(
  piece: JudgedPiece,
  { torrent, storage, hasher }: VerifyAndStoreOptions,
): Promise<Verdict> {
  const { index } = piece;
  const { bytes, hash } = await hasher.hash(piece.bytes);
  if (!isPieceHash(torrent, index, hash)) {
    return { type: "pieceCorrupt", index, bytes };
  }
  await storage.write(torrent.geometry.pieceOffset(index), bytes);
  return { type: "pieceVerified", index, bytes };
}
