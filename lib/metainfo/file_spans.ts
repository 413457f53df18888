/**
 * Maps a range of the torrent's bytes to the files that hold it. Invariant: the
 * spans of a range are in order, none is empty, and their lengths add up to that
 * of the range.
 *
 * @module
 */
import type { TorrentFile } from "./torrent.ts";

/** A range of bytes in one file. Offsets and lengths are in bytes. */
export interface FileSpan {
  /** Index in the torrent's `files`. */
  readonly fileIndex: number;
  /** Start of the span in the file. */
  readonly offsetInFile: number;
  /** At least 1. */
  readonly length: number;
}

/** The offsets of a torrent's files; created once for each torrent. */
export class FileSpans {
  readonly #files: readonly Pick<TorrentFile, "length">[];
  /** Offset of each file's first byte in the torrent, and of the end. */
  readonly #offsets: Float64Array;

  /**
   * Adds up the lengths.
   * @param files The torrent's files, in order.
   */
  constructor(files: readonly Pick<TorrentFile, "length">[]) {
    this.#files = files;
    this.#offsets = new Float64Array(files.length + 1);
    for (const [index, file] of files.entries()) {
      this.#offsets[index + 1] = this.#offsets[index]! + file.length;
    }
  }

  /** Length of all files together, in bytes. */
  get length(): number {
    return this.#offsets[this.#files.length]!;
  }

  /**
   * The spans that hold `length` bytes from `offsetInTorrent`; none for 0 bytes.
   * @throws {RangeError} If the range exceeds the torrent.
   */
  at(offsetInTorrent: number, length: number): FileSpan[] {
    const end = offsetInTorrent + length;
    if (!(offsetInTorrent >= 0 && length >= 0 && end <= this.length)) {
      throw new RangeError(
        `Cannot use ${length} bytes at ${offsetInTorrent}: the torrent has ${this.length}`,
      );
    }
    const spans: FileSpan[] = [];
    let offset = offsetInTorrent;
    for (let fileIndex = this.#fileAt(offset); offset < end; fileIndex++) {
      const fileEnd = this.#offsets[fileIndex + 1]!;
      if (fileEnd <= offset) continue; // An empty file.
      const spanEnd = Math.min(end, fileEnd);
      spans.push({
        fileIndex,
        offsetInFile: offset - this.#offsets[fileIndex]!,
        length: spanEnd - offset,
      });
      offset = spanEnd;
    }
    return spans;
  }

  /** The last file that begins at or before `offset`, by binary search. */
  #fileAt(offset: number): number {
    let low = 0;
    let high = this.#files.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#offsets[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
