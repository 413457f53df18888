/**
 * A torrent from where the command line says: a file, or the URL of one.
 *
 * @module
 */
import {
  fetchTorrent,
  loadTorrentFile,
  MetainfoError,
  type Torrent,
} from "../mod.ts";
import { EXIT_CODES, ProgramError } from "./program_error.ts";

/** Whether an argument is the URL of a torrent file and not its path. */
export function isTorrentUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

/**
 * Loads a torrent from a path or a URL.
 * @throws {StorageError} If the file cannot be read.
 * @throws {FetchError} If the URL cannot be fetched.
 * @throws {MetainfoError | ProgramError} If it is not a valid torrent file.
 */
export async function loadTorrent(source: string): Promise<Torrent> {
  if (!isTorrentUrl(source)) return await loadTorrentFile(source);
  try {
    return await fetchTorrent(source);
  } catch (error) {
    // What is wrong as a whole is no torrent file at all: the URL is another's.
    const isOther = error instanceof MetainfoError && error.field === "torrent";
    if (!isOther) throw error;
    throw new ProgramError(
      `${error.message}; give the URL of the .torrent file itself`,
      { exitCode: EXIT_CODES.invalidTorrent, cause: error },
    );
  }
}
