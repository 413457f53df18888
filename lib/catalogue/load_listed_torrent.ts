/**
 * A torrent file that is to be offered to others: read without following a link
 * that was put in its place, and parsed by the rules that refuse least, as it is
 * others who store what it is of.
 *
 * @module
 */
import { basename, dirname } from "@std/path";
import { StorageError } from "../base/errors.ts";
import { MetainfoError } from "../metainfo/metainfo_error.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import type { SyncWhenFast } from "../disk/sync_when_fast.ts";
import { GuardedFolder } from "../disk/guarded_folder.ts";
import { sourceFailure } from "../disk/source.ts";
import { parseTorrentFile, readTorrentBytes } from "../disk/torrent_file.ts";

/**
 * The bytes of the torrent file at `path`, whatever they say.
 * @throws {StorageError} If it cannot be read, or is a link or no regular file.
 * @throws {MetainfoError} If it is too long for one.
 */
export async function readListedTorrent(
  path: string,
  fileSystem: SyncWhenFast,
): Promise<Uint8Array<ArrayBuffer>> {
  return await explained(path, async () => {
    const folder = new GuardedFolder(dirname(path), fileSystem);
    const { file } = await folder.open([basename(path)], "read");
    using _file = file;
    return await readTorrentBytes(file, path);
  });
}

/**
 * What the bytes of the torrent file at `path` say.
 * @throws {MetainfoError} If they are no valid torrent file.
 */
export async function parseListedTorrent(
  path: string,
  bytes: Uint8Array,
): Promise<Torrent> {
  return await explained(path, () => parseTorrentFile(bytes, "linux"));
}

async function explained<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StorageError) throw error;
    if (!(error instanceof MetainfoError)) throw sourceFailure(path, error);
    const { field, reason } = error;
    throw new MetainfoError(field, reason, { source: path, cause: error });
  }
}
