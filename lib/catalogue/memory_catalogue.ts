/**
 * Torrent files in memory as a catalogue: for scripts that make torrents and
 * have a tracker offer them without a folder.
 *
 * @module
 */
import type { InfoHash } from "../base/identifier.ts";
import type { ListedTorrent, TorrentCatalogue } from "./torrent_catalogue.ts";
import { TorrentIndex } from "./torrent_index.ts";
import { toListed } from "./load_listed_torrent.ts";
import { parseTorrentFile } from "../disk/torrent_file.ts";

/** A {@linkcode TorrentCatalogue} that holds what it is given. */
export class MemoryCatalogue implements TorrentCatalogue {
  readonly #index = new TorrentIndex();
  readonly #files = new Map<string, Uint8Array<ArrayBuffer>>();

  /**
   * Offers a copy of a torrent file, in place of the one of this name.
   * @throws {MetainfoError} If it is not a valid torrent file.
   * @throws {RangeError} If the name cannot be a part of a URL.
   */
  async add(fileName: string, bytes: Uint8Array): Promise<ListedTorrent> {
    if (/^\.{0,2}$/.test(fileName) || !fileName.isWellFormed()) {
      throw new RangeError(
        `Cannot offer a torrent as ${
          JSON.stringify(fileName)
        }: no URL can end so`,
      );
    }
    const copy = bytes.slice();
    const torrent = await parseTorrentFile(copy, "linux");
    const listed = toListed(torrent, fileName);
    this.#files.set(fileName, copy);
    this.#index.set(listed);
    return listed;
  }

  /** Offers the file of this name no longer. */
  remove(fileName: string): void {
    this.#files.delete(fileName);
    this.#index.delete(fileName);
  }

  /** All that are offered, by file name. */
  list(): readonly ListedTorrent[] {
    return this.#index.list();
  }

  /** The one of this torrent, the first by file name if there are several. */
  find(infoHash: InfoHash): ListedTorrent | undefined {
    return this.#index.find(infoHash);
  }

  /** The bytes of a file, not to be changed; `undefined` if it is not offered. */
  read(fileName: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return Promise.resolve(this.#files.get(fileName));
  }
}
