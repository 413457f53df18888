/**
 * Files of an older version of a torrent's content, which take the place of missing
 * files before anything is fetched. A missing file is copied from the old file with the
 * same path, or else from an old file with the same first piece. The copy is verified
 * like all content, and changed pieces are fetched. A hard link may replace the copy, and
 * stays if the whole file is right. The old files are not changed.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import { basename, dirname, join } from "@std/path";
import type { Bitfield } from "../base/bitfield.ts";
import { PIECE_HASH_LENGTH, type Torrent } from "../metainfo/torrent.ts";
import { type FileStamp, ifAny, stampOf } from "../files/file_system.ts";
import {
  type CopyReason,
  isReplaced,
  type OldFile,
  type TakeOutcome,
} from "./old_file.ts";
import { isOwnFolderName } from "./own_folder.ts";
import { FileHasher } from "./piece_hashes.ts";
import { isOnDisk } from "./storage.ts";
import { explained, sourceFailure } from "../files/storage_failure.ts";

/** A storage into which files can be copied before it is verified. */
export interface OldFilesTarget {
  /** The stamp of each file; `undefined` for one that is missing. */
  stamps(): Promise<readonly (FileStamp | undefined)[]>;
  /** Copies a file in the place of one that is missing, or links to it. */
  copyIn(fileIndex: number, old: OldFile): Promise<TakeOutcome>;
}

/** Options of {@linkcode takeOldFiles}. */
export interface TakeOldFilesOptions {
  /** Folders of older versions, or for a torrent of one file an older version. */
  readonly from: readonly string[];
  /** The files that may be taken, by index. @default {all} */
  readonly wanted?: Bitfield | undefined;
  /** Ends the search and the copies; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** Old files that were taken. */
export interface TakenFiles {
  /** Number of files. */
  readonly fileCount: number;
  /** Bytes that may be right; wrong bytes are fetched. */
  readonly length: number;
  /** Indexes of taken files that are hard links to old files. */
  readonly linked: readonly number[];
  /** Indexes of files that are begun already, which are not looked up. */
  readonly begun: readonly number[];
  /** Number of files copied instead of linked, by reason. */
  readonly copied: Readonly<Partial<Record<CopyReason, number>>>;
}

/** A whole piece of a file, by which an old file is recognized. */
interface Mark {
  readonly offsetInFile: number;
  /** Bytes of the file in the piece. */
  readonly length: number;
  /** Zeros of padding after the file in the piece. */
  readonly paddingLength: number;
  /** Hex SHA-1 of the piece. */
  readonly hash: string;
}

/**
 * Copies the old files that belong in the place of missing ones, or links to them.
 * @throws {StorageError} If an old folder cannot be read, or a copy be made.
 */
export async function takeOldFiles(
  torrent: Torrent,
  target: OldFilesTarget,
  { from, wanted, signal }: TakeOldFilesOptions,
): Promise<TakenFiles> {
  const stamps = await target.stamps();
  const stored = [...torrent.files.keys()].filter((index) =>
    isOnDisk(torrent.files[index]!) && wanted?.has(index) !== false
  );
  const begun = stored.filter((index) => stamps[index] !== undefined);
  const missing = stored.filter((index) => stamps[index] === undefined);
  const linked: number[] = [];
  const copied: Partial<Record<CopyReason, number>> = {};
  const taken = { fileCount: 0, length: 0, linked, begun, copied };
  // The old folder may be gone if no file is missing.
  if (missing.length === 0) return taken;
  const byPath = new Map<string, OldFile>();
  for (const folder of from) {
    for await (const [path, file] of walk(folder, torrent)) {
      signal?.throwIfAborted();
      if (!byPath.has(path)) byPath.set(path, file);
    }
  }
  const findMarked = markedFiles(torrent, [...byPath.values()], signal);
  for (const index of missing) {
    const file = torrent.files[index]!;
    signal?.throwIfAborted();
    const path = file.path.slice(torrent.isFolder ? 1 : 0).join("/");
    const old = byPath.get(path) ?? await findMarked(index);
    if (old === undefined || old.stamp.size === 0) continue;
    const outcome = await target.copyIn(index, old);
    // A file whose old version was replaced is fetched instead.
    if (outcome.type === "gone") continue;
    if (outcome.type === "linked") linked.push(index);
    else if (outcome.reason !== undefined) {
      copied[outcome.reason] = (copied[outcome.reason] ?? 0) + 1;
    }
    taken.fileCount++;
    taken.length += Math.min(old.stamp.size, file.length);
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
    // A link that the user named is followed.
    const place = await explained(folder, Deno.realPath(folder));
    const [root, path] = [dirname(place), [basename(place)]];
    const stamp = stampOf(info);
    return yield [isFolder ? basename(folder) : name, { root, path, stamp }];
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
        const info = await ifAny(Deno.lstat(join(place, name)));
        if (!info?.isFile) continue;
        const file = [...path, name];
        const stamp = stampOf(info);
        yield [file.join("/"), { root: folder, path: file, stamp }];
      }
    } catch (error) {
      throw sourceFailure(place, error);
    }
  }
}

/**
 * Finds old files by the first whole piece of a file, which has another path now.
 * @param files The old files.
 * @returns Finds the old file for a file of the torrent, if there is one.
 */
function markedFiles(
  torrent: Torrent,
  files: readonly OldFile[],
  signal: AbortSignal | undefined,
): (fileIndex: number) => Promise<OldFile | undefined> {
  const { pieceLength } = torrent.geometry;
  let end = 0;
  /** The offset in the torrent of each file. */
  const starts = torrent.files.map(({ length }) => (end += length) - length);
  /** By the lengths of the mark: old files by the hash of their bytes there. */
  const byMark = new Map<string, Promise<Map<string, OldFile>>>();
  const hasher = new FileHasher();

  async function hashAll(
    files: readonly OldFile[],
    { offsetInFile, length, paddingLength }: Mark,
  ): Promise<Map<string, OldFile>> {
    const byHash = new Map<string, OldFile>();
    const padding = { path: undefined, offsetInFile: 0, length: paddingLength };
    for (const file of files) {
      signal?.throwIfAborted();
      const { root, path } = file;
      try {
        const hash = await hasher.hash({
          guardedDir: root,
          parts: [{ path, offsetInFile, length }, padding],
          length: length + paddingLength,
          pieceLength,
        });
        byHash.set(encodeHex(hash), file);
      } catch (error) {
        if (!isReplaced(error)) throw error;
      }
    }
    return byHash;
  }

  return async (fileIndex) => {
    const mark = markOf(torrent, fileIndex, starts[fileIndex]!);
    if (mark === undefined) return undefined;
    const { offsetInFile, length, paddingLength } = mark;
    const fileLength = torrent.files[fileIndex]!.length;
    // A file that begins at a piece may have grown; of others, the rest would not
    // match, and each would have another mark.
    const isGrown = offsetInFile === 0 && length < fileLength;
    const key = isGrown
      ? "grown"
      : `${offsetInFile} ${length} ${paddingLength} ${fileLength}`;
    const candidates = byMark.get(key) ?? hashAll(
      files.filter(({ stamp: { size } }) =>
        isGrown ? size >= length : size === fileLength
      ),
      mark,
    );
    byMark.set(key, candidates);
    return (await candidates).get(mark.hash);
  };
}

/** The first piece with content of this file alone, beside padding. */
function markOf(
  { files, geometry, pieceHashes }: Torrent,
  fileIndex: number,
  start: number,
): Mark | undefined {
  const { pieceLength } = geometry;
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
