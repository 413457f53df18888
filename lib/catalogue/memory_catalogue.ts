/**
 * Torrent files that a script offers from memory. Invariant: a listed file is a
 * valid torrent file, and its name can end a URL.
 *
 * @module
 */
import type { InfoHash } from "../base/identifier.ts";
import { parseTorrentFile } from "../disk/torrent_file.ts";
import {
  type ListedTorrent,
  toListedTorrent,
  type TorrentCatalogue,
  TorrentIndex,
} from "./torrent_catalogue.ts";

/**
 * A {@linkcode TorrentCatalogue} of torrent files in memory, for scripts that create
 * torrents and offer them without a folder.
 */
export class MemoryCatalogue implements TorrentCatalogue {
  readonly #index = new TorrentIndex();
  readonly #files = new Map<string, Uint8Array<ArrayBuffer>>();

  /**
   * Offers a copy of a torrent file; it replaces the one with this name.
   * @throws {MetainfoError} If it is not a valid torrent file.
   * @throws {RangeError} If the name cannot be part of a URL.
   */
  async add(fileName: string, bytes: Uint8Array): Promise<ListedTorrent> {
    if (/^\.{0,2}$/.test(fileName) || !fileName.isWellFormed()) {
      const name = JSON.stringify(fileName);
      throw new RangeError(
        `Cannot offer a torrent as ${name}: the name cannot end a URL`,
      );
    }
    const copy = bytes.slice();
    const torrent = await parseTorrentFile(copy, "linux");
    const listed = toListedTorrent(torrent, fileName);
    this.#files.set(fileName, copy);
    this.#index.set(listed);
    return listed;
  }

  /** Stops offering the file with this name. */
  remove(fileName: string): void {
    this.#files.delete(fileName);
    this.#index.delete(fileName);
  }

  list(): readonly ListedTorrent[] {
    return this.#index.list();
  }

  find(infoHash: InfoHash): ListedTorrent | undefined {
    return this.#index.find(infoHash);
  }

  read(fileName: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return Promise.resolve(this.#files.get(fileName));
  }
}
