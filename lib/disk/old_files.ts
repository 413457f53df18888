/**
 * Files of an older version of a torrent's content, which take the place of missing
 * ones before anything is fetched. A missing file is taken from the old file with its
 * path or, where there is none, from one with the same first piece. What is taken is
 * a copy that is verified like all content: pieces that have changed are fetched. The
 * old files are not changed.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import { basename, join } from "@std/path";
import { PIECE_HASH_LENGTH, type Torrent } from "../metainfo/torrent.ts";
import type { FileStamp } from "./file_system.ts";
import { isOwnFolderName } from "./own_folder.ts";
import { FileHasher } from "./piece_hashes.ts";
import { explained, sourceFailure } from "./storage_failure.ts";

/** A storage into which files can be copied before it is verified. */
export interface OldFilesTarget {
  /** The stamp of each file; `undefined` for one that is missing. */
  stamps(): Promise<readonly (FileStamp | undefined)[]>;
  /** Copies a file in the place of one that is missing. */
  copyIn(fileIndex: number, diskPath: string): Promise<void>;
}

/** Options of {@linkcode takeOldFiles}. */
export interface TakeOldFilesOptions {
  /** Folders of older versions, or for a torrent of one file an older version. */
  readonly from: readonly string[];
  /** Ends the search and the copies; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** Old files that were copied. */
export interface TakenFiles {
  /** Number of files. */
  readonly fileCount: number;
  /** Bytes that may be right; those that are not are fetched. */
  readonly length: number;
}

interface OldFile {
  /** Absolute, or relative to the current folder. */
  readonly diskPath: string;
  /** In bytes. */
  readonly length: number;
}

/** A whole piece of a file, by which an old file is recognized. */
interface Mark {
  readonly offsetInFile: number;
  /** Bytes of the file in the piece. */
  readonly length: number;
  /** Zeros of padding behind them in the piece. */
  readonly paddingLength: number;
  /** Hex SHA-1 of the piece. */
  readonly hash: string;
}

/**
 * Copies the old files that belong in the place of missing ones.
 * @throws {StorageError} If an old folder cannot be read, or a copy be made.
 */
export async function takeOldFiles(
  torrent: Torrent,
  target: OldFilesTarget,
  { from, signal }: TakeOldFilesOptions,
): Promise<TakenFiles> {
  const stamps = await target.stamps();
  const byPath = new Map<string, OldFile>();
  for (const folder of from) {
    for await (const [path, file] of walk(folder, torrent)) {
      signal?.throwIfAborted();
      if (!byPath.has(path)) byPath.set(path, file);
    }
  }
  const marks = new MarkedFiles(torrent, [...byPath.values()]);
  const taken = { fileCount: 0, length: 0 };
  for (const [index, file] of torrent.files.entries()) {
    const { isPadding, linkTarget, length } = file;
    const isMissing = !isPadding && linkTarget === undefined && length > 0 &&
      stamps[index] === undefined;
    if (!isMissing) continue;
    signal?.throwIfAborted();
    const path = file.path.slice(torrent.isFolder ? 1 : 0).join("/");
    const old = byPath.get(path) ?? await marks.find(index);
    if (old === undefined || old.length === 0) continue;
    await target.copyIn(index, old.diskPath);
    taken.fileCount++;
    taken.length += Math.min(old.length, length);
  }
  return taken;
}

/** Yields the files of a folder by their paths below it, or a file by the torrent's name. */
async function* walk(
  folder: string,
  { name, isFolder }: Torrent,
): AsyncGenerator<[path: string, file: OldFile]> {
  const info = await explained(folder, Deno.stat(folder));
  if (info.isFile) {
    const path = isFolder ? basename(folder) : name;
    return yield [path, { diskPath: folder, length: info.size }];
  }
  const waiting: string[][] = [[]];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const place = join(folder, ...path);
    try {
      for await (const { name, isFile, isDirectory } of Deno.readDir(place)) {
        if (isDirectory && !isOwnFolderName(name)) {
          waiting.push([...path, name]);
        }
        if (!isFile) continue;
        const diskPath = join(place, name);
        const { size } = await Deno.lstat(diskPath);
        yield [[...path, name].join("/"), { diskPath, length: size }];
      }
    } catch (error) {
      throw sourceFailure(place, error);
    }
  }
}

/** Finds old files by the first whole piece of a file, which has another path now. */
class MarkedFiles {
  readonly #torrent: Torrent;
  readonly #files: readonly OldFile[];
  /** The offset in the torrent of each file. */
  readonly #starts: readonly number[];
  readonly #hasher = new FileHasher();
  /** By offset and length of the mark: old files by the hash of their bytes there. */
  readonly #byMark = new Map<string, Promise<Map<string, OldFile>>>();

  constructor(torrent: Torrent, files: readonly OldFile[]) {
    this.#torrent = torrent;
    this.#files = files;
    let end = 0;
    this.#starts = torrent.files.map(({ length }) => (end += length) - length);
  }

  async find(fileIndex: number): Promise<OldFile | undefined> {
    const mark = this.#markOf(fileIndex);
    if (mark === undefined) return undefined;
    const { offsetInFile, length } = mark;
    const fileLength = this.#torrent.files[fileIndex]!.length;
    // A file that begins at a piece may have grown; of others, the rest would not
    // match, and each would have another mark.
    const isGrown = offsetInFile === 0 && length < fileLength;
    const key = isGrown ? "grown" : `${offsetInFile} ${length} ${fileLength}`;
    const files = this.#byMark.get(key) ?? this.#hashAll(
      this.#files.filter((old) =>
        isGrown ? old.length >= length : old.length === fileLength
      ),
      mark,
    );
    this.#byMark.set(key, files);
    return (await files).get(mark.hash);
  }

  /** The first piece with content of this file alone, beside padding. */
  #markOf(fileIndex: number): Mark | undefined {
    const { files, geometry, pieceHashes } = this.#torrent;
    const { pieceLength } = geometry;
    const start = this.#starts[fileIndex]!;
    const { length } = files[fileIndex]!;
    const piece = Math.ceil(start / pieceLength);
    const offsetInFile = piece * pieceLength - start;
    const markLength = Math.min(pieceLength, length - offsetInFile);
    if (markLength <= 0) return undefined;
    const paddingLength = geometry.pieceLengthAt(piece) - markLength;
    let next = fileIndex + 1;
    while (files[next]?.length === 0) next++;
    const isPadded = files[next]?.isPadding === true &&
      files[next]!.length >= paddingLength;
    if (paddingLength > 0 && !isPadded) return undefined;
    const at = piece * PIECE_HASH_LENGTH;
    const hash = encodeHex(pieceHashes.subarray(at, at + PIECE_HASH_LENGTH));
    return { offsetInFile, length: markLength, paddingLength, hash };
  }

  async #hashAll(
    files: readonly OldFile[],
    { offsetInFile, length, paddingLength }: Mark,
  ): Promise<Map<string, OldFile>> {
    const byHash = new Map<string, OldFile>();
    const { pieceLength } = this.#torrent.geometry;
    const padding = { path: undefined, offsetInFile: 0, length: paddingLength };
    for (const file of files) {
      const path = [file.diskPath];
      const hashing = this.#hasher.hash({
        guardedDir: undefined,
        parts: [{ path, offsetInFile, length }, padding],
        length: length + paddingLength,
        pieceLength,
      });
      const hash = await explained(file.diskPath, hashing);
      byHash.set(encodeHex(hash), file);
    }
    return byHash;
  }
}
