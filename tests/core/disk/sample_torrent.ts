/**
 * Makes torrents in memory, with their content, from the paths and lengths of
 * files.
 */
import type { InfoHash } from "../../../lib/base/identifier.ts";
import { seededRandom } from "../../../lib/base/random.ts";
import { sha1 } from "../../../lib/disk/sha1.ts";
import { Geometry } from "../../../lib/metainfo/geometry.ts";
import type { Torrent, TorrentFile } from "../../../lib/metainfo/torrent.ts";

export interface SampleTorrent {
  readonly torrent: Torrent;
  readonly content: Uint8Array;
}

export interface SampleFile {
  readonly path: readonly string[];
  readonly length: number;
  readonly isPadding?: boolean;
}

/** A torrent without what is optional. */
export const PLAIN_TORRENT = {
  info: new Uint8Array(),
  isPrivate: false,
  announce: [],
  similar: [],
  collections: [],
  comment: undefined,
  createdBy: undefined,
  creationDate: undefined,
} as const;

/** A torrent whose content is the same for the same files, and zeros in padding. */
export function sampleTorrent(
  pieceLength: number,
  samples: readonly SampleFile[],
): SampleTorrent {
  const files: TorrentFile[] = samples.map((sample) => ({
    path: sample.path,
    length: sample.length,
    isPadding: sample.isPadding ?? false,
  }));
  const length = files.reduce((sum, file) => sum + file.length, 0);
  const content = new Uint8Array(length);
  const random = seededRandom(length + pieceLength);
  let offset = 0;
  for (const file of files) {
    const end = offset + file.length;
    if (!file.isPadding) {
      for (let index = offset; index < end; index++) {
        content[index] = random() * 256;
      }
    }
    offset = end;
  }
  const torrent: Torrent = {
    ...PLAIN_TORRENT,
    infoHash: "00".repeat(20) as InfoHash,
    name: files[0]?.path[0] ?? "sample",
    isFolder: (files[0]?.path.length ?? 0) > 1,
    files,
    geometry: new Geometry(length, pieceLength),
    pieceHashes: hashPieces(content, pieceLength),
  };
  return { torrent, content };
}

/** The hashes of all pieces, one after another. */
export function hashPieces(
  content: Uint8Array,
  pieceLength: number,
): Uint8Array {
  const { pieceCount } = new Geometry(content.length, pieceLength);
  const hashes = new Uint8Array(pieceCount * 20);
  for (let index = 0; index < pieceCount; index++) {
    const start = index * pieceLength;
    const piece = content.subarray(start, start + pieceLength);
    hashes.set(sha1(piece), index * 20);
  }
  return hashes;
}
