/**
 * The torrents of a catalogue by file name and by info hash, sorted once after
 * changes.
 *
 * @module
 */
import type { InfoHash } from "../base/identifier.ts";
import { sizeOfFiles, type Torrent } from "../metainfo/torrent.ts";
import type { ListedTorrent } from "./torrent_catalogue.ts";

/** Describes a torrent for a catalogue. */
export function toListedTorrent(
  torrent: Torrent,
  fileName: string,
): ListedTorrent {
  const { infoHash, name, files } = torrent;
  const { fileCount, fileLength: length } = sizeOfFiles(files);
  return { infoHash, name, length, fileCount, fileName };
}

export class TorrentIndex {
  readonly #byFileName = new Map<string, ListedTorrent>();
  #sorted: readonly ListedTorrent[] | undefined;
  #firstByInfoHash: ReadonlyMap<InfoHash, ListedTorrent> | undefined;

  /** Adds a torrent; it replaces the one with this file name. */
  set(torrent: ListedTorrent): void {
    this.#byFileName.set(torrent.fileName, torrent);
    this.#sorted = this.#firstByInfoHash = undefined;
  }

  /** Removes the torrent with this file name. */
  delete(fileName: string): void {
    this.#byFileName.delete(fileName);
    this.#sorted = this.#firstByInfoHash = undefined;
  }

  get(fileName: string): ListedTorrent | undefined {
    return this.#byFileName.get(fileName);
  }

  /** The first by file name with this info hash. */
  find(infoHash: InfoHash): ListedTorrent | undefined {
    this.#firstByInfoHash ??= new Map(
      this.list().toReversed().map((torrent) => [torrent.infoHash, torrent]),
    );
    return this.#firstByInfoHash.get(infoHash);
  }

  /** All torrents, sorted by file name. */
  list(): readonly ListedTorrent[] {
    return this.#sorted ??= [...this.#byFileName.values()].sort((a, b) =>
      a.fileName < b.fileName ? -1 : 1
    );
  }
}
