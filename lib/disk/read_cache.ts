/**
 * Keeps recently read content in memory for uploads: peers ask for blocks of
 * 16 KiB, many peers for the same ones, and the disk is read once per chunk of
 * {@linkcode CHUNK_LENGTH}. Invariants: a chunk lies inside one piece, so it
 * holds verified content alone if only verified pieces are asked for, and never
 * grows stale; the chunks together keep to the byte budget, those still being
 * read included, but for a single one.
 *
 * @module
 */
import type { Geometry } from "../metainfo/geometry.ts";
import type { Storage } from "./storage.ts";

/** Most bytes read at once, a multiple of the block size. */
const CHUNK_LENGTH = 262144;

/** Options for {@linkcode ReadCache}. */
export interface ReadCacheOptions {
  /**
   * Memory for chunks, in bytes.
   * @default {33554432}
   */
  readonly maxBytes?: number;
}

interface Chunk {
  readonly length: number;
  /** Shared by all who want the chunk, while it is read and after. */
  readonly bytes: Promise<Uint8Array>;
}

/** A least-recently-used cache in front of a storage. */
export class ReadCache {
  readonly #storage: Storage;
  readonly #geometry: Geometry;
  readonly #maxBytes: number;
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
    this.#maxBytes = options.maxBytes ?? 32 * 1024 * 1024;
  }

  /** Memory held by chunks, in bytes. */
  get byteCount(): number {
    return this.#byteCount;
  }

  /**
   * Fills `into` with a copy of verified content from `offsetInTorrent`.
   * @throws {StorageError} If the disk cannot be read. The next call tries again.
   */
  async read(offsetInTorrent: number, into: Uint8Array): Promise<void> {
    for (let done = 0; done < into.length;) {
      const offset = offsetInTorrent + done;
      const chunkOffset = this.#chunkOffset(offset);
      const bytes = await this.#chunkAt(chunkOffset).bytes;
      const part = bytes.subarray(
        offset - chunkOffset,
        offset - chunkOffset + into.length - done,
      );
      into.set(part, done);
      done += part.length;
    }
  }

  /** Chunks are aligned to the start of their piece. */
  #chunkOffset(offsetInTorrent: number): number {
    const offsetInPiece = offsetInTorrent % this.#geometry.pieceLength;
    return offsetInTorrent - offsetInPiece % CHUNK_LENGTH;
  }

  #chunkAt(offset: number): Chunk {
    const held = this.#chunks.get(offset);
    if (held !== undefined) {
      this.#chunks.delete(offset);
      this.#chunks.set(offset, held);
      return held;
    }
    const { pieceLength } = this.#geometry;
    const pieceIndex = Math.floor(offset / pieceLength);
    const pieceEnd = this.#geometry.pieceOffset(pieceIndex) +
      this.#geometry.pieceLengthAt(pieceIndex);
    const length = Math.min(CHUNK_LENGTH, pieceEnd - offset);
    const chunk: Chunk = { length, bytes: this.#load(offset, length) };
    this.#chunks.set(offset, chunk);
    this.#byteCount += length;
    // A failure reaches whoever awaits the chunk; here it only leaves the cache.
    chunk.bytes.catch(() => this.#drop(offset, chunk));
    this.#dropLongestUnused();
    return chunk;
  }

  async #load(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    await this.#storage.read(offset, bytes);
    return bytes;
  }

  #dropLongestUnused(): void {
    for (const [offset, chunk] of this.#chunks) {
      if (this.#byteCount <= this.#maxBytes || this.#chunks.size === 1) return;
      this.#drop(offset, chunk);
    }
  }

  #drop(offset: number, chunk: Chunk): void {
    // It may have been dropped, and read again, in the meantime.
    if (this.#chunks.get(offset) !== chunk) return;
    this.#chunks.delete(offset);
    this.#byteCount -= chunk.length;
  }
}
