/**
 * Hashes of consecutive pieces: from bytes, or from the parts of files that hold
 * them, on the calling thread.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import type { FileSpan } from "../metainfo/file_spans.ts";
import { PIECE_HASH_LENGTH } from "../metainfo/torrent.ts";
import { FileSystem } from "../files/file_system.ts";
import { GuardedFolder } from "../files/guarded_folder.ts";
import { explained } from "../files/storage_failure.ts";
import { createHash } from "./sha1.ts";
import type { ContentFiles } from "./storage.ts";

/** Bytes to read at a time: they stay in a core's cache until they are hashed. */
export const READ_LENGTH = 256 * 1024;
/** Bytes to hash before the thread's other work gets a turn: 2 to 4 ms. */
export const TURN_LENGTH = 4 * 1024 * 1024;

/** Hashes the pieces of a run, from bytes that may come in parts of any length. */
export class PieceHashes {
  readonly #pieceLength: number;
  readonly #hashes: Uint8Array<ArrayBuffer>;
  #hash = createHash();
  #pieceCount = 0;
  #lengthInPiece = 0;

  constructor({ length, pieceLength }: PieceLengths) {
    this.#pieceLength = pieceLength;
    const pieceCount = Math.ceil(length / pieceLength);
    this.#hashes = new Uint8Array(pieceCount * PIECE_HASH_LENGTH);
  }

  /** Adds the next bytes, which may change afterwards. */
  add(bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length;) {
      const end = offset + this.#pieceLength - this.#lengthInPiece;
      const part = bytes.subarray(offset, end);
      this.#hash.update(part);
      this.#lengthInPiece += part.length;
      offset += part.length;
      if (this.#lengthInPiece === this.#pieceLength) this.#endPiece();
    }
  }

  /** The SHA-1 of each piece, 20 bytes each, in order. */
  finish(): Uint8Array<ArrayBuffer> {
    if (this.#lengthInPiece > 0) this.#endPiece();
    return this.#hashes;
  }

  #endPiece(): void {
    const offset = this.#pieceCount++ * PIECE_HASH_LENGTH;
    this.#hashes.set(this.#hash.digest(), offset);
    this.#hash = createHash();
    this.#lengthInPiece = 0;
  }
}

/** Consecutive pieces. Both lengths in bytes. */
export interface PieceLengths {
  readonly length: number;
  /** Of every piece but the last. */
  readonly pieceLength: number;
}

/** Consecutive pieces in files. */
export interface FileParts
  extends PieceLengths, Pick<ContentFiles, "guardedDir"> {
  readonly parts: readonly (Omit<FileSpan, "fileIndex"> & {
    /** As in {@linkcode ContentFiles}; `undefined`: zeros. */
    readonly path: readonly string[] | undefined;
  })[];
}

/** Hashes pieces in files, which it opens itself. */
export class FileHasher {
  readonly #fileSystem = new FileSystem();
  readonly #bytes = new Uint8Array(READ_LENGTH);
  readonly #turnLength: number;
  #lengthInTurn = 0;

  /** @param turnLength Bytes to hash before the thread's other work gets a turn. */
  constructor(turnLength: number = TURN_LENGTH) {
    this.#turnLength = turnLength;
  }

  /**
   * The SHA-1 of each piece, 20 bytes each, in order. One call runs at a time.
   * @throws {StorageError} If a file cannot be read.
   */
  async hash(
    { guardedDir, parts, ...lengths }: FileParts,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const hashes = new PieceHashes(lengths);
    const fileSystem = this.#fileSystem;
    const folder = guardedDir === undefined
      ? undefined
      : new GuardedFolder(guardedDir, { fileSystem, readsFollowLinks: true });
    const open = async (path: readonly string[]): Promise<Deno.FsFile> =>
      folder === undefined
        ? await fileSystem.open(join(...path), { read: true })
        : (await folder.open(path, "read")).file;
    for (const { path, offsetInFile, length } of parts) {
      const place = join(guardedDir ?? "", ...path ?? []);
      using file = path && await explained(place, open(path));
      for (let done = 0; done < length; done += READ_LENGTH) {
        const part = this.#bytes.subarray(0, length - done);
        if (file === undefined) part.fill(0);
        else {
          const reading = fileSystem.read(file, offsetInFile + done, part);
          await explained(place, reading);
        }
        hashes.add(part);
        this.#lengthInTurn += part.length;
        if (this.#lengthInTurn < this.#turnLength) continue;
        this.#lengthInTurn = 0;
        // Any asynchronous call gives a turn; a timer's takes ten times as long.
        await (file?.stat() ?? delay(0));
      }
    }
    return hashes.finish();
  }
}
