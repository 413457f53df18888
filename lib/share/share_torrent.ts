/**
 * The torrent of a file or folder to share: the torrent that an earlier share saved
 * beside the source if nothing has changed since, or else a new torrent. A saved torrent
 * file is reused only if a resume record of this user proves its hashes and every file
 * still has the same size and time.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import { dirname, resolve } from "@std/path";
import { Bitfield } from "../base/bitfield.ts";
import {
  OwnFolder,
  readSavedTorrent,
  saveTorrent,
} from "../disk/own_folder.ts";
import {
  knownPieces,
  maxRecordLength,
  parseResumeRecord,
  type ResumeRecord,
} from "../disk/resume_record.ts";
import { sha1 } from "../disk/sha1.ts";
import { parseTorrentFile, readTorrentFile } from "../disk/torrent_file.ts";
import { buildTorrentFile } from "../metainfo/build_torrent.ts";
import type { Torrent, TorrentFile } from "../metainfo/torrent.ts";
import {
  type CreatedTorrent,
  createTorrent,
  type CreateTorrentOptions,
} from "../source/create_torrent.ts";
import { alignSource, scanSource, type Source } from "../source/source.ts";
import type { LostProperties, SourceFile } from "../source/walk_source.ts";

/** Options of {@linkcode prepareShare}. */
export interface PrepareShareOptions
  extends Omit<CreateTorrentOptions, "comment" | "exclude" | "platform"> {
  /** Secret of this user, from `openRecordSecret`. @default none: everything is hashed */
  readonly recordSecret?: Uint8Array | undefined;
  /** Called once, before anything is hashed or reused. @default {nothing} */
  readonly onLost?: (lost: LostProperties) => void;
}

/** A torrent that is ready to be seeded. */
export interface PreparedShare {
  /** The torrent file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The torrent that it describes. */
  readonly torrent: Torrent;
  /** The torrent with the names of the source, for `openTorrentContent`. */
  readonly stored: Torrent;
  /** The folder that holds the source. */
  readonly dir: string;
  /** The verified pieces, for `openTorrentContent`; `undefined`: none. */
  readonly verified: ResumeRecord | undefined;
  /** True if nothing was hashed: the torrent file existed. */
  readonly isReused: boolean;
  /** False if the torrent file cannot be saved beside the source. */
  readonly isSaved: boolean;
}

/**
 * Finds or makes the torrent of a file or folder, and saves a new one beside it.
 * @throws {StorageError} As `createTorrent` does.
 */
export async function prepareShare(
  path: string,
  options: PrepareShareOptions,
): Promise<PreparedShare> {
  const source = await scanSource(path, options);
  options.onLost?.(source.lost);
  const dir = dirname(resolve(path));
  const saved = savedName(source, options);
  const reused = await reuse(source, { ...options, dir, saved });
  const { bytes, torrent, stamps } = reused ??
    await createTorrent(path, options);
  const isReused = reused !== undefined;
  const isSaved = isReused || await saveTorrent(dir, saved, bytes);
  const have = Bitfield.full(torrent.geometry.pieceCount);
  const verified = { have, stamps };
  const stored = withName(torrent, source.name);
  return { bytes, torrent, stored, dir, verified, isReused, isSaved };
}

/**
 * Reads a torrent file to be shared as it is.
 * @param dir The folder of its content.
 * @throws {StorageError} If the file cannot be read.
 * @throws {MetainfoError} If it is not a valid torrent file.
 */
export async function readShare(
  path: string,
  dir: string,
): Promise<PreparedShare> {
  const { bytes, torrent } = await readTorrentFile(path);
  const state = { verified: undefined, isReused: true, isSaved: true };
  return { bytes, torrent, stored: torrent, dir, ...state };
}

/** Name of the saved torrent file. Differs for sources and settings that make another torrent. */
function savedName(source: Source, options: PrepareShareOptions): string {
  const { name, isPrivate = false, pieceLength, isAligned } = options;
  const { similar = [], collections = [] } = options;
  const key = JSON.stringify([
    ...[source.name, name, isPrivate, pieceLength, isAligned],
    // Without them, torrents that were saved before they existed are found.
    ...similar.length + collections.length > 0 ? [similar, collections] : [],
  ]);
  return `${encodeHex(sha1(new TextEncoder().encode(key)))}.torrent`;
}

/** The saved torrent with new trackers; `undefined` if anything has changed. */
async function reuse(
  scanned: Source,
  { dir, saved, name = scanned.name, announce, recordSecret, isAligned }:
    & PrepareShareOptions
    & { readonly dir: string; readonly saved: string },
): Promise<CreatedTorrent | undefined> {
  const torrent = await readSavedTorrent(dir, saved);
  if (torrent === undefined) return undefined;
  const { pieceLength } = torrent.geometry;
  const source = alignSource(scanned, pieceLength, isAligned);
  const isSame = torrent.name === name &&
    torrent.isFolder === source.isFolder &&
    torrent.files.length === source.files.length &&
    torrent.files.every((file, index) =>
      isSameFile(file, source.files[index]!, name)
    );
  if (!isSame) return undefined;
  const record = await new OwnFolder(dir).read(
    `${torrent.infoHash}.resume`,
    maxRecordLength(torrent),
  );
  const read = record && parseResumeRecord(torrent, record, recordSecret);
  if (!read?.isProven) return undefined;
  const stamps = source.files.map(({ stamp }) => stamp);
  if (!knownPieces(torrent, read, stamps).have.isFull) return undefined;
  const bytes = buildTorrentFile(torrent, announce);
  const renewed = await parseTorrentFile(bytes);
  return renewed.infoHash === torrent.infoHash
    ? { bytes, torrent: renewed, stamps }
    : undefined;
}

/** True if a file of a torrent of this name is one of the source, but for its content. */
function isSameFile(
  { path, length, isPadding, isExecutable = false, linkTarget }: TorrentFile,
  file: SourceFile,
  name: string,
): boolean {
  return length === file.length && isExecutable === file.isExecutable &&
    isPadding === (file.isPadding ?? false) &&
    path.join("/") === [name, ...file.path].join("/") &&
    linkTarget?.slice(1).join("/") === file.linkTarget?.join("/");
}

/** The torrent as it lies on the disk under another name. */
function withName(torrent: Torrent, name: string): Torrent {
  if (torrent.name === name) return torrent;
  const renamed = ([_, ...rest]: readonly string[]) => [name, ...rest];
  const files = torrent.files.map((file): TorrentFile => ({
    ...file,
    path: renamed(file.path),
    ...file.linkTarget && { linkTarget: renamed(file.linkTarget) },
  }));
  return { ...torrent, name, files };
}
