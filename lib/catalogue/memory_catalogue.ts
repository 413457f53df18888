/**
 * A catalogue of torrent files in memory, for scripts that create torrents and
 * offer them without a folder.
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

/** A {@linkcode TorrentCatalogue} of the files that are added to it. */
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
      throw new RangeError(
        `Cannot offer a torrent as ${
          JSON.stringify(fileName)
        }: the name cannot end a URL`,
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

  /** All torrents, sorted by file name. */
  list(): readonly ListedTorrent[] {
    return this.#index.list();
  }

  /** The file of this torrent; the first by name if there are several. */
  find(infoHash: InfoHash): ListedTorrent | undefined {
    return this.#index.find(infoHash);
  }

  /** The bytes of a file, which nobody may change; `undefined` if it is not offered. */
  read(fileName: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return Promise.resolve(this.#files.get(fileName));
  }
}
