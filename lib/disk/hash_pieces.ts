/**
 * The piece hashes of a source: read in order by one reader, hashed side by side
 * off the main thread.
 *
 * @module
 */
import { Geometry } from "../metainfo/geometry.ts";
import { PIECE_HASH_LENGTH } from "../metainfo/torrent.ts";
import { type PieceHasher, platformHasher } from "./piece_hasher.ts";
import type { Source } from "./source.ts";
import { SourceReader } from "./source_reader.ts";

/**
 * Bytes read at a time, or one piece where that is more, and how many such
 * chunks are hashed at once. Fewer starve four workers, more only take memory.
 */
const CHUNK_LENGTH = 1024 * 1024;
const MAX_CHUNKS_IN_FLIGHT = 8;

/** Bounds the chunks in flight where pieces are huge; one is always allowed. */
const MAX_BYTES_IN_FLIGHT = 64 * 1024 * 1024;

/** Options of {@linkcode hashPieces}. */
export interface HashPiecesOptions {
  /** In bytes. */
  readonly pieceLength: number;
  /** Ends the work; its reason is thrown. */
  readonly signal?: AbortSignal;
  /** What hashes the pieces; the caller disposes of it. @default {platformHasher} */
  readonly hasher?: PieceHasher;
  /** Called with the bytes hashed so far. */
  readonly onProgress?: (hashedLength: number) => void;
}

/**
 * Reads all of `source`; the SHA-1 of each piece, 20 bytes each, in order.
 * @throws {StorageError} If a file cannot be read or its length changed.
 */
export async function hashPieces(
  source: Source,
  options: HashPiecesOptions,
): Promise<Uint8Array> {
  const { pieceLength, signal, onProgress, hasher = platformHasher } = options;
  const { length, pieceCount } = new Geometry(source.length, pieceLength);
  const hashes = new Uint8Array(pieceCount * PIECE_HASH_LENGTH);
  const piecesPerChunk = Math.max(1, Math.floor(CHUNK_LENGTH / pieceLength));
  const chunkLength = Math.min(piecesPerChunk * pieceLength, length);
  using reader = new SourceReader(source);
  let nextPiece = 0;
  let hashedLength = 0;

  async function hashChunk(
    slot: Slot,
    count: number,
    piece: number,
  ): Promise<void> {
    const chunk = new Uint8Array(slot.buffer, 0, count);
    const hashed = await hasher.hash(chunk, pieceLength);
    slot.buffer = hashed.bytes.buffer;
    hashes.set(hashed.hashes, piece * PIECE_HASH_LENGTH);
    hashedLength += count;
    onProgress?.(hashedLength);
  }

  // Each buffer is read into again once its last chunk is hashed.
  const inFlight: Slot[] = Array.from(
    { length: chunksInFlight(chunkLength, length) },
    () => ({ buffer: new ArrayBuffer(chunkLength), done: Promise.resolve() }),
  );
  for (let turn = 0; nextPiece < pieceCount; turn++) {
    const slot = inFlight[turn % inFlight.length]!;
    await slot.done;
    signal?.throwIfAborted();
    const count = await reader.read(new Uint8Array(slot.buffer));
    slot.done = hashChunk(slot, count, nextPiece);
    nextPiece += Math.ceil(count / pieceLength);
  }
  await Promise.all(inFlight.map(({ done }) => done));
  return hashes;
}

/** A buffer and what becomes of the chunk in it. */
interface Slot {
  buffer: ArrayBuffer;
  done: Promise<void>;
}

function chunksInFlight(chunkLength: number, length: number): number {
  if (chunkLength === 0) return 0;
  return Math.max(
    1,
    Math.min(
      MAX_CHUNKS_IN_FLIGHT,
      Math.ceil(length / chunkLength),
      Math.floor(MAX_BYTES_IN_FLIGHT / chunkLength),
    ),
  );
}
