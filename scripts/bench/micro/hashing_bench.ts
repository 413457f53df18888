/**
 * SHA-1 of 4 MiB in pieces of the default length, on this thread and on worker
 * threads.
 *
 * @module
 */
import { PieceHashes } from "../../../lib/disk/sha1.ts";
import {
  openWorkerHasher,
  type PieceHasher,
} from "../../../lib/disk/worker_hasher.ts";
import { PIECE_LENGTH } from "../../../lib/metainfo/geometry.ts";

const PIECE_COUNT = 16;

/** Hashes all pieces in parallel; each returns in another view. */
async function hashAll(
  hasher: PieceHasher,
  pieces: Uint8Array<ArrayBuffer>[],
): Promise<void> {
  const hashed = await Promise.all(pieces.map((piece) => hasher.hash(piece)));
  for (const [index, { bytes }] of hashed.entries()) pieces[index] = bytes;
}

const length = PIECE_COUNT * PIECE_LENGTH;
const content = new Uint8Array(length);

Deno.bench("PieceHashes: 4 MiB on this thread", { group: "sha1" }, () => {
  const hashes = new PieceHashes({ length, pieceLength: PIECE_LENGTH });
  hashes.add(content);
  hashes.finish();
});

const hasher = openWorkerHasher();
const pieces = Array.from(
  { length: PIECE_COUNT },
  () => new Uint8Array(PIECE_LENGTH),
);

Deno.bench("openWorkerHasher(): 4 MiB", { group: "sha1" }, async () => {
  await hashAll(hasher, pieces);
});
