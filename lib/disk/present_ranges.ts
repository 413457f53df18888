/**
 * The ranges of a torrent's content that files hold, by their sizes: what may be right.
 *
 * @module
 */
import type { TorrentFile } from "../metainfo/torrent.ts";
import type { FileStamp } from "../files/file_system.ts";
import type { ByteRange } from "./storage.ts";

/** True if a file has content that must be on the disk. */
export function isOnDisk({ isPadding, length }: TorrentFile): boolean {
  return !isPadding && length > 0;
}

/** The content in files with these stamps, right or wrong. */
export function rangesOf(
  files: readonly TorrentFile[],
  stamps: readonly (FileStamp | undefined)[],
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
