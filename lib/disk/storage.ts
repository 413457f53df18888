/**
 * Storage of a torrent's content, seen as one run of bytes; and the simplest one,
 * in memory. A storage knows nothing of hashes: only verified content is written.
 *
 * @module
 */
import { equals } from "@std/bytes/equals";
import type { Bitfield } from "../base/bitfield.ts";
import { StorageError } from "../base/errors.ts";
import type { FileStamp } from "../files/file_system.ts";
import type { FileSpan, FileSpans } from "../metainfo/file_spans.ts";
import type { TorrentFile } from "../metainfo/torrent.ts";

/** A run of a torrent's content. Both in bytes. */
export interface ByteRange {
  /** Offset of its first byte. */
  readonly offsetInTorrent: number;
  /** At least 1. */
  readonly length: number;
}

/** Files that any thread can open by itself. */
export interface ContentFiles {
  /** The folder that no file may lie outside of; `undefined`: links are followed. */
  readonly guardedDir: string | undefined;
  /** In the order of the content. Paths are below the guarded folder, or absolute. */
  readonly files: readonly Pick<TorrentFile, "path" | "length" | "isPadding">[];
}

/** The place of a piece in one file, for a thread that opens the file by itself. */
export interface LentPlace {
  /** The folder that the file may not lie outside of. */
  readonly guardedDir: string;
  /** Of the file, below that folder. */
  readonly path: readonly string[];
  /** Of the file, which this thread has open; on Windows without a number. */
  readonly stamp: FileStamp;
  /** Of the piece, in bytes. */
  readonly offsetInFile: number;
  /** True if zeros are left to the lending thread, which makes a hole of them. */
  readonly isNew: boolean;
}

/**
 * Has another thread hash a piece, and write it by itself. The piece is stored if
 * `isWritten` is true; else, as without a place, only `Storage.write` can store it.
 * @throws {StorageError} If the disk refuses, and what `use` throws.
 */
export type LendPlace = <T extends { readonly isWritten?: boolean }>(
  range: ByteRange,
  use: (place?: LentPlace) => Promise<T>,
) => Promise<T>;

/** Positional access to a torrent's content. Offsets and lengths in bytes. */
export interface Storage extends AsyncDisposable {
  /**
   * The files that hold the content, so that workers can verify them by
   * themselves. @default {undefined}: the content is read with `read`
   */
  readonly files?: ContentFiles;
  /**
   * Fills `into` with the content from `offsetInTorrent`.
   * @throws {StorageError} If a file is missing, too short or cannot be read.
   */
  read(offsetInTorrent: number, into: Uint8Array): Promise<void>;
  /**
   * Checks bytes that were read before they are served, perhaps once more;
   * `undefined` if they need no check now.
   * @default {nothing is checked}
   * @throws {StorageError} If another program modified them.
   */
  checkServed?(
    offsetInTorrent: number,
    length: number,
  ): Promise<void> | undefined;
  /**
   * Stores `bytes`, which are the caller's again once this resolves.
   * @throws {StorageError} If the disk is full, read-only or refuses.
   */
  write(offsetInTorrent: number, bytes: Uint8Array): Promise<void>;
  /** Lends the place of a piece. @default {no place is lent} */
  readonly lend?: LendPlace;
  /**
   * Makes ready for the first write; later calls do nothing.
   * @default {nothing is to be done}
   * @param have The pieces that are verified.
   */
  begin?(have: Bitfield): Promise<unknown>;
  /**
   * Resolves when the files that a piece completes are flushed and have their names:
   * to their indexes.
   * @default {no files}
   * @param index A piece that was written.
   * @throws {StorageError} If the disk refuses.
   */
  named?(index: number): Promise<readonly number[]>;
  /**
   * The content that exists, right or wrong, ascending and disjoint: a cheap way
   * to skip what need not be hashed.
   * @throws {StorageError} If something else stands in a file's place.
   */
  presentRanges(): Promise<readonly ByteRange[]>;
}

/** True if a file has content that must be on the disk. */
export function isOnDisk({ isPadding, length }: TorrentFile): boolean {
  return !isPadding && length > 0;
}

/** The content in files of these sizes, right or wrong. */
export function rangesOf(
  files: readonly TorrentFile[],
  stamps: readonly (Pick<FileStamp, "size"> | undefined)[],
): readonly ByteRange[] {
  const ranges: { offsetInTorrent: number; length: number }[] = [];
  let offsetInTorrent = 0;
  for (const [index, file] of files.entries()) {
    const size = stamps[index]?.size ?? 0;
    const fileLength = size > file.length ? file.length - 1 : size;
    const length = isOnDisk(file) ? fileLength : file.length;
    const last = ranges.at(-1);
    if (last && last.offsetInTorrent + last.length === offsetInTorrent) {
      last.length += length;
    } else if (length > 0) {
      ranges.push({ offsetInTorrent, length });
    }
    offsetInTorrent += file.length;
  }
  return ranges;
}

/** Splits bytes of the content by file, into views. */
export function splitBytes(
  spans: FileSpans,
  offsetInTorrent: number,
  bytes: Uint8Array,
): (FileSpan & { readonly bytes: Uint8Array })[] {
  let done = 0;
  return spans.at(offsetInTorrent, bytes.length).map((span) => (
    { ...span, bytes: bytes.subarray(done, done += span.length) }
  ));
}

/** True if all bytes are zeros. */
export function isZero(bytes: Uint8Array): boolean {
  const start = bytes.subarray(0, 4);
  return start.every((byte) => byte === 0) &&
    equals(bytes.subarray(4), bytes.subarray(0, -4));
}

/** Content in memory: for tests, and for scripts without access to the disk. */
export class MemoryStorage implements Storage {
  /** The whole content, a view that follows later writes. */
  readonly content: Uint8Array;
  #isPresent: boolean;

  /**
   * Holds content in memory.
   * @param content A number of bytes, none of which is present yet; or the complete
   * content itself, used in place.
   */
  constructor(content: number | Uint8Array) {
    this.#isPresent = typeof content !== "number";
    this.content = typeof content === "number"
      ? new Uint8Array(content)
      : content;
  }

  /** Fills `into` with the content from `offsetInTorrent`. */
  read(offsetInTorrent: number, into: Uint8Array): Promise<void> {
    return Promise.try(() => {
      into.set(this.#part("read", offsetInTorrent, into.length));
    });
  }

  /** Stores a copy of `bytes`. */
  write(offsetInTorrent: number, bytes: Uint8Array): Promise<void> {
    return Promise.try(() => {
      this.#part("write", offsetInTorrent, bytes.length).set(bytes);
      this.#isPresent = true;
    });
  }

  /** Everything, once anything was passed in or written. */
  presentRanges(): Promise<readonly ByteRange[]> {
    const { length } = this.content;
    return Promise.resolve(
      this.#isPresent && length > 0 ? [{ offsetInTorrent: 0, length }] : [],
    );
  }

  /** Nothing is open. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #part(action: string, offset: number, length: number): Uint8Array {
    const end = offset + length;
    if (offset >= 0 && end <= this.content.length) {
      return this.content.subarray(offset, end);
    }
    throw new StorageError(
      `Cannot ${action} bytes ${offset} to ${end}: the content has ${this.content.length}`,
    );
  }
}
