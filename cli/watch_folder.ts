/**
 * The torrents of `peer --watch`: those whose torrent files are in a folder. Files
 * that come are started, the torrents of files that go are let go, and a file that
 * cannot be used is one warning.
 */
import { join } from "@std/path";
import {
  foldFully,
  type InfoHash,
  loadTorrentFile,
  MetainfoError,
  StorageError,
  type Torrent,
} from "../lib/torrents.ts";
import { openTorrentFolder } from "../lib/trackers.ts";
import { quoted } from "./command_words.ts";
import type { Console } from "./console.ts";
import { untilAborted } from "./interrupt.ts";
import type { LoadedTorrent } from "./load_torrent.ts";
import { describeError } from "./program_error.ts";

export interface WatchOptions {
  readonly signal: AbortSignal;
  /** Lets a torrent go whose file is gone. */
  readonly release: (torrent: Torrent) => Promise<void>;
  readonly console: Pick<Console, "warn">;
}

/**
 * Yields the torrents in a folder, and then each that comes, until `signal` aborts.
 * The first group may be empty.
 * @throws {StorageError} If the folder cannot be read at the start.
 */
export async function* watchTorrents(
  dir: string,
  { signal, release, console }: WatchOptions,
): AsyncGenerator<readonly LoadedTorrent[], undefined, undefined> {
  let changed = Promise.withResolvers<void>();
  await using folder = await openTorrentFolder(dir, {
    onChange: (change) => {
      if (change.type === "skipped") {
        console.warn(`not shared: ${describeError(change.error)}`);
      } else if (change.type === "unreadable") {
        console.warn(`all stays as it is: ${describeError(change.error)}`);
      }
      changed.resolve();
    },
  });
  const loaded = new Map<InfoHash, LoadedTorrent>();
  /** The torrent that has the place of a refused one, by file name and info hash. */
  const refused = new Map<string, InfoHash>();
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    changed = Promise.withResolvers();
    for (const [infoHash, { torrent }] of loaded) {
      if (folder.find(infoHash) !== undefined) continue;
      loaded.delete(infoHash);
      await release(torrent);
      // Those that it kept out may have its place.
      for (const [key, other] of refused) {
        if (other === infoHash) refused.delete(key);
      }
    }
    // By place on the disk, as some file system folds it.
    const places = new Map<string, LoadedTorrent>();
    for (const one of loaded.values()) {
      places.set(foldFully(one.torrent.name), one);
    }
    const group: LoadedTorrent[] = [];
    for (const { fileName, infoHash } of folder.list()) {
      if (loaded.has(infoHash) || refused.has(fileName + infoHash)) continue;
      const source = join(dir, fileName);
      const torrent = await load(source);
      if (torrent?.infoHash !== infoHash) continue;
      const one = { source, torrent };
      const place = foldFully(torrent.name);
      const other = places.get(place);
      if (other === undefined) {
        places.set(place, one);
        loaded.set(infoHash, one);
        group.push(one);
        continue;
      }
      refused.set(fileName + infoHash, other.torrent.infoHash);
      const name = quoted(torrent.name);
      console.warn(
        `not shared: ${source} is stored as ${name}, and so is ${other.source}; run a peer for each, with a --dir of its own`,
      );
    }
    if (isFirst || group.length > 0) yield group;
    else await Promise.race([changed.promise, untilAborted(signal)]);
  }
}

/** The torrent of a listed file; `undefined` if the file is gone or replaced: the next scan finds that. */
async function load(path: string): Promise<Torrent | undefined> {
  try {
    return await loadTorrentFile(path);
  } catch (error) {
    const isExpected = error instanceof MetainfoError ||
      error instanceof StorageError;
    if (!isExpected) throw error;
    return undefined;
  }
}
