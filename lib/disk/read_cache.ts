/**
 * Keeps recently read content in memory for uploads: many peers request the same
 * blocks of 16 KiB, and the disk is read once per chunk. Longer blocks, which peers of
 * our own kind request, are read straight into the caller's buffer: a copy costs as
 * much as a read from the system's own cache, and of a chunk that is read for a short
 * one, the rest would often be read again. Invariants: a chunk lies inside one piece,
 * so it never becomes stale if only verified pieces are requested; all chunks fit into
 * the limit, except for a single one; the disk is read for at most four times of what
 * is requested, as a chunk is read only for a run of a quarter of its length.
 *
 * Blocks in memory are copied synchronously, without a promise, and buffers are
 * reused: with a new buffer for each chunk, garbage collection took a quarter of a
 * busy seeder's time.
 *
 * @module
 */
import { BufferPool } from "../base/buffer_pool.ts";
import { BLOCK_SIZE, type Geometry } from "../metainfo/geometry.ts";
import type { Storage } from "./storage.ts";

/** Most bytes read at once, a multiple of the block size. */
const CHUNK_LENGTH = 262144;
/** A chunk is at most this many times as long as the run for which it is read. */
const READ_AHEAD_FACTOR = 4;

interface Chunk {
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** `undefined` once the chunk is read. */
  loading: Promise<void> | undefined;
  /** The cache, until it evicts the chunk, and reads that wait: at 0 its buffer is reused. */
  holderCount: number;
}

/** A least-recently-used cache in front of a storage. */
export class ReadCache {
  readonly #storage: Storage;
  readonly #geometry: Geometry;
  readonly #maxBytes: number;
  readonly #pool: BufferPool;
  /** By offset in the torrent; least recently used first. */
  readonly #chunks = new Map<number, Chunk>();
  #byteCount = 0;

  /** @param maxBytes Memory for chunks. */
  constructor(
    storage: Storage,
    geometry: Geometry,
    maxBytes = 16 * 1024 * 1024,
  ) {
    this.#storage = storage;
    this.#geometry = geometry;
    this.#maxBytes = maxBytes;
    const length = Math.min(CHUNK_LENGTH, geometry.pieceLength);
    this.#pool = new BufferPool({ length, keepBytes: 4 * length });
  }

  /** Memory held by chunks, in bytes. */
  get byteCount(): number {
    return this.#byteCount;
  }

  /**
   * Fills `into` with verified content from `offsetInTorrent`. What the cache does not
   * hold of a block over 16 KiB is read straight from the storage.
   * @param runLength Bytes that the same peer requests one after another, these
   * included. For a short run the disk is read for these bytes alone.
   * @returns `undefined` if all of it was in memory and need not be checked,
   * otherwise the number of bytes that were read from the disk for it.
   * @throws {StorageError} If the disk cannot be read. The next call tries again.
   */
  read(
    offsetInTorrent: number,
    into: Uint8Array,
    runLength: number = into.length,
  ): Promise<number> | undefined {
    let done = 0;
    while (done < into.length) {
      const offset = offsetInTorrent + done;
      const chunk = this.#chunks.get(this.#chunkOffset(offset));
      if (chunk === undefined || chunk.loading !== undefined) break;
      this.#touch(chunk);
      done += copyFrom(chunk, offset, into.subarray(done));
    }
    if (done === into.length) {
      const { length } = into;
      return this.#storage.checkServed?.(offsetInTorrent, length)
        ?.then(() => 0);
    }
    return into.length > BLOCK_SIZE
      ? this.#readDirect(offsetInTorrent, into, done)
      : this.#readRest(offsetInTorrent, into, runLength, done);
  }

  async #readDirect(
    offsetInTorrent: number,
    into: Uint8Array,
    done: number,
  ): Promise<number> {
    const rest = into.subarray(done);
    await this.#storage.read(offsetInTorrent + done, rest);
    await this.#storage.checkServed?.(offsetInTorrent, into.length);
    return rest.length;
  }

  async #readRest(
    offsetInTorrent: number,
    into: Uint8Array,
    runLength: number,
    done: number,
  ): Promise<number> {
    let readLength = 0;
    while (done < into.length) {
      const offset = offsetInTorrent + done;
      const chunkOffset = this.#chunkOffset(offset);
      const length = this.#chunkLength(chunkOffset);
      let chunk = this.#chunks.get(chunkOffset);
      if (chunk === undefined) {
        if (runLength * READ_AHEAD_FACTOR < length) {
          const end = done + chunkOffset + length - offset;
          const part = into.subarray(done, end);
          await this.#storage.read(offset, part);
          done += part.length;
          readLength += part.length;
          continue;
        }
        chunk = this.#addChunk(chunkOffset, length);
        readLength += length;
      } else this.#touch(chunk);
      chunk.holderCount++;
      try {
        await chunk.loading;
        done += copyFrom(chunk, offset, into.subarray(done));
      } finally {
        this.#release(chunk);
      }
    }
    await this.#storage.checkServed?.(offsetInTorrent, into.length);
    return readLength;
  }

  /** Chunks are aligned to the start of their piece. */
  #chunkOffset(offsetInTorrent: number): number {
    const offsetInPiece = offsetInTorrent % this.#geometry.pieceLength;
    return offsetInTorrent - offsetInPiece % CHUNK_LENGTH;
  }

  /** All chunks have the same length, except the last chunk of a piece. */
  #chunkLength(chunkOffset: number): number {
    const { pieceLength } = this.#geometry;
    const index = Math.floor(chunkOffset / pieceLength);
    const end = this.#geometry.pieceOffset(index) +
      this.#geometry.pieceLengthAt(index);
    return Math.min(CHUNK_LENGTH, end - chunkOffset);
  }

  #addChunk(offset: number, length: number): Chunk {
    const bytes = this.#pool.take(length);
    const chunk: Chunk = { offset, bytes, loading: undefined, holderCount: 1 };
    this.#chunks.set(offset, chunk);
    this.#byteCount += bytes.length;
    chunk.loading = this.#load(chunk);
    this.#evict();
    return chunk;
  }

  async #load(chunk: Chunk): Promise<void> {
    chunk.holderCount++;
    try {
      await this.#storage.read(chunk.offset, chunk.bytes);
      chunk.loading = undefined;
    } catch (error) {
      // Unless it was evicted meanwhile.
      if (this.#chunks.get(chunk.offset) === chunk) this.#drop(chunk);
      throw error;
    } finally {
      this.#release(chunk);
    }
  }

  #touch(chunk: Chunk): void {
    this.#chunks.delete(chunk.offset);
    this.#chunks.set(chunk.offset, chunk);
  }

  #evict(): void {
    for (const chunk of this.#chunks.values()) {
      if (this.#byteCount <= this.#maxBytes || this.#chunks.size === 1) return;
      this.#drop(chunk);
    }
  }

  #drop(chunk: Chunk): void {
    this.#chunks.delete(chunk.offset);
    this.#byteCount -= chunk.bytes.length;
    this.#release(chunk);
  }

  #release(chunk: Chunk): void {
    if (--chunk.holderCount === 0) this.#pool.give(chunk.bytes);
  }
}

/** Copies from an offset in the torrent to the end of the chunk; returns how many bytes. */
function copyFrom(chunk: Chunk, offset: number, into: Uint8Array): number {
  const start = offset - chunk.offset;
  const part = chunk.bytes.subarray(start, start + into.length);
  into.set(part);
  return part.length;
}
