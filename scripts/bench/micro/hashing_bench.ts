/**
 * SHA-1 of 4 MiB in pieces of the default length, by each way that the library
 * has: WebCrypto, `node:crypto` on this thread, and worker threads.
 *
 * @module
 */
import {
  type PieceHasher,
  platformHasher,
} from "../../../lib/disk/piece_hasher.ts";
import { sha1Pieces } from "../../../lib/disk/sha1_pieces.ts";
import { openWorkerHasher } from "../../../lib/disk/worker_hasher.ts";
import { PIECE_LENGTH } from "../../../lib/metainfo/geometry.ts";

const CHUNK_COUNT = 4;
const CHUNK_LENGTH = 1024 * 1024;

/** Hashes all chunks side by side; each comes back in another view. */
async function hashAll(
  hasher: PieceHasher,
  chunks: Uint8Array<ArrayBuffer>[],
): Promise<void> {
  const pending = chunks.map((chunk) => hasher.hash(chunk, PIECE_LENGTH));
  const hashed = await Promise.all(pending);
  for (const [index, { bytes }] of hashed.entries()) chunks[index] = bytes;
}

function chunksToHash(): Uint8Array<ArrayBuffer>[] {
  return Array.from(
    { length: CHUNK_COUNT },
    () => new Uint8Array(CHUNK_LENGTH),
  );
}

const content = new Uint8Array(CHUNK_COUNT * CHUNK_LENGTH);

Deno.bench("sha1Pieces(): 4 MiB on this thread", { group: "sha1" }, () => {
  sha1Pieces(content, PIECE_LENGTH);
});

const platformChunks = chunksToHash();

Deno.bench("platformHasher: 4 MiB", { group: "sha1" }, async () => {
  await hashAll(platformHasher, platformChunks);
});

const workerHasher = await openWorkerHasher();
const workerChunks = chunksToHash();

Deno.bench("openWorkerHasher(): 4 MiB", { group: "sha1" }, async () => {
  await hashAll(workerHasher, workerChunks);
});
