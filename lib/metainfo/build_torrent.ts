/**
 * Builds the bytes of a new torrent file.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { identifierToBytes } from "../base/identifier.ts";
import { PRODUCT } from "../base/version.ts";
import { type Encodable, encodeBencode } from "../bencode/encode.ts";
import { readUrl } from "../base/clean_text.ts";
import { Geometry } from "./geometry.ts";
import {
  PIECE_HASH_LENGTH,
  type Torrent,
  type TorrentFile,
} from "./torrent.ts";

/** A file of a new torrent. */
export interface NewTorrentFile
  extends Pick<TorrentFile, "length" | "isExecutable"> {
  /** Path components below the torrent's folder. */
  readonly path: readonly string[];
  /** Of a symbolic link, the same of the file or folder that it leads to. [BEP 47] @default {it is no link} */
  readonly linkTarget?: readonly string[];
  /** True for zeros that fill a piece and are not stored. [BEP 47] @default {false} */
  readonly isPadding?: boolean;
}

/** The fields of a new torrent: those that are optional are not written unless given. */
export interface NewTorrent extends
  Pick<Torrent, "name">,
  Partial<
    Pick<
      Torrent,
      "isPrivate" | "similar" | "collections" | "comment" | "creationDate"
    >
  > {
  /** A single file, or the files of a folder called `name`, in order. */
  readonly content:
    | { readonly type: "file" }
      & Pick<NewTorrentFile, "length" | "isExecutable">
    | { readonly type: "folder"; readonly files: readonly NewTorrentFile[] };
  /** In bytes. */
  readonly pieceLength: number;
  /** 20 bytes for each piece. */
  readonly pieceHashes: Uint8Array;
  /** Tracker URLs, best first; each is a tier of its own. */
  readonly announce: readonly string[];
}

/**
 * Encodes a torrent file. [BEP 3, 12, 27, 38, 47] Equal input gives equal bytes.
 * @throws {RangeError} If the hashes do not fit the lengths, or a tracker's URL is not
 * one.
 */
export function buildTorrent(torrent: NewTorrent): Uint8Array<ArrayBuffer> {
  const { content, pieceHashes, pieceLength } = torrent;
  const { similar = [], collections = [] } = torrent;
  const announce = torrent.announce.map(readUrl);
  const { pieceCount } = new Geometry(contentLength(content), pieceLength);
  if (pieceHashes.length !== pieceCount * PIECE_HASH_LENGTH) {
    throw new RangeError(
      `Cannot build torrent: ${pieceHashes.length} bytes of hashes for ${pieceCount} pieces`,
    );
  }
  const info: Encodable = {
    name: torrent.name,
    "piece length": pieceLength,
    pieces: pieceHashes,
    private: torrent.isPrivate === true ? 1 : undefined,
    similar: similar.length > 0 ? similar.map(identifierToBytes) : undefined,
    collections: collections.length > 0 ? collections : undefined,
    ...(content.type === "file" ? fileFields(content) : {
      files: content.files.map((file) => (
        { path: file.path, ...fileFields(file) }
      )),
    }),
  };
  return encodeBencode({ ...trackerFields({ ...torrent, announce }), info });
}

/**
 * Encodes a torrent file of a torrent that exists, with other trackers. Its info
 * dictionary, and so its info hash, stay the same.
 * @throws {RangeError} If a tracker's URL is not one.
 */
export function buildTorrentFile(
  { info, comment, creationDate }: Pick<
    Torrent,
    "info" | "comment" | "creationDate"
  >,
  announce: readonly string[],
): Uint8Array<ArrayBuffer> {
  // Its key comes after all others.
  const others = encodeBencode(
    trackerFields({ announce: announce.map(readUrl), comment, creationDate }),
  );
  const key = new TextEncoder().encode("4:info");
  return concat([others.subarray(0, -1), key, info, others.subarray(-1)]);
}

/** Without a property there is no `attr`: other creators then compute the same info hash. */
function fileFields(
  { length, isExecutable, linkTarget, isPadding }: Omit<NewTorrentFile, "path">,
): Record<string, Encodable | undefined> {
  const attr = linkTarget !== undefined
    ? "l"
    : isPadding
    ? "p"
    : isExecutable
    ? "x"
    : undefined;
  return { attr, length, "symlink path": linkTarget };
}

/** The fields outside of the info dictionary. */
function trackerFields(
  { announce, comment, creationDate }: Pick<
    NewTorrent,
    "announce" | "comment" | "creationDate"
  >,
): Record<string, Encodable | undefined> {
  return {
    announce: announce[0],
    // A single URL needs no list; clients that know only BEP 3 read the first.
    "announce-list": announce.length > 1
      ? announce.map((url) => [url])
      : undefined,
    comment,
    "created by": PRODUCT,
    "creation date": creationDate,
  };
}

function contentLength(content: NewTorrent["content"]): number {
  return content.type === "file"
    ? content.length
    : content.files.reduce((sum, file) => sum + file.length, 0);
}
