/**
 * Torrents by file name and by info hash, as a catalogue looks them up.
 * Invariant: both ways lead to the same torrents.
 *
 * @module
 */
import type { InfoHash } from "../base/identifier.ts";
import type { ListedTorrent } from "./torrent_catalogue.ts";

/** Torrents that are listed. */
export class TorrentIndex {
  readonly #byFileName = new Map<string, ListedTorrent>();
  readonly #byInfoHash = new Map<InfoHash, readonly ListedTorrent[]>();
  /** All by file name; `undefined` after a change. */
  #sorted: readonly ListedTorrent[] | undefined;

  /** Lists a torrent, in place of the one of this file name. */
  set(torrent: ListedTorrent): void {
    this.delete(torrent.fileName);
    this.#byFileName.set(torrent.fileName, torrent);
    const same = this.#byInfoHash.get(torrent.infoHash) ?? [];
    this.#byInfoHash.set(torrent.infoHash, [...same, torrent].sort(byFileName));
    this.#sorted = undefined;
  }

  /** Lists the torrent of this file name no longer. */
  delete(fileName: string): void {
    const torrent = this.#byFileName.get(fileName);
    if (torrent === undefined) return;
    this.#byFileName.delete(fileName);
    const { infoHash } = torrent;
    const others = this.#byInfoHash.get(infoHash)!
      .filter((other) => other !== torrent);
    if (others.length > 0) this.#byInfoHash.set(infoHash, others);
    else this.#byInfoHash.delete(infoHash);
    this.#sorted = undefined;
  }

  get(fileName: string): ListedTorrent | undefined {
    return this.#byFileName.get(fileName);
  }

  /** The first by file name of this info hash. */
  find(infoHash: InfoHash): ListedTorrent | undefined {
    return this.#byInfoHash.get(infoHash)?.[0];
  }

  /** All by file name. */
  list(): readonly ListedTorrent[] {
    return this.#sorted ??= [...this.#byFileName.values()].sort(byFileName);
  }
}

function byFileName(a: ListedTorrent, b: ListedTorrent): number {
  return a.fileName < b.fileName ? -1 : a.fileName > b.fileName ? 1 : 0;
}
