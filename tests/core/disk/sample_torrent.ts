/**
 * Makes torrents in memory, with their content, from the paths and lengths of
 * files.
 *
 * @module
 */
import type { InfoHash } from "../../../lib/base/identifier.ts";
import { seededRandom } from "../../../lib/base/random.ts";
import { sha1 } from "../../../lib/disk/sha1.ts";
import { Geometry } from "../../../lib/metainfo/geometry.ts";
import type { Torrent, TorrentFile } from "../../../lib/metainfo/torrent.ts";

/** A torrent and the content it describes. */
export interface SampleTorrent {
  readonly torrent: Torrent;
  readonly content: Uint8Array;
}

/** A file's path and its length in bytes. */
export interface SampleFile {
  readonly path: readonly string[];
  readonly length: number;
  readonly isPadding?: boolean;
}

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
  const geometry = new Geometry(length, pieceLength);
  const pieceHashes = new Uint8Array(geometry.pieceCount * 20);
  for (let index = 0; index < geometry.pieceCount; index++) {
    const start = geometry.pieceOffset(index);
    const piece = content.subarray(start, start + pieceLength);
    pieceHashes.set(sha1(piece), index * 20);
  }
  const torrent: Torrent = {
    infoHash: "00".repeat(20) as InfoHash,
    info: new Uint8Array(),
    name: files[0]?.path[0] ?? "sample",
    isFolder: (files[0]?.path.length ?? 0) > 1,
    files,
    geometry,
    pieceHashes,
    isPrivate: false,
    announce: [],
    similar: [],
    collections: [],
    comment: undefined,
    createdBy: undefined,
    creationDate: undefined,
  };
  return { torrent, content };
}
