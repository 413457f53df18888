/**
 * A torrent whose file a web server has, as a tracker that offers it.
 *
 * @module
 */
import {
  MAX_TORRENT_FILE_LENGTH,
  parseTorrentFile,
} from "../disk/torrent_file.ts";
import { MetainfoError } from "../metainfo/metainfo_error.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import { fetchFile } from "./fetch_file.ts";

/** Options of {@linkcode fetchTorrent}. */
export interface FetchTorrentOptions {
  /** Ends the fetch; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Fetches and parses a torrent file by the path rules of this machine. It is
 * trusted as far as the server and the way to it are.
 * @throws {FetchError} If it cannot be had from there.
 * @throws {MetainfoError} If what is there is not a valid torrent file.
 */
export async function fetchTorrent(
  url: string,
  options: FetchTorrentOptions = {},
): Promise<Torrent> {
  const bytes = await fetchFile(url, {
    ...options,
    maxLength: MAX_TORRENT_FILE_LENGTH,
  });
  try {
    return await parseTorrentFile(bytes);
  } catch (error) {
    if (!(error instanceof MetainfoError)) throw error;
    const { field, reason } = isWebPage(bytes)
      ? { field: "torrent", reason: "is a web page" }
      : error;
    throw new MetainfoError(field, reason, { source: url, cause: error });
  }
}

/** Whether it begins as HTML does, perhaps after a byte order mark and blanks. */
function isWebPage(bytes: Uint8Array): boolean {
  return /^\s*<[!a-z]/i.test(new TextDecoder().decode(bytes.subarray(0, 1024)));
}
