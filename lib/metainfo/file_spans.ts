/**
 * From a run of bytes of the torrent to the files that hold it. Invariant: the
 * spans of a run are in order, none is empty and their lengths add up to the
 * run's.
 *
 * @module
 */
import type { TorrentFile } from "./torrent.ts";

/** A run of bytes inside one file. Offsets and lengths in bytes. */
export interface FileSpan {
  /** Index in the torrent's `files`. */
  readonly fileIndex: number;
  /** Where it begins in the file. */
  readonly offsetInFile: number;
  /** At least 1. */
  readonly length: number;
}

/** Where each file of one torrent begins; made once, asked for every run. */
export class FileSpans {
  readonly #files: readonly Pick<TorrentFile, "length">[];
  /** Offset in the torrent of each file's first byte, and of the end. */
  readonly #offsets: Float64Array;

  /** Adds up the lengths of a torrent's files, in their order. */
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
   * @throws {RangeError} If the run does not lie inside the torrent.
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
    for (
      let fileIndex = this.#fileAt(offset);
      offset < end;
      fileIndex++
    ) {
      const fileEnd = this.#offsets[fileIndex + 1]!;
      if (fileEnd <= offset) continue; // An empty file holds nothing.
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

  /** The last file that begins at or before `offset`, by halving. */
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
