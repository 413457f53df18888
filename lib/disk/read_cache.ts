/**
 * Keeps recently read content in memory for uploads: peers ask for blocks of
 * 16 KiB, many peers for the same ones, and the disk is read once per chunk of
 * {@linkcode CHUNK_LENGTH}. Invariants: a chunk lies inside one piece, so it
 * holds verified content alone if only verified pieces are asked for, and never
 * grows stale; the chunks together keep to the byte budget, those still being
 * read included, but for a single one.
 *
 * What is in memory is copied at once, without a promise, and buffers are used
 * again: a fresh one for each chunk had the collector take a quarter of a busy
 * seeder's time.
 *
 * @module
 */
import { BufferPool } from "../base/buffer_pool.ts";
import type { Geometry } from "../metainfo/geometry.ts";
import type { Storage } from "./storage.ts";

/** Most bytes read at once, a multiple of the block size. */
const CHUNK_LENGTH = 262144;

/** Options for {@linkcode ReadCache}. */
export interface ReadCacheOptions {
  /**
   * Memory for chunks, in bytes.
   * @default {16777216}
   */
  readonly maxBytes?: number;
}

interface Chunk {
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Shared by all who wait for the chunk; `undefined` once it is read. */
  loading: Promise<void> | undefined;
  /** Who waits for the chunk: while anyone does, its buffer is not used again. */
  waitingCount: number;
}

/** A least-recently-used cache in front of a storage. */
export class ReadCache {
  readonly #storage: Storage;
  readonly #geometry: Geometry;
  readonly #maxBytes: number;
  readonly #pool: BufferPool;
  /** By offset in the torrent; the longest unused first. */
  readonly #chunks = new Map<number, Chunk>();
  #byteCount = 0;

  constructor(
    storage: Storage,
    geometry: Geometry,
    options: ReadCacheOptions = {},
  ) {
    this.#storage = storage;
    this.#geometry = geometry;
    this.#maxBytes = options.maxBytes ?? 16 * 1024 * 1024;
    const length = Math.min(CHUNK_LENGTH, geometry.pieceLength);
    this.#pool = new BufferPool({ length, keepBytes: 4 * length });
  }

  /** Memory held by chunks, in bytes. */
  get byteCount(): number {
    return this.#byteCount;
  }

  /**
   * Fills `into` with a copy of verified content from `offsetInTorrent`. Nothing
   * to wait for, no promise, if all of it is in memory.
   * @throws {StorageError} If the disk cannot be read. The next call tries again.
   */
  read(offsetInTorrent: number, into: Uint8Array): Promise<void> | undefined {
    const done = this.#copyHeld(offsetInTorrent, into);
    if (done === into.length) return undefined;
    return this.#readOn(offsetInTorrent + done, into.subarray(done));
  }

  async #readOn(offsetInTorrent: number, into: Uint8Array): Promise<void> {
    for (let done = 0; done < into.length;) {
      const offset = offsetInTorrent + done;
      const chunk = this.#chunkAt(offset);
      chunk.waitingCount++;
      try {
        await chunk.loading;
        done += copyFrom(chunk, offset, into.subarray(done));
      } finally {
        chunk.waitingCount--;
        this.#recycle(chunk);
      }
    }
  }

  /** Copies what is in memory from the start of the range; how many bytes that is. */
  #copyHeld(offsetInTorrent: number, into: Uint8Array): number {
    let done = 0;
    while (done < into.length) {
      const offset = offsetInTorrent + done;
      const chunk = this.#chunks.get(this.#chunkOffset(offset));
      if (chunk === undefined || chunk.loading !== undefined) break;
      this.#touch(chunk);
      done += copyFrom(chunk, offset, into.subarray(done));
    }
    return done;
  }

  /** Chunks are aligned to the start of their piece. */
  #chunkOffset(offsetInTorrent: number): number {
    const offsetInPiece = offsetInTorrent % this.#geometry.pieceLength;
    return offsetInTorrent - offsetInPiece % CHUNK_LENGTH;
  }

  #chunkAt(offsetInTorrent: number): Chunk {
    const offset = this.#chunkOffset(offsetInTorrent);
    const held = this.#chunks.get(offset);
    if (held !== undefined) {
      this.#touch(held);
      return held;
    }
    const bytes = this.#pool.take(this.#chunkLength(offset));
    const chunk: Chunk = { offset, bytes, loading: undefined, waitingCount: 0 };
    this.#chunks.set(offset, chunk);
    this.#byteCount += bytes.length;
    chunk.loading = this.#load(chunk);
    this.#dropLongestUnused();
    return chunk;
  }

  #chunkLength(offset: number): number {
    const { pieceLength } = this.#geometry;
    const pieceIndex = Math.floor(offset / pieceLength);
    const pieceEnd = this.#geometry.pieceOffset(pieceIndex) +
      this.#geometry.pieceLengthAt(pieceIndex);
    return Math.min(CHUNK_LENGTH, pieceEnd - offset);
  }

  async #load(chunk: Chunk): Promise<void> {
    chunk.waitingCount++;
    try {
      await this.#storage.read(chunk.offset, chunk.bytes);
      chunk.loading = undefined;
    } catch (error) {
      this.#drop(chunk);
      throw error;
    } finally {
      chunk.waitingCount--;
      this.#recycle(chunk);
    }
  }

  #touch(chunk: Chunk): void {
    this.#chunks.delete(chunk.offset);
    this.#chunks.set(chunk.offset, chunk);
  }

  #dropLongestUnused(): void {
    for (const chunk of this.#chunks.values()) {
      if (this.#byteCount <= this.#maxBytes || this.#chunks.size === 1) return;
      this.#drop(chunk);
      this.#recycle(chunk);
    }
  }

  #drop(chunk: Chunk): void {
    if (!this.#isHeld(chunk)) return;
    this.#chunks.delete(chunk.offset);
    this.#byteCount -= chunk.bytes.length;
  }

  /** Gives the buffer of a chunk back that was dropped and that nobody waits for. */
  #recycle(chunk: Chunk): void {
    if (chunk.waitingCount > 0 || this.#isHeld(chunk)) return;
    this.#pool.give(chunk.bytes);
  }

  #isHeld(chunk: Chunk): boolean {
    // It may have been dropped, and read again, in the meantime.
    return this.#chunks.get(chunk.offset) === chunk;
  }
}

/** Copies what a chunk holds from an offset in the torrent on; how many bytes that is. */
function copyFrom(chunk: Chunk, offset: number, into: Uint8Array): number {
  const start = offset - chunk.offset;
  const part = chunk.bytes.subarray(start, start + into.length);
  into.set(part);
  return part.length;
}
